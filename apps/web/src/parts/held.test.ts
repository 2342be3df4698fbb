import { expect, test } from "vitest";
import { inOrder } from "./held.ts";

const rows = (text: string): readonly { key: string }[] => text.split("").map((key) => ({ key }));
const keys = (result: readonly { key: string }[]): string => result.map((row) => row.key).join("");

test("rows keep the order that they had; new ones come last, vanished ones go", () => {
  expect(keys(inOrder(rows("dacb"), (row) => row.key, ["a", "b", "c", "x"]))).toBe("abcd");
});
