import { expect, test } from "vitest";
import { agoText } from "./time-text.ts";

test.each([
  { agoMs: 0, text: "now" },
  { agoMs: 999, text: "now" },
  { agoMs: 1_000, text: "1 s ago" },
  { agoMs: 119_000, text: "1 min ago" },
  { agoMs: 3_600_000, text: "1 h ago" },
  { agoMs: 172_800_000, text: "2 d ago" },
  { agoMs: -5_000, text: "in 5 s" },
])("$agoMs ms ago is told as $text", ({ agoMs, text }) => {
  expect(agoText(1_000_000_000, 1_000_000_000 + agoMs)).toBe(text);
});
