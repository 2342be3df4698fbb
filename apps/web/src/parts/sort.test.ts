import { expect, test } from "vitest";
import { compareKnown, parseSortOrder, sortOrderText } from "./sort.ts";

const KEYS = ["name", "loss"] as const;
const INITIAL = { key: "name", descending: false } as const;

test("an order survives being written into an address and read again", () => {
  for (const text of ["loss", "-loss", "-name"]) {
    expect(sortOrderText(parseSortOrder(text, KEYS, INITIAL), INITIAL)).toBe(text);
  }
  expect(sortOrderText(INITIAL, INITIAL)).toBeUndefined();
});

test("an order that nobody knows is the usual one", () => {
  expect(parseSortOrder("constructor", KEYS, INITIAL)).toBe(INITIAL);
  expect(parseSortOrder(undefined, KEYS, INITIAL)).toBe(INITIAL);
});

test("what is unknown comes last in either direction", () => {
  const values = [3, undefined, 1];
  const sorted = (descending: boolean): readonly (number | undefined)[] =>
    values.toSorted((a, b) => compareKnown(a, b, descending));
  // Array.sort puts undefined last by itself: boxed, it is ours to place.
  const boxed = values
    .map((value) => ({ value }))
    .toSorted((a, b) => compareKnown(a.value, b.value, true));
  expect(sorted(false)).toEqual([1, 3, undefined]);
  expect(boxed.map(({ value }) => value)).toEqual([3, 1, undefined]);
});

test("numbers in names count as numbers", () => {
  expect(["m10", "m2"].toSorted((a, b) => compareKnown(a, b, false))).toEqual(["m2", "m10"]);
});
