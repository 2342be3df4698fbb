import { expect, test } from "vitest";
import { sizeKey } from "./size-key.ts";

const key = sizeKey({ min: "16MiB", max: "1GiB" });

test.each([
  ["16MiB", 16 * 2 ** 20],
  ["0.5GiB", 2 ** 29],
  ["1048576KiB", 2 ** 30],
])("%s is so many bytes", (text, bytes) => {
  expect(key.parse(text)).toBe(bytes);
});

test.each([
  [512, '512 is no size: expected one such as "512MiB" or "2GiB"'],
  ["512", '"512" is no size: expected one such as "512MiB" or "2GiB"'],
  ["512MB", '"512MB" is no size: expected one such as "512MiB" or "2GiB"'],
  ["1MiB", '"1MiB" is out of range: expected at least 16MiB and at most 1GiB'],
  ["2GiB", '"2GiB" is out of range: expected at least 16MiB and at most 1GiB'],
])("%s is refused with what was expected", (value, message) => {
  expect(key.safeParse(value).error?.issues[0]?.message).toBe(message);
});
