import { describe, expect, test } from "vitest";
import { colourWanted, createStyle, printable } from "./style.ts";

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

describe("colour is for terminals whose owner did not refuse it", () => {
  test.each([
    { name: "a terminal", env: {}, isTerminal: true, colour: true },
    { name: "a pipe", env: {}, isTerminal: false, colour: false },
    { name: "NO_COLOR=1", env: { NO_COLOR: "1" }, isTerminal: true, colour: false },
    { name: "NO_COLOR set to nothing", env: { NO_COLOR: "" }, isTerminal: true, colour: true },
    { name: "a dumb terminal", env: { TERM: "dumb" }, isTerminal: true, colour: false },
  ])("$name: $colour", ({ env, isTerminal, colour }) => {
    expect(colourWanted(env, isTerminal)).toBe(colour);
  });
});

test("without colour a text stays as it is", () => {
  expect(createStyle(false).red("x")).toBe("x");
  expect(createStyle(true).red("x")).toBe("\u001b[31mx\u001b[39m");
});
