import { expect, test } from "vitest";
import { parseId } from "./paths.ts";
import { listOf, parseSearch, patchSearch, stringifySearch } from "./search.ts";

test("an address survives being read and written", () => {
  const text = "?verdict=falseticker,unsure&sort=-offset&from=2026-11-20T14:00:00Z";
  expect(stringifySearch(parseSearch(text))).toBe(text);
});

test("what is empty leaves the address", () => {
  expect(stringifySearch({ q: "", sort: undefined })).toBe("");
  expect(patchSearch({ q: "ntp", sort: "name" }, { q: undefined })).toEqual({ sort: "name" });
});

test("lists are divided at commas", () => {
  expect(listOf("a,b")).toEqual(["a", "b"]);
  expect(listOf(undefined)).toEqual([]);
});

test("an id is a positive whole number", () => {
  expect(parseId("12")).toBe(12n);
  for (const text of ["0", "-1", "1e3", "", "abc", undefined])
    expect(parseId(text)).toBeUndefined();
});
