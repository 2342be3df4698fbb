import fc from "fast-check";
import { expect, test } from "vitest";
import { type ExactJson, exactJsonText, parseExactJson } from "./exact-json.ts";

const value = fc.letrec<{ value: ExactJson }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constant(null),
    fc.boolean(),
    fc.string(),
    fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(
      fc.string().filter((key) => key !== "__proto__"),
      tie("value"),
      {
        maxKeys: 4,
        noNullPrototype: true,
      },
    ),
  ),
})).value;

test("what was written is read again, integers beyond 2^53 exactly", () => {
  fc.assert(
    fc.property(value, (each) => {
      expect(parseExactJson(exactJsonText(each))).toEqual(each);
    }),
  );
});

test("reading never throws", () => {
  fc.assert(fc.property(fc.string(), (text) => void parseExactJson(text)));
  expect(parseExactJson("{")).toBeUndefined();
});

test("a number of a thousand digits stays an inexact one", () => {
  expect(typeof parseExactJson("9".repeat(1_000))).toBe("number");
});
