// The queue on a real disk.

import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createUlid, systemClock, systemRandom } from "@truechimer/base";
import { silentLogger } from "@truechimer/telemetry";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createQueueFiles, type QueueFiles } from "./queue-files.ts";
import type { SubmissionHeader } from "./queue-record.ts";
import { openSubmissionQueue, type QueueLimits, type SubmissionQueue } from "./submission-queue.ts";

const MON = "192.0.2.9";

let parent: string;
let directory: string;
let dropped: string[];
/** Of every queue, also of runs that end without a word. */
let opened: QueueFiles[];

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "truechimer-queue-"));
  directory = join(parent, "queue");
  dropped = [];
  opened = [];
});

afterEach(async () => {
  for (const files of opened) await files.close();
  await rm(parent, { recursive: true, force: true });
});

function open(limits: Partial<QueueLimits> = {}, isInMemory = false): Promise<SubmissionQueue> {
  const files = createQueueFiles(directory);
  opened.push(files);
  return openSubmissionQueue({
    files: isInMemory ? undefined : files,
    clock: systemClock,
    logger: silentLogger,
    onDropped: ({ results }, reason) => dropped.push(`${results} ${reason}`),
    limits,
  });
}

function header(init: Partial<SubmissionHeader> = {}): SubmissionHeader {
  const submissionId = createUlid(systemClock, systemRandom);
  return {
    submissionId,
    monId: MON,
    results: 1,
    createdAtMs: Date.now(),
    traceparent: "",
    ...init,
  };
}

function message(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

describe("a queue on the disk", () => {
  test("gives back what a run that ended without a word had appended, in its order, and not what was settled", async () => {
    const first = await open();
    const headers = [1, 2, 3, 4].map((results) => header({ results, traceparent: "00-a-b-01" }));
    await Promise.all(headers.map((each) => first.append(each, message(`m${each.results}`))));
    await first.settle(headers[1]?.submissionId ?? "", "now");
    const second = await open();
    expect(second.list()).toEqual([headers[0], headers[2], headers[3]]);
    expect(second.next(MON, new Set([headers[0]?.submissionId ?? ""]))).toEqual(headers[2]);
    expect(second.next("192.0.2.10")).toBeUndefined();
    expect(await second.message(headers[3]?.submissionId ?? "")).toEqual(
      Buffer.from(message("m4")),
    );
  });

  test("is for its owner alone, and leaves nothing behind when all is settled", async () => {
    const queue = await open();
    const one = header();
    await queue.append(one, message("m"));
    const [file = ""] = await readdir(directory);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect((await stat(join(directory, file))).mode & 0o777).toBe(0o600);
    await queue.settle(one.submissionId);
    await queue[Symbol.asyncDispose]();
    expect(await readdir(directory)).toEqual([]);
  });

  test.each([
    ["torn", (bytes: Buffer) => bytes.subarray(0, -3)],
    ["followed by noise", (bytes: Buffer) => Buffer.concat([bytes, Buffer.from("noise, noise")])],
    [
      "damaged in its last record",
      (bytes: Buffer) => Buffer.from(bytes).fill(0xff, bytes.length - 2),
    ],
  ])("that is %s is cut, keeps what is whole, and is cut only once", async (_, damage) => {
    const queue = await open();
    const [one, two] = [header(), header()];
    await queue.append(one, message("first"));
    await queue.append(two, message("second"));
    const [file = ""] = await readdir(directory);
    const path = join(directory, file);
    await writeFile(path, damage(await readFile(path)));
    const again = await open();
    expect(again.list()[0]).toEqual(one);
    const length = (await stat(path)).size;
    await open();
    expect((await stat(path)).size).toBe(length);
  });

  test("whose file is none at all is put aside, and goes on", async () => {
    const queue = await open();
    await queue.append(header(), message("m"));
    await appendFile(join(directory, "000000000000.queue"), "not ours");
    const again = await open();
    expect(again.list()).toHaveLength(1);
    await again.append(header(), message("n"));
    expect(again.list()).toHaveLength(2);
  });

  test("drops the oldest file when it is full, and says what was in it", async () => {
    const queue = await open({ bytesMax: 4_000, segmentBytes: 1_000 });
    for (let count = 0; count < 20; count += 1) {
      await queue.append(header({ results: 3 }), new Uint8Array(400));
    }
    expect(dropped.length).toBeGreaterThan(8);
    expect(new Set(dropped)).toEqual(new Set(["3 queue_full"]));
    expect(queue.list().length + dropped.length).toBe(20);
    const files = await readdir(directory);
    expect(files.length).toBeLessThanOrEqual(5);
    expect((await open()).list()).toHaveLength(queue.list().length);
  });

  test("drops what is too old to be counted", async () => {
    const queue = await open();
    await queue.append(header({ createdAtMs: Date.now() - 49 * 3_600_000 }), message("old"));
    await queue.append(header(), message("young"));
    expect(queue.count(MON)).toBe(1);
    expect(dropped).toEqual(["1 queue_too_old"]);
  });
});

test("a queue in memory keeps to its bound, the newest in any case", async () => {
  const queue = await open({ memoryBytesMax: 1_000 }, true);
  for (let count = 0; count < 10; count += 1) await queue.append(header(), new Uint8Array(300));
  expect(queue.list()).toHaveLength(3);
  await queue.append(header(), new Uint8Array(5_000));
  expect(queue.list()).toHaveLength(1);
  expect(dropped).toHaveLength(10);
  expect(queue.durable).toBe(false);
});

test("a directory that cannot be made is no reason to lose a result", async () => {
  await writeFile(directory, "a file in the way");
  const queue = await openSubmissionQueue({
    files: { ...createQueueFiles(directory), list: () => Promise.resolve([]) },
    clock: systemClock,
    logger: silentLogger,
    onDropped: () => {},
  });
  const one = header();
  await queue.append(one, message("m"));
  expect(queue.durable).toBe(false);
  expect(await queue.message(one.submissionId)).toEqual(message("m"));
  await queue[Symbol.asyncDispose]();
});
