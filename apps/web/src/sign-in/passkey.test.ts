import { expect, test } from "vitest";
import { passkeyPlace, passkeyTrouble } from "./passkey.ts";

const yes = (): boolean => true;

test.each([
  { of: "", page: "http://192.0.2.7:8123", place: "nowhere" },
  { of: "http://localhost:8123", page: "http://127.0.0.1:8123", place: "elsewhere" },
  { of: "https://clocks.example", page: "https://clocks.example:8443", place: "elsewhere" },
  { of: "https://clocks.example", page: "http://clocks.example", place: "elsewhere" },
  { of: "https://clocks.example", page: "https://clocks.example", place: "here" },
])("passkeys of $of on a page of $page: $place", ({ of, page, place }) => {
  expect(passkeyPlace(of, page, yes)).toBe(place);
});

test("a browser without them says so", () => {
  expect(passkeyPlace("https://a.example", "https://a.example", () => false)).toBe("unsupported");
});

test("each trouble of a browser has words, and one that is unknown, too", () => {
  const words = ["InvalidStateError", "SecurityError", "NotSupportedError", "NotAllowedError"].map(
    (name) => passkeyTrouble(Object.assign(new Error("x"), { name })),
  );
  expect(new Set(words).size).toBe(4);
  expect(passkeyTrouble("text")).toBe(words[3]);
});
