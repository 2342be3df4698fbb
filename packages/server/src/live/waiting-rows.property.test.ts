import fc from "fast-check";
import { expect, test } from "vitest";
import type { LiveRow } from "./live-rows.ts";
import { createWaitingRows } from "./waiting-rows.ts";

const ROWS_MAX = 7;

const step = fc.oneof(
  fc.record({ kind: fc.constant("push" as const), count: fc.nat(12) }),
  fc.record({ kind: fc.constant("drop" as const), count: fc.nat(10) }),
  fc.record({ kind: fc.constant("take" as const), count: fc.constant(ROWS_MAX) }),
);

test("rows go out in the order in which they came, whatever is dropped and taken meanwhile", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const waiting = createWaitingRows();
      let held: bigint[] = [];
      let id = 0n;
      for (const { kind, count } of steps) {
        if (kind === "push") {
          const ids = Array.from({ length: count }, () => (id += 1n));
          held.push(...ids);
          waiting.push(ids.map((one) => ({ id: one }) as unknown as LiveRow));
        } else if (kind === "drop") {
          const dropped = Math.min(count, held.length);
          held = held.slice(dropped);
          waiting.dropOldest(dropped);
        } else {
          const taken = waiting.take(ROWS_MAX).map((row) => row.id);
          expect(taken.length).toBeLessThanOrEqual(ROWS_MAX);
          expect(taken.length > 0).toBe(held.length > 0);
          expect(taken).toEqual(held.slice(0, taken.length));
          held = held.slice(taken.length);
        }
        expect(waiting.length).toBe(held.length);
      }
    }),
  );
});

test("an array that fits goes out as it came", () => {
  const waiting = createWaitingRows();
  const rows = [{ id: 1n } as unknown as LiveRow];
  waiting.push(rows);
  expect(waiting.take(ROWS_MAX)).toBe(rows);
});
