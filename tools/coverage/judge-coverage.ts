// How much of each package the tests reach, and whether that is enough. In the layers that hold protocol and rules 95 %
// of lines and branches is the rule; elsewhere what has been reached once may not be lost again.

import { posix, relative, sep } from "node:path";
import { isAtMostLayer } from "../tidy/rules/layers.ts";

/** What the test runner leaves: counts by absolute path of a file, and a total that is of no use here. */
export type CoverageReport = Readonly<Record<string, FileCoverage>>;

type FileCoverage = { readonly lines: Count; readonly branches: Count };
type Count = { readonly total: number; readonly covered: number };

/** Percentages by folder of a package, such as "packages/ntp". */
export type Measured = ReadonlyMap<string, Shares>;
export type Floors = Readonly<Record<string, Shares>>;
type Shares = { readonly lines: number; readonly branches: number };

const KINDS = ["lines", "branches"] as const;
/** Of the pure layers, in per cent. */
const PURE_SHARE_MIN = 95;
const PURE_LAYER_MAX = 1;
/** Pure, and not there yet with their branches: their floors hold until they are. */
const BELOW_PURE_SHARE: readonly string[] = ["filter"];
/** What timing and the host's abilities may change from one run to the next, in per cent. */
const MARGIN = 0.5;
/** So much above its floor a package is worth a new one. */
const GAIN_MIN = 2;

const PACKAGE_FOLDER = /^(?:packages|apps)\/[^/]+/;

/** @param root of the repository; files outside its packages are left out. */
export function measure(report: CoverageReport, root: string): Measured {
  const sums = new Map<string, { lines: Count; branches: Count }>();
  for (const [path, counts] of Object.entries(report)) {
    const folder = PACKAGE_FOLDER.exec(relative(root, path).split(sep).join(posix.sep))?.[0];
    if (folder === undefined) continue;
    const sum = sums.get(folder);
    sums.set(folder, {
      lines: added(counts.lines, sum?.lines),
      branches: added(counts.branches, sum?.branches),
    });
  }
  const sorted = [...sums].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return new Map(
    sorted.map(([folder, { lines, branches }]) => {
      return [folder, { lines: share(lines), branches: share(branches) }];
    }),
  );
}

/** A line a package, and a remedy for each that is below its floor. */
export function judgeCoverage(
  measured: Measured,
  floors: Floors,
): { readonly lines: readonly string[]; readonly failed: boolean } {
  const rows = [...measured].map(([folder, shares]) => ({
    folder,
    shares,
    problems: problemsOf(folder, shares, floors[folder]),
  }));
  const missing = Object.keys(floors).filter((folder) => !measured.has(folder));
  const lines = [
    ...rows.map(({ folder, shares }) => rowText(folder, shares, floors[folder])),
    ...rows.flatMap(({ problems }) => problems),
    ...missing.map((folder) => `coverage: ${folder} has a floor and nothing was measured of it`),
  ];
  return { lines, failed: missing.length > 0 || rows.some(({ problems }) => problems.length > 0) };
}

/** Each floor as it is, or as high as what was measured allows; in the pure layers it is the rule's. */
export function raisedFloors(measured: Measured, floors: Floors): Floors {
  const raised = [...measured].map(([folder, shares]): [string, Shares] => {
    const old = floors[folder] ?? { lines: 0, branches: 0 };
    const isPure = isAtMostLayer(folder, PURE_LAYER_MAX);
    const at = (kind: keyof Shares): number =>
      isPure ? PURE_SHARE_MIN : Math.max(old[kind], reachable(shares[kind]));
    return [folder, { lines: at("lines"), branches: at("branches") }];
  });
  return Object.fromEntries(raised);
}

function problemsOf(folder: string, shares: Shares, floor: Shares | undefined): readonly string[] {
  if (floor === undefined) {
    return [`coverage: ${folder} has no floor: run \`npm run coverage -- --raise\``];
  }
  return KINDS.flatMap((kind) => {
    const least = leastOf(folder, floor[kind]);
    if (shares[kind] >= least) return [];
    return [
      `coverage: ${folder} has ${percent(shares[kind])} of its ${kind} reached by tests, and ${percent(least)} is the least: add tests for what is new`,
    ];
  });
}

function leastOf(folder: string, floor: number): number {
  const isExcepted = BELOW_PURE_SHARE.some((name) => folder === `packages/${name}`);
  if (isExcepted || !isAtMostLayer(folder, PURE_LAYER_MAX)) return floor;
  return Math.max(floor, PURE_SHARE_MIN);
}

function rowText(folder: string, shares: Shares, floor: Shares | undefined): string {
  const cells = KINDS.map((kind) => `${kind} ${percent(shares[kind]).padStart(7)}`);
  const isPure = isAtMostLayer(folder, PURE_LAYER_MAX);
  const gained =
    !isPure && KINDS.some((kind) => shares[kind] - (floor?.[kind] ?? 0) >= GAIN_MIN + MARGIN);
  const hint = floor !== undefined && gained ? "   can be raised" : "";
  return `${folder.padEnd(20)} ${cells.join("   ")}${hint}`;
}

function reachable(measured: number): number {
  return Math.max(0, Math.floor((measured - MARGIN) * 10) / 10);
}

function added(count: Count, sum: Count = { total: 0, covered: 0 }): Count {
  return { total: sum.total + count.total, covered: sum.covered + count.covered };
}

/** A package without any lines has none unreached. */
function share({ total, covered }: Count): number {
  return total === 0 ? 100 : (covered / total) * 100;
}

function percent(value: number): string {
  return `${value.toFixed(1)} %`;
}
