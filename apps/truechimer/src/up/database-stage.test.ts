import { expect, test } from "vitest";
import { appliedText } from "./database-stage.ts";

test.each([
  { names: ["0001_a"], text: "0001_a" },
  { names: ["0001_a", "0002_b", "0003_c"], text: "0001_a, 0002_b, 0003_c" },
  { names: ["0001_a", "0002_b", "0003_c", "0004_d"], text: "4, from 0001_a to 0004_d" },
])("$names.length migrations are told as $text", ({ names, text }) => {
  expect(appliedText(names)).toBe(text);
});
