import { describe, expect, test } from "vitest";
import { replayLayout } from "./replay-layout.ts";

const SIZE = { width: 100, height: 116 };

describe("a replay is drawn", () => {
  test("as two lines of steps over one axis of time, to its end", () => {
    const layout = replayLayout(
      {
        fromMs: 0,
        toMs: 100,
        scores: [
          { atMs: 0, score: undefined, scoreTried: 20 },
          { atMs: 50, score: 20, scoreTried: -80 },
        ],
        verdicts: [],
      },
      SIZE,
    );
    expect(layout.path).toBe("M50 8H100");
    expect(layout.pathTried).toBe("M0 8H50V108H100");
  });

  test("with a stretch for each verdict, one side apart from the other", () => {
    const { strip, stripTried } = replayLayout(
      {
        fromMs: 1_000,
        toMs: 2_000,
        scores: [],
        verdicts: [
          { atMs: 900, verdict: "truechimer", verdictTried: "unsure" },
          { atMs: 1_500, verdict: "truechimer", verdictTried: "falseticker" },
        ],
      },
      SIZE,
    );
    expect(strip).toEqual([{ verdict: "truechimer", x: 0, width: 100 }]);
    expect(stripTried).toEqual([
      { verdict: "unsure", x: 0, width: 50 },
      { verdict: "falseticker", x: 50, width: 50 },
    ]);
  });

  test("with numbers that do not run into each other", () => {
    const scores = [{ atMs: 0, score: -1, scoreTried: -100 }];
    const { levels } = replayLayout({ fromMs: 0, toMs: 1, scores, verdicts: [] }, SIZE);
    expect(levels.map(({ score }) => score)).toEqual([20, 0, -100]);
    expect(replayLayout({ fromMs: 0, toMs: 1, scores: [], verdicts: [] }, SIZE).path).toBe("");
  });
});
