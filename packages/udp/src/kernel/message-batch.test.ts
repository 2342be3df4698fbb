import { beforeEach, describe, expect, test } from "vitest";
import { BATCH_MAX } from "../limits.ts";
import { BATCHES_BYTES, type ControlMessage, ReceiveBatch } from "./message-batch.ts";
import { NativeMemory } from "./native-memory.ts";

const CONTROL_LENGTH_OFFSET = 40;
const CONTROL_POINTER_OFFSET = 32;

describe("control messages of a received datagram", () => {
  let memory: NativeMemory;
  let batch: ReceiveBatch;
  let header: number;
  let control: number;

  beforeEach(() => {
    memory = new NativeMemory(BATCHES_BYTES + 4_096);
    batch = new ReceiveBatch(memory);
    header = batch.address - memory.addressOf(0);
    const pointer = memory.view.getBigUint64(header + CONTROL_POINTER_OFFSET, true);
    control = Number(pointer) - memory.addressOf(0);
  });

  const write = (at: number, length: number, level: number, type: number): void => {
    memory.view.setBigUint64(control + at, BigInt(length), true);
    memory.view.setInt32(control + at + 8, level, true);
    memory.view.setInt32(control + at + 12, type, true);
  };
  const read = (usedBytes: number): readonly ControlMessage[] => {
    memory.view.setUint32(header + CONTROL_LENGTH_OFFSET, usedBytes, true);
    const messages: ControlMessage[] = [];
    batch.eachControl(0, (message) => messages.push(message));
    return messages;
  };

  test("are read one after the other, each aligned to eight bytes", () => {
    write(0, 16 + 4, 1, 37);
    write(24, 16 + 12, 0, 8);
    expect(read(24 + 32)).toEqual([
      { level: 1, type: 37, offset: control + 16, lengthBytes: 4 },
      { level: 0, type: 8, offset: control + 40, lengthBytes: 12 },
    ]);
  });

  test.each([
    { name: "a length of 0", length: 0 },
    { name: "a length below its own header", length: 15 },
    { name: "a length beyond the end", length: 33 },
    { name: "a length beyond everything", length: 0xffff_fff8 },
  ])("$name ends the reading", ({ length }) => {
    write(0, length, 1, 37);
    expect(read(32)).toEqual([]);
  });

  test("a length field beyond the buffer is cut to the buffer", () => {
    for (let at = 0; at < 256; at += 32) write(at, 32, 1, 37);
    expect(read(0x7fff_ffff)).toHaveLength(8);
  });

  test("every message of the batch has room of its own", () => {
    const pointers = Array.from({ length: BATCH_MAX }, (_, index) =>
      memory.view.getBigUint64(header + index * 64 + CONTROL_POINTER_OFFSET, true),
    );
    expect(new Set(pointers).size).toBe(BATCH_MAX);
  });
});
