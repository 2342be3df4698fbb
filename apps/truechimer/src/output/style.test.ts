import { describe, expect, test } from "vitest";
import { createStyle, printable } from "./style.ts";

describe("text from elsewhere cannot do anything to a terminal", () => {
  test.each([
    { name: "an escape sequence is left out", given: "a\u001b[2Jb", safe: "ab" },
    { name: "a line break cannot forge a line", given: "a\nb", safe: "a�b" },
    { name: "writing direction stays", given: "a\u202eb", safe: "a�b" },
    { name: "a C1 control character does nothing", given: "a\u0085b", safe: "a�b" },
    { name: "ordinary text stays", given: "Zürich µs ±", safe: "Zürich µs ±" },
  ])("$name", ({ given, safe }) => {
    expect(printable(given)).toBe(safe);
  });
});

test("without colour a text stays as it is", () => {
  expect(createStyle(false).red("x")).toBe("x");
  expect(createStyle(true).red("x")).toBe("\u001b[31mx\u001b[39m");
});
