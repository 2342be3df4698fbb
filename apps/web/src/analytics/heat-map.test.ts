import { create } from "@bufbuild/protobuf";
import { analyticsV1 } from "@truechimer/api";
import { describe, expect, test } from "vitest";
import { type HeatGrid, heatGrid, suspectsOf } from "./heat-grid.ts";
import { layOutHeat, moveBy, placeAt, ROW_HEIGHT } from "./heat-layout.ts";
import { heatStep, MEASURES, measureOf, stepTexts, valueText } from "./heat-scale.ts";
import { cellSentence, heatSentence } from "./heat-words.ts";

const plain = (text: string): string => text.replaceAll(/[\u00a0\u202f]/g, " ");
const MS = 1e6;

/** Sizes of offsets in milliseconds, a row a server; undefined: never checked; NaN: nothing measured. */
function gridOf(rows: readonly (readonly (number | undefined)[])[]): HeatGrid {
  const middle = (values: readonly (number | undefined)[]): { value?: number } => {
    const known = values.filter((ms): ms is number => ms !== undefined && !Number.isNaN(ms));
    const value = known.toSorted((one, other) => one - other)[Math.ceil(known.length / 2) - 1];
    return value === undefined ? {} : { value: value * MS };
  };
  const columns = rows[0]?.length ?? 0;
  const map = create(analyticsV1.GetHeatMapResponseSchema, {
    servers: rows.map((row, at) => ({ id: BigInt(at + 1), name: `s${at + 1}`, ...middle(row) })),
    monitors: Array.from({ length: columns }, (_unused, at) => ({
      id: BigInt(at + 1),
      name: `m${at + 1}`,
      ...middle(rows.map((row) => row[at])),
    })),
    cells: rows.flatMap((row, server) =>
      row.flatMap((ms, monitor) =>
        ms === undefined
          ? []
          : [
              {
                server,
                monitor,
                figures: {
                  checks: 3n,
                  ...(Number.isNaN(ms)
                    ? { failed: 3n }
                    : {
                        absOffsetNs: BigInt(ms * MS),
                        offset: { valueNs: BigInt(-ms * MS), boundNs: 500_000n },
                      }),
                },
              },
            ],
      ),
    ),
  });
  return heatGrid(map, measureOf("offset"));
}

describe("which of the three it is", () => {
  const blamed = (grid: HeatGrid): readonly (readonly string[])[] => {
    const { servers, monitors, paths } = suspectsOf(grid);
    return [
      servers.map(({ name }) => name),
      monitors.map(({ name }) => name),
      paths.map(({ row, column }) => `${row}/${column}`),
    ];
  };
  test("a bad row is the server", () => {
    expect(
      blamed(
        gridOf([
          [40, 41, 39],
          [1, 2, 1],
          [1, 1, 1],
        ]),
      ),
    ).toEqual([["s1"], [], []]);
  });
  test("a bad column is the monitor, also beside a bad server", () => {
    expect(
      blamed(
        gridOf([
          [40, 90, 40],
          [1, 50, 1],
          [1, 60, 1],
        ]),
      ),
    ).toEqual([["s1"], ["m2"], []]);
  });
  test("a bad cell alone is the path", () => {
    expect(
      blamed(
        gridOf([
          [1, 1, 1],
          [1, 70, 1],
          [1, 1, 1],
        ]),
      ),
    ).toEqual([[], [], ["1/1"]]);
  });
  test("one server alone cannot tell a monitor from a path", () => {
    expect(blamed(gridOf([[1, 70, 1]]))).toEqual([[], [], ["0/1"]]);
  });
  test("what was not measured accuses nobody", () => {
    expect(
      blamed(
        gridOf([
          [Number.NaN, Number.NaN],
          [undefined, 1],
        ]),
      ),
    ).toEqual([[], [], []]);
  });
});

test("the sentence names the suspects, or says that there is none", () => {
  expect(
    plain(
      heatSentence(
        gridOf([
          [40, 41, 39],
          [1, 2, 1],
        ]),
      ),
    ),
  ).toBe(
    "2 servers by 3 monitors. With 25 ms or more off: the server s1, for most of its monitors.",
  );
  expect(plain(heatSentence(gridOf([[1, 2]])))).toBe(
    "1 server by 2 monitors: no server, monitor or path stands out with 25 ms or more off.",
  );
  expect(heatSentence(gridOf([]))).toBe("No checks in this range.");
  const many = gridOf(Array.from({ length: 6 }, () => [50, 60]));
  expect(plain(heatSentence(many))).toContain("the servers s1, s2, s3 and 3 more");
});

test("a cell is told with its unit and its bound, and an empty one says so", () => {
  const grid = gridOf([
    [12, undefined],
    [Number.NaN, 1],
  ]);
  expect(plain(cellSentence(grid, { row: 0, column: 0 }))).toMatch(
    /^s1 from m1: median offset −12\.0 ms ± 0\.5, median size 12\.0 ms, .*checks 3 checks, none failed$/,
  );
  expect(cellSentence(grid, { row: 0, column: 1 })).toBe("s1 from m2: checks none in this range");
  expect(cellSentence(grid, { row: 1, column: 0 })).toContain("median offset none measured");
});

test("every step begins where its text says, and the limit is the beginning of one", () => {
  for (const measure of MEASURES) {
    expect(stepTexts(measure)).toHaveLength(measure.steps.length + 1);
    expect(new Set(stepTexts(measure)).size).toBe(measure.steps.length + 1);
    expect(measure.steps).toContain(measure.limit);
    for (const [at, from] of measure.steps.entries()) {
      expect(heatStep(measure, from)).toBe(at + 1);
      // The least number there is has nothing but 0 below it.
      const below = from === Number.MIN_VALUE ? 0 : from * (1 - 1e-9);
      expect(heatStep(measure, below)).toBe(at);
    }
    expect(heatStep(measure, undefined)).toBeUndefined();
  }
  expect(stepTexts(measureOf("offset")).map(plain)).toContain("25 ms");
  expect(stepTexts(measureOf("loss")).map(plain)).toEqual([
    "none",
    "below 1 %",
    "1 %",
    "2 %",
    "5 %",
    "20 %",
    "50 %",
  ]);
  expect(plain(valueText(measureOf("loss"), 0.07))).toBe("7.0 %");
  expect(measureOf("nonsense").name).toBe("offset");
});

test("a point is in the cell that is drawn there", () => {
  const layout = layOutHeat(800, 5, 4);
  for (let row = 0; row < 5; row += 1) {
    for (let column = 0; column < 4; column += 1) {
      const x = column * layout.cellWidth + 1;
      const y = layout.headHeight + row * ROW_HEIGHT + 1;
      expect(placeAt(layout, x, y)).toEqual({ row, column });
    }
  }
  expect(placeAt(layout, 10, layout.headHeight - 1)).toBeUndefined();
  expect(placeAt(layout, layout.width, layout.headHeight + 1)).toBeUndefined();
});

test("cells have their number where there is room, and never become too narrow to be hit", () => {
  expect(layOutHeat(900, 9, 10)).toMatchObject({ withTexts: true, cellWidth: 88 });
  expect(layOutHeat(300, 9, 12)).toMatchObject({ withTexts: false, upright: true, cellWidth: 25 });
  expect(layOutHeat(300, 9, 200)).toMatchObject({ cellWidth: 12, width: 2_400 });
});

test("keys walk over the cells and stop at the edges", () => {
  const size = { rows: 20, columns: 4 };
  expect(moveBy("ArrowDown", undefined, size)).toEqual({ row: 0, column: 0 });
  expect(moveBy("ArrowDown", { row: 19, column: 1 }, size)).toEqual({ row: 19, column: 1 });
  expect(moveBy("PageDown", { row: 3, column: 1 }, size)).toEqual({ row: 13, column: 1 });
  expect(moveBy("End", { row: 3, column: 1 }, size)).toEqual({ row: 3, column: 3 });
  expect(moveBy("x", { row: 3, column: 1 }, size)).toBeUndefined();
});
