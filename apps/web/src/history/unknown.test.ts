import { expect, test } from "vitest";
import { unknownParts } from "./draw.ts";

const VIEW = { fromMs: 0, toMs: 1_000 };

test("before anything is loaded, all of it is unknown", () => {
  expect(unknownParts(VIEW, undefined, true)).toEqual([{ ...VIEW, text: "loading" }]);
});

test("what is not loaded and what is not kept are told apart", () => {
  const model = { loaded: { fromMs: 400, toMs: 1_000 }, horizonMs: 100 };
  expect(unknownParts(VIEW, model, true)).toEqual([
    { fromMs: 0, toMs: 100, text: "nothing is known from before" },
    { fromMs: 100, toMs: 400, text: "loading" },
  ]);
});

test("a live view is a moment ahead of its data, and that is no gap in knowledge", () => {
  const model = { loaded: { fromMs: 0, toMs: 990 }, horizonMs: undefined };
  expect(unknownParts(VIEW, model, false)).toEqual([]);
});
