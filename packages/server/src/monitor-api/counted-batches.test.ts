import { createUlid } from "@truechimer/base";
import fc from "fast-check";
import { expect, test } from "vitest";
import { batchProblem, withBatch } from "./counted-batches.ts";

/** The batches of one monitor at an interval, in their order. */
function batchesOf(intervalMs: number, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => {
    const nowNs = BigInt(1_800_000_000_000 + index * intervalMs) * 1_000_000n;
    return createUlid(
      { nowNs: () => nowNs, monotonicNs: () => nowNs, setTimer: () => () => undefined },
      { bytes: (length) => new Uint8Array(length).fill(index % 256), fraction: () => 0 },
    );
  });
}

const histories = fc.record({
  intervalMs: fc.constantFrom(1_000, 5_000, 6_000, 60_000, 540_000),
  count: fc.integer({ min: 1, max: 200 }),
  arrivals: fc.array(fc.nat(), { maxLength: 400 }),
});

test("in any order of arrival no batch counts twice, and none is refused that is among the newest", () => {
  fc.assert(
    fc.property(histories, ({ intervalMs, count, arrivals }) => {
      const ids = batchesOf(intervalMs, count);
      const counted = new Set<string>();
      let state = "";
      for (const arrival of arrivals) {
        const id = ids[arrival % ids.length] ?? "";
        const problem = batchProblem(state, id);
        if (counted.has(id)) expect(problem).toBeDefined();
        const newer = [...counted].filter((other) => other > id).length;
        if (!counted.has(id) && newer < 8) expect(problem).toBeUndefined();
        if (problem !== undefined) continue;
        counted.add(id);
        state = withBatch(state, id);
      }
      expect(state.split(" ").length).toBeLessThanOrEqual(128);
    }),
  );
});

test.each([
  { name: "the lab's interval, 6 s", intervalMs: 6_000, lateBy: 99 },
  { name: "5 s", intervalMs: 5_000, lateBy: 119 },
  { name: "a minute", intervalMs: 60_000, lateBy: 9 },
  { name: "nine minutes", intervalMs: 540_000, lateBy: 7 },
])("$name: a batch that is nearly ten minutes late, or overtaken by few, counts", (given) => {
  const ids = batchesOf(given.intervalMs, 300);
  const late = 150;
  let state = "";
  for (const [index, id] of ids.slice(0, late + given.lateBy + 1).entries()) {
    if (index !== late) state = withBatch(state, id);
  }
  expect(batchProblem(state, ids[late] ?? "")).toBeUndefined();
  expect(batchProblem(state, ids[0] ?? "")).toBe("too_old");
});

test("at long intervals the row stays short", () => {
  const state = batchesOf(60_000, 300).reduce(withBatch, "");
  expect(state.split(" ").length).toBeLessThanOrEqual(12);
});
