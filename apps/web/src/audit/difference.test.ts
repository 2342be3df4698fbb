import { describe, expect, test } from "vitest";
import { differenceOf } from "./difference.ts";

describe("what an act changed", () => {
  test("is told by the fields that differ", () => {
    expect(
      differenceOf('{"name":"ada","role":"viewer"}', '{"name":"ada","role":"operator"}'),
    ).toEqual([{ field: "role", before: "viewer", after: "operator" }]);
  });

  test("is all of it where nothing was there, or nothing is", () => {
    expect(differenceOf("", '{"name":"Lab","account":null}')).toEqual([
      { field: "name", before: undefined, after: "Lab" },
      { field: "account", before: undefined, after: "none" },
    ]);
    expect(differenceOf('{"5":"watched"}', "")).toEqual([
      { field: "5", before: "watched", after: undefined },
    ]);
  });

  test.each([
    { json: '{"disabled":true}', words: "yes" },
    { json: '{"ids":["3","4"]}', words: "3, 4" },
    { json: '{"ids":[]}', words: "none" },
    { json: '{"text":""}', words: "empty" },
    { json: '{"owners":{"3":"1"}}', words: '{"3":"1"}' },
    { json: "[1,2]", words: "[1,2]" },
    { json: "no json", words: "no json" },
  ])("$json in words is $words", ({ json, words }) => {
    expect(differenceOf("", json)[0]?.after).toBe(words);
  });

  test("of two that are the same is nothing", () => {
    expect(differenceOf('{"a":1}', '{"a":1}')).toEqual([]);
  });
});
