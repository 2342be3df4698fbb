import { expect, test } from "vitest";
import { base32 } from "./base32.ts";

test.each([
  ["", ""],
  ["f", "MY"],
  ["fo", "MZXQ"],
  ["foo", "MZXW6"],
  ["foob", "MZXW6YQ"],
  ["fooba", "MZXW6YTB"],
  ["foobar", "MZXW6YTBOI"],
])("the vector of RFC 4648, section 10: %j is %s, without its padding", (text, encoded) => {
  expect(base32(Buffer.from(text))).toBe(encoded);
});
