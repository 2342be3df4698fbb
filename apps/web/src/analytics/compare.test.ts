import { create } from "@bufbuild/protobuf";
import { analyticsV1 } from "@truechimer/api";
import { expect, test } from "vitest";
import { bucketAt, type ComparedLine, differenceFrom, middleOf } from "./compare-model.ts";
import { instantAt, PANEL_LEFT } from "./compare-panel.ts";
import { compareSentence } from "./compare-words.ts";

const plain = (text: string): string => text.replaceAll(/[\u00a0\u202f]/g, " ");

function line(id: bigint, atMs: readonly number[], offsetNs: readonly number[]): ComparedLine {
  const bounds = offsetNs.map(() => 10);
  return {
    id,
    name: `s${id}`,
    overall: create(analyticsV1.CheckFiguresSchema, {
      offset: { valueNs: BigInt(middleOf(offsetNs)), boundNs: 10n },
    }),
    atMs,
    offsetNs,
    leastNs: offsetNs.map((ns) => ns - 5),
    greatestNs: offsetNs.map((ns) => ns + 5),
    boundNs: bounds,
    rttNs: bounds,
    loss: offsetNs.map(() => 0),
  };
}

test("a difference is taken bucket by bucket, and both bounds count", () => {
  const base = line(1n, [0, 60, 180], [100, 200, 300]);
  const other = line(2n, [60, 120, 180], [250, 260, 290]);
  const difference = differenceFrom(base, other);
  expect(difference.offsetNs).toEqual([50, Number.NaN, -10]);
  expect(difference.leastNs).toEqual([45, Number.NaN, -15]);
  expect(difference.boundNs).toEqual([20, Number.NaN, 20]);
  expect(differenceFrom(base, base).offsetNs).toEqual([0, 0, 0]);
});

test("an instant is in the bucket that began before it, or in none", () => {
  const one = line(1n, [0, 60, 180], [1, 2, 3]);
  expect([0, 59, 60, 125, 180, 239, 240, -1].map((ms) => bucketAt(one, ms, 60))).toEqual([
    0, 0, 1, -1, 2, 2, -1, -1,
  ]);
});

test("the sentence tells who is ahead, and whether the bounds explain it", () => {
  const near = [line(1n, [0], [100]), line(2n, [0], [115])];
  expect(plain(compareSentence(near, "server"))).toBe(
    "s2 is ahead of s1 by 15 ns ± 20 ns in the median, which their error bounds explain.",
  );
  const apart = [line(1n, [0], [100]), line(2n, [0], [-900])];
  expect(plain(compareSentence(apart, "server"))).toContain("more than their error bounds explain");
  expect(compareSentence([line(1n, [0], [100])], "server")).toMatch(/^s1 alone\./);
  expect(compareSentence([], "monitor")).toBe("Nothing was measured in this range.");
});

test("a place on a panel is an instant of the view, and the axis is none", () => {
  const view = { fromMs: 1_000, toMs: 2_000 };
  expect(instantAt(PANEL_LEFT, 580, view)).toBe(1_000);
  expect(instantAt(PANEL_LEFT - 1, 580, view)).toBeUndefined();
  expect(instantAt(572, 580, view)).toBe(2_000);
  expect(instantAt(579, 580, view)).toBeUndefined();
});
