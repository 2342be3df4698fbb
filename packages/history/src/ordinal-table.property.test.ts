import fc from "fast-check";
import { expect, test } from "vitest";
import { OrdinalTable } from "./ordinal-table.ts";

const id = fc.oneof(
  fc.integer({ min: 0, max: 20 }),
  fc.integer({ min: 0, max: 2 ** 31 }),
  fc.maxSafeInteger(),
);

test("a table numbers keys in the order in which they come, and finds each again", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(id, id), { maxLength: 200 }), (keys) => {
      const table = new OrdinalTable();
      const model = new Map<string, number>();
      for (const [first, second] of keys) {
        const name = `${first}|${second}`;
        expect(table.find(first, second)).toBe(model.get(name) ?? -1);
        if (!model.has(name)) model.set(name, model.size);
        expect(table.add(first, second)).toBe(model.get(name));
        expect(table.length).toBe(model.size);
      }
      for (const [name, ordinal] of model) {
        const [first, second] = name.split("|").map(Number);
        expect([table.first[ordinal], table.second[ordinal]]).toEqual([first, second]);
      }
    }),
  );
});

test("a table counts its bytes, and stays at most half full", () => {
  const table = new OrdinalTable();
  for (let key = 0; key < 1_000; key += 1) table.add(key, key * 2 ** 33);
  // 1,024 keys of 16 bytes, 2,048 places of 4.
  expect(table.bytes).toBe(1_024 * 16 + 2_048 * 4);
});
