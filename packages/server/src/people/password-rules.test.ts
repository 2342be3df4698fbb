import { describe, expect, test } from "vitest";
import { requireGoodPassword } from "./password-rules.ts";

describe("a password is refused for what makes it weak", () => {
  test.each([
    { password: "", says: "0 characters: expected 15 to 200" },
    { password: "fourteen chars", says: "14 characters" },
    { password: "x".repeat(201), says: "201 characters" },
    { password: "abababababababababab", says: "different characters" },
    { password: "ada@example.net ada@example.net", says: "little more than the name" },
    { password: "Truechimer-truechimer-ada", says: "little more than the name" },
  ])("$password", ({ password, says }) => {
    expect(() => requireGoodPassword(password, "ada@example.net")).toThrow(says);
  });
});

test.each(["correct horse battery", "пятнадцать букв", "ada likes long walks at night"])(
  "no rule asks for digits or capitals: %s",
  (password) => {
    expect(() => requireGoodPassword(password, "ada")).not.toThrow();
  },
);

test("the refusal never holds the password", () => {
  const secret = "s3cretword";
  expect(() => requireGoodPassword(secret, "ada")).toThrow(/^(?!.*s3cretword)/);
});
