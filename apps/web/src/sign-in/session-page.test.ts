import { expect, test } from "vitest";
import { keyFrom } from "./session-page.tsx";

test("a key is found in whatever was pasted", () => {
  expect(keyFrom("http://127.0.0.1:8123/?key=abcDEF123-_x")).toBe("abcDEF123-_x");
  expect(keyFrom("  abcDEF123-_x \n")).toBe("abcDEF123-_x");
  expect(keyFrom("?a=b&key=k%2Bey12345#top")).toBe("k+ey12345");
});

test("what is no key is told apart", () => {
  for (const text of ["", "short", "http://127.0.0.1:8123/", "two words here"]) {
    expect(keyFrom(text)).toBeUndefined();
  }
});
