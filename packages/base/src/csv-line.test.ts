import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { csvField, csvLine } from "./csv-line.ts";

describe("a text that a spreadsheet would run is disarmed", () => {
  test.each([
    ["=1+2", "'=1+2"],
    ["+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"],
    ["-2+3", "'-2+3"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["\t=1", "'\t=1"],
    ["\r=1", '"\'\r=1"'],
    ["\n=1", '"\'\n=1"'],
    ['=HYPERLINK("http://x","y")', '"\'=HYPERLINK(""http://x"",""y"")"'],
    ["-", "'-"],
    ["--1", "'--1"],
  ])("%j", (text, field) => {
    expect(csvField(text)).toBe(field);
  });
});

test.each(["-40123456", "+3", "0", "-2.5", "1e-7", "-.5", "9223372036854775807"])(
  "%s stays a number",
  (text) => {
    expect(csvField(text)).toBe(text);
  },
);

test("commas, quotes and line breaks are quoted, and a line ends as RFC 4180 says", () => {
  expect(csvLine(['odd, "name"', "", "two\nlines", "plain ü"])).toBe(
    '"odd, ""name""",,"two\nlines",plain ü\r\n',
  );
});

test("no field begins a formula, and what a reader gets is the text itself or the text behind an apostrophe", () => {
  const text = fc.oneof(
    fc.string(),
    fc
      .array(fc.constantFrom("=", "+", "-", "@", "\t", "\r", "\n", '"', ",", "a", "1", "'"))
      .map((all) => all.join("")),
  );
  fc.assert(
    fc.property(text, (one) => {
      const field = csvField(one);
      const read = field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field;
      expect([one, `'${one}`]).toContain(read);
      expect(/^[=+\-@\t\r\n]/.test(read) && Number.isNaN(Number(read))).toBe(false);
    }),
    { numRuns: 2_000 },
  );
});
