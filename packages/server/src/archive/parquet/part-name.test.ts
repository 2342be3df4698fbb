import { expect, test } from "vitest";
import { MERGE_LIMITS, partsToMerge } from "./merge-parts.ts";
import { type Part, parsePart, partName, partsInForce } from "./part-name.ts";

const DAY = "2026-03-01";
const DAY_END_MS = Date.parse("2026-03-02");

function part(
  first: number,
  last: number,
  more: Partial<Part> & { readonly word?: string } = {},
): Part {
  const { word = "ab", ...facts } = more;
  const name = partName({ table: "results", day: DAY, first, last }, word);
  return {
    name,
    bytes: 1_000,
    modifiedMs: DAY_END_MS - 3_600_000,
    day: DAY,
    first,
    last,
    ...facts,
  };
}

const numbers = (parts: readonly Part[] | undefined): unknown =>
  parts?.map(({ first, last }) => `${first}-${last}`);

test("a name says which day and which parts", () => {
  expect(part(7, 14).name).toBe("results/day=2026-03-01/000007-000014-ab.parquet");
  expect(parsePart(part(7, 1_234_567))).toMatchObject({ day: DAY, first: 7, last: 1_234_567 });
});

test.each([
  "archive.json",
  "results/day=2026-03-01/export.parquet",
  "results/day=2026-03-01/000001-000001-ab.parquet.part",
  "other/day=2026-03-01/000001-000001-ab.parquet",
  "results/day=2026-03-01/x/000001-000001-ab.parquet",
])("%s is no part", (name) => {
  expect(parsePart({ name, bytes: 1, modifiedMs: 0 })).toBeUndefined();
});

test("what lies within another's numbers is replaced by it, and twins are not", () => {
  const parts = [part(9, 9), part(1, 8), part(3, 3), part(1, 4), part(9, 9, { word: "cd" })];
  const found = partsInForce(parts);
  expect(numbers(found.parts)).toEqual(["1-8", "9-9", "9-9"]);
  expect(numbers(found.replaced)).toEqual(["3-3", "1-4"]);
});

const limits = { ...MERGE_LIMITS, parts: 3 };
const during = { nowMs: DAY_END_MS - 1, limits };
const after = { nowMs: DAY_END_MS + 2 * limits.closedMs, limits };

test("while a day goes on, three neighbours of one size are merged", () => {
  expect(partsToMerge([part(1, 1), part(2, 2)], during)).toBeUndefined();
  expect(numbers(partsToMerge([part(1, 3), part(4, 4), part(5, 5), part(6, 6)], during))).toEqual([
    "4-4",
    "5-5",
    "6-6",
  ]);
});

test("what would pass for replaced is merged with the others", () => {
  const parts = [part(1, 1), part(2, 2), part(3, 3), part(3, 3, { word: "cd" }), part(4, 4)];
  expect(numbers(partsToMerge(parts, during))).toEqual(["1-1", "2-2", "3-3", "3-3"]);
});

test("when a day is over it becomes one file, or some as large as one may be", () => {
  expect(numbers(partsToMerge([part(1, 3), part(4, 4)], after))).toEqual(["1-3", "4-4"]);
  expect(partsToMerge([part(1, 4)], after)).toBeUndefined();
  const large = { bytes: limits.bytesMax - 1_500 };
  expect(numbers(partsToMerge([part(1, 3, large), part(4, 4), part(5, 5)], after))).toEqual([
    "1-3",
    "4-4",
  ]);
  expect(partsToMerge([part(1, 4, large), part(5, 8, large)], after)).toBeUndefined();
});

test("a day of which something came a moment ago is not over", () => {
  const late = part(4, 4, { modifiedMs: after.nowMs - 1_000 });
  expect(partsToMerge([part(1, 3), late], after)).toBeUndefined();
});
