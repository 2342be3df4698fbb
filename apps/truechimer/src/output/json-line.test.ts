import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonLine } from "./json-line.ts";

test("a nanosecond count keeps each digit", () => {
  fc.assert(
    fc.property(fc.bigInt(), (value) => {
      const read = JSON.parse(jsonLine({ value })) as { value: number | string };
      expect(BigInt(read.value)).toBe(value);
    }),
  );
});

test("one object is one line, whatever is in it", () => {
  expect(jsonLine({ text: "a\nb" }).split("\n")).toHaveLength(1);
});
