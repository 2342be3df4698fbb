import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { expect, test } from "vitest";
import { networkText } from "./network.ts";

test.each([
  ["Example Networks", "AS64496 Example Networks"],
  ["", "AS64496"],
])("a network called %j", (name, text) => {
  expect(networkText(create(adminV1.NetworkSchema, { number: 64_496, name }))).toBe(text);
});
