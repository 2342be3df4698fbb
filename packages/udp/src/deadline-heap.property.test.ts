import fc from "fast-check";
import { expect, test } from "vitest";
import { type HeapEntry, heapPush, heapRemove } from "./deadline-heap.ts";

interface Entry extends HeapEntry {
  readonly deadlineMs: number;
}

test("after any pushes and removals the entries come out in the order of their deadlines", () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant("push"), value: fc.integer({ min: 0, max: 50 }) }),
      fc.record({ kind: fc.constant("remove"), value: fc.nat() }),
    ),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(steps, (operations) => {
      const heap: Entry[] = [];
      const expected = new Set<Entry>();
      for (const { kind, value } of operations) {
        if (kind === "push") {
          const entry: Entry = { deadlineMs: value, heapIndex: -1 };
          expected.add(entry);
          heapPush(heap, entry);
        } else if (expected.size > 0) {
          const entry = [...expected][value % expected.size];
          if (entry === undefined) continue;
          expected.delete(entry);
          heapRemove(heap, entry);
          heapRemove(heap, entry);
        }
      }
      const order: number[] = [];
      for (let first = heap[0]; first !== undefined; first = heap[0]) {
        order.push(first.deadlineMs);
        heapRemove(heap, first);
      }
      expect(order).toEqual(
        [...expected].map(({ deadlineMs }) => deadlineMs).toSorted((a, b) => a - b),
      );
    }),
  );
});
