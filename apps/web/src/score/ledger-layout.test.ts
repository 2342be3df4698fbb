import { describe, expect, test } from "vitest";
import { ledgerLayout } from "./ledger-layout.ts";

const SIZE = { width: 400, height: 116 };

describe("the ledger as a picture", () => {
  test("higher scores stand higher, downward steps hang below zero", () => {
    const { bars, levels, path } = ledgerLayout(
      [
        { scoreBefore: 10, step: 1, scoreAfter: 10.5 },
        { scoreBefore: 10.5, step: -5, scoreAfter: 4.975 },
      ],
      SIZE,
    );
    const zero = levels.find(({ score }) => score === 0)?.y ?? Number.NaN;
    const [up, down] = bars;
    expect((up?.y ?? 0) + (up?.height ?? 0)).toBeCloseTo(zero, 1);
    expect(down?.y).toBeCloseTo(zero, 1);
    expect([up?.down, down?.down]).toEqual([false, true]);
    // 25 points of score over 100 pixels.
    expect(down?.height).toBeCloseTo(20, 1);
    expect(path).toBe("M0 48L200 46L400 68.1");
    expect(levels.map(({ score }) => score)).toEqual([20, 10, 0, -5]);
  });

  test("a level is named once, also when the lowest is zero", () => {
    const { levels } = ledgerLayout([{ scoreBefore: 0, step: 1, scoreAfter: 1 }], SIZE);
    expect(levels.map(({ score }) => score)).toEqual([20, 10, 0]);
  });

  test("without steps or without room there is nothing to draw", () => {
    const nothing = { path: "", bars: [], levels: [] };
    expect(ledgerLayout([], SIZE)).toEqual(nothing);
    const step = { scoreBefore: 0, step: 1, scoreAfter: 1 };
    expect(ledgerLayout([step], { width: 0, height: 100 })).toEqual(nothing);
  });
});
