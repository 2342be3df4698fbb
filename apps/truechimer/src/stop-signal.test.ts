import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { createStopSignal } from "./stop-signal.ts";

function fixture(): {
  readonly source: EventEmitter & { exit: (code?: number) => never };
  readonly exits: number[];
  readonly at: { ms: number };
  readonly signal: AbortSignal;
} {
  const exits: number[] = [];
  const at = { ms: 5_000 };
  const source = Object.assign(new EventEmitter(), {
    exit: (code?: number) => exits.push(code ?? 0) as never,
  });
  const signal = createStopSignal(source as never, {
    nowNs: () => 0n,
    monotonicNs: () => BigInt(at.ms) * 1_000_000n,
    setTimer: () => () => {},
  });
  return { source, exits, at, signal };
}

test("the first signal asks for an orderly end", () => {
  const { source, exits, signal } = fixture();
  expect(signal.aborted).toBe(false);
  source.emit("SIGTERM");
  expect(signal.aborted).toBe(true);
  expect(exits).toEqual([]);
});

test("one Ctrl-C that arrives three times is one wish", () => {
  const { source, exits, at } = fixture();
  source.emit("SIGINT");
  at.ms += 400;
  source.emit("SIGINT");
  source.emit("SIGTERM");
  expect(exits).toEqual([]);
});

test("a second wish ends the program at once", () => {
  const { source, exits, at } = fixture();
  source.emit("SIGINT");
  at.ms += 1_001;
  source.emit("SIGINT");
  expect(exits).toEqual([130]);
});
