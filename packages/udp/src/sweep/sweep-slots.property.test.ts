import fc from "fast-check";
import { expect, test } from "vitest";
import { SLOTS, SweepSlots } from "./sweep-slots.ts";

test("every exchange in flight is found by its nonce, and no other, in any order of coming and going", () => {
  // Few different nonces, so that they share chains.
  const nonce = fc.integer({ min: 0, max: 40 }).map((index) => index * 8_192);
  const action = fc.record({ nonce, isFreed: fc.boolean() });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
      const slots = new SweepSlots();
      const model = new Map<number, number>();
      for (const { nonce: low, isFreed } of actions) {
        const known = model.get(low);
        if (known === undefined && !isFreed) model.set(low, slots.take(7, 1, low));
        if (known !== undefined && isFreed) {
          slots.free(known);
          model.delete(low);
        }
        for (let index = 0; index <= 40; index += 1) {
          expect(slots.find(1, index * 8_192)).toBe(model.get(index * 8_192) ?? -1);
          expect(slots.find(2, index * 8_192)).toBe(-1);
        }
        expect(slots.inFlight).toBe(model.size);
      }
    }),
  );
});

test("when all slots are taken none is given, and a freed one is", () => {
  const slots = new SweepSlots();
  const taken = Array.from({ length: SLOTS }, (_, index) => slots.take(index, index, index * 3));
  expect(new Set(taken).size).toBe(SLOTS);
  expect(slots.take(0, 9, 9)).toBe(-1);
  slots.free(taken[5] ?? 0);
  expect(slots.take(0, 9, 9)).toBe(taken[5]);
});
