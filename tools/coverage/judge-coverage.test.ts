import { expect, test } from "vitest";
import { type CoverageReport, judgeCoverage, measure, raisedFloors } from "./judge-coverage.ts";

const ROOT = "/repository";

function file(lines: readonly [number, number], branches: readonly [number, number]) {
  return {
    lines: { covered: lines[0], total: lines[1] },
    branches: { covered: branches[0], total: branches[1] },
  };
}

const REPORT: CoverageReport = {
  total: file([1, 1], [1, 1]),
  "/repository/packages/ntp/src/a.ts": file([90, 100], [50, 50]),
  "/repository/packages/ntp/src/b.ts": file([100, 100], [0, 0]),
  "/repository/packages/server/src/a.ts": file([60, 100], [7, 10]),
  "/repository/packages/api/src/index.ts": file([0, 0], [0, 0]),
};
const MEASURED = measure(REPORT, ROOT);
const HELD = {
  "packages/api": { lines: 95, branches: 95 },
  "packages/ntp": { lines: 95, branches: 95 },
  "packages/server": { lines: 60, branches: 70 },
};

test("files are summed up by package, and a package without lines has none unreached", () => {
  expect(Object.fromEntries(MEASURED)).toEqual({
    "packages/api": { lines: 100, branches: 100 },
    "packages/ntp": { lines: 95, branches: 100 },
    "packages/server": { lines: 60, branches: 70 },
  });
});

test("what reaches its floors passes", () => {
  expect(judgeCoverage(MEASURED, HELD).failed).toBe(false);
});

test.each([
  {
    name: "a package below its floor",
    floors: { ...HELD, "packages/server": { lines: 60.1, branches: 70 } },
    problem: /packages\/server has 60\.0 % of its lines reached by tests, and 60\.1 % is the least/,
  },
  {
    name: "a new package",
    floors: { "packages/api": HELD["packages/api"], "packages/ntp": HELD["packages/ntp"] },
    problem: /packages\/server has no floor: run `npm run coverage -- --raise`/,
  },
  {
    name: "a package that the run did not touch",
    floors: { ...HELD, "packages/udp": { lines: 0, branches: 0 } },
    problem: /packages\/udp has a floor and nothing was measured/,
  },
])("$name fails with what to do", ({ floors, problem }) => {
  const { lines, failed } = judgeCoverage(MEASURED, floors);
  expect(failed).toBe(true);
  expect(lines.join("\n")).toMatch(problem);
});

test("a pure package needs 95 % whatever its floor says", () => {
  const poor = measure({ "/repository/packages/ntp/src/a.ts": file([94, 100], [9, 10]) }, ROOT);
  const { lines, failed } = judgeCoverage(poor, { "packages/ntp": { lines: 10, branches: 10 } });
  expect(failed).toBe(true);
  expect(lines.join("\n")).toMatch(/94\.0 % of its lines .* 95\.0 % is the least/);
  expect(lines.join("\n")).toMatch(/90\.0 % of its branches .* 95\.0 % is the least/);
});

test("raising writes what was gained, less a margin, and never lowers; the pure layers have one floor", () => {
  const floors = { "packages/server": { lines: 70, branches: 10 } };
  expect(raisedFloors(MEASURED, floors)).toEqual({
    "packages/api": { lines: 95, branches: 95 },
    "packages/ntp": { lines: 95, branches: 95 },
    "packages/server": { lines: 70, branches: 69.5 },
  });
});
