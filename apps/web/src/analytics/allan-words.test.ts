import { create } from "@bufbuild/protobuf";
import { analyticsV1 } from "@truechimer/api";
import { expect, test } from "vitest";
import { allanSentence, averagingText, fractionText } from "./allan-words.ts";

const plain = (text: string): string => text.replaceAll("\u00a0", " ");

test("fractions have a unit by magnitude, and their error has the same", () => {
  expect(plain(fractionText(3.64e-9, 8e-10))).toBe("3.64 ± 0.80 ppb");
  expect(plain(fractionText(2.1e-6, 1e-8))).toBe("2.10 ± 0.01 ppm");
  expect(plain(fractionText(4.2e-11, 1e-12))).toBe("42.0 ± 1.0 ppt");
});

test("averaging times are round words", () => {
  expect([1, 64, 128, 960, 7_680, 172_800].map((s) => plain(averagingText(s)))).toEqual([
    "1 s",
    "64 s",
    "2.1 min",
    "16 min",
    "2.1 h",
    "2 d",
  ]);
});

test("the sentence names the most stable average, or says that there is none", () => {
  const answer = create(analyticsV1.GetAllanDeviationResponseSchema, {
    series: [
      { monitorName: "oslo", tauS: [60, 120], deviation: [2e-8, 9e-9], error: [1e-9, 1e-9] },
      { monitorName: "lima", tauS: [60], deviation: [5e-8], error: [1e-9] },
    ],
  });
  expect(plain(allanSentence(answer))).toBe(
    "At its most stable 9.00 ± 1.00 ppb, averaged over 2 min, as oslo sees it.",
  );
  expect(allanSentence(create(analyticsV1.GetAllanDeviationResponseSchema))).toMatch(/^Too few/);
});
