// The tables of scenario probe-error, with what they are held against.

import type { Spread } from "../statistics.ts";
import type { ProbeErrorRow } from "./probe-error.ts";

/** p50 and p99 of |offset| in microseconds. */
interface Bounds {
  readonly p50: number;
  readonly p99: number;
}

interface ReferenceRow {
  readonly title: string;
  readonly byCondition: Readonly<Record<string, Bounds>>;
}

const COLUMNS = [
  { condition: "idle", title: "idle" },
  { condition: "busy", title: "cores busy" },
  { condition: "at-once", title: "200 at once" },
  { condition: "in-flight", title: "1,000 others in flight" },
] as const;

/** Measured on a machine of two cores with the peers' own programs. */
const PEERS: readonly ReferenceRow[] = [
  {
    title: "the NTP Pool's agent over veth (user-space stamps)",
    byCondition: {
      idle: { p50: 18, p99: 58 },
      busy: { p50: 3, p99: 520 },
      "at-once": { p50: 540, p99: 1_950 },
    },
  },
  {
    title: "chronyd as the client over veth (kernel stamps)",
    byCondition: { idle: { p50: 2.3, p99: 11 }, busy: { p50: 1.2, p99: 4.6 } },
  },
];

/** What Truechimer with kernel stamps must keep to, by path. */
const BUDGETS: Readonly<Record<string, ReferenceRow>> = {
  veth: {
    title: "Truechimer over veth, kernel stamps: at most",
    byCondition: {
      idle: { p50: 2.5, p99: 11 },
      busy: { p50: 1.5, p99: 6 },
      "at-once": { p50: 3, p99: 15 },
    },
  },
  loopback: {
    title: "Truechimer over loopback, kernel stamps: at most",
    byCondition: {
      idle: { p50: 1, p99: 10 },
      busy: { p50: 1, p99: 6 },
      "at-once": { p50: 3, p99: 15 },
    },
  },
};

const SOURCES = [
  { path: "veth", stamps: "kernel", title: "Truechimer over veth, kernel stamps" },
  { path: "loopback", stamps: "kernel", title: "Truechimer over loopback, kernel stamps" },
  { path: "veth", stamps: "user_space", title: "Truechimer over veth, node:dgram" },
  { path: "loopback", stamps: "user_space", title: "Truechimer over loopback, node:dgram" },
] as const;

export function reportProbeError(rows: readonly ProbeErrorRow[]): string {
  return [
    "The server is a chronyd that shares our clock, so that the true offset is 0.",
    "",
    ...table("\\|offset\\| in µs, p50 / p99", [
      ...PEERS.map(({ title, byCondition }) => ({
        title,
        cells: COLUMNS.map(({ condition }) => boundsText(byCondition[condition])),
      })),
      ...Object.values(BUDGETS).map(({ title, byCondition }) => ({
        title,
        cells: COLUMNS.map(({ condition }) => boundsText(byCondition[condition])),
      })),
      ...SOURCES.map(({ path, stamps, title }) => ({
        title: `**${title}**`,
        cells: COLUMNS.map(({ condition }) => mainCell(find(rows, path, stamps, condition))),
      })),
    ]),
    "",
    ...table("\\|offset\\| in µs, p99.9 / greatest", tailRows(rows)),
    "",
    "Why the legs are unlike: the server's T3 is a reading of its own from before the sending, all others are the",
    "kernel's. Half of the difference is the error.",
    "",
    ...table("median in µs, T2 − T1 / T4 − T3", legRows(rows)),
    "",
    "Median of the runs, figure by figure; ✗ marks what is above the budget.",
    "",
  ].join("\n");
}

function tailRows(rows: readonly ProbeErrorRow[]): readonly TableRow[] {
  return SOURCES.map(({ path, stamps, title }) => ({
    title,
    cells: COLUMNS.map(({ condition }) => {
      const row = find(rows, path, stamps, condition);
      return row === undefined ? "–" : pair(row.median.p999, row.median.max);
    }),
  }));
}

function legRows(rows: readonly ProbeErrorRow[]): readonly TableRow[] {
  return SOURCES.filter(({ stamps }) => stamps === "kernel").map(({ path, stamps, title }) => ({
    title,
    cells: COLUMNS.map(({ condition }) => {
      const row = find(rows, path, stamps, condition);
      return row === undefined ? "–" : pair(row.outwardUs, row.homewardUs);
    }),
  }));
}

interface TableRow {
  readonly title: string;
  readonly cells: readonly string[];
}

function table(corner: string, rows: readonly TableRow[]): readonly string[] {
  return [
    `| ${[corner, ...COLUMNS.map(({ title }) => title)].join(" | ")} |`,
    `| --- ${COLUMNS.map(() => "| --- ").join("")}|`,
    ...rows.map(({ title, cells }) => `| ${[title, ...cells].join(" | ")} |`),
  ];
}

function mainCell(row: ProbeErrorRow | undefined): string {
  if (row === undefined) return "–";
  const budget = BUDGETS[row.path]?.byCondition[row.condition];
  const isAbove = row.stamps === "kernel" && budget !== undefined && exceeds(row.median, budget);
  const failed = Object.values(row.failures).reduce((sum, count) => sum + count, 0);
  const notes = [isAbove ? " ✗" : "", failed === 0 ? "" : ` (${failed} failed)`].join("");
  return `${pair(row.median.p50, row.median.p99)}${notes}`;
}

function exceeds(spread: Spread, budget: Bounds): boolean {
  return spread.p50 > budget.p50 || spread.p99 > budget.p99;
}

function find(
  rows: readonly ProbeErrorRow[],
  path: string,
  stamps: string,
  condition: string,
): ProbeErrorRow | undefined {
  return rows.find(
    (row) => row.path === path && row.stamps === stamps && row.condition === condition,
  );
}

function boundsText(bounds: Bounds | undefined): string {
  return bounds === undefined ? "–" : `${short(bounds.p50)} / ${short(bounds.p99)}`;
}

function pair(first: number, second: number): string {
  return `${short(first)} / ${short(second)}`;
}

/** Three significant digits at most, thousands with a comma. */
function short(value: number): string {
  return value.toLocaleString("en", { maximumSignificantDigits: value >= 1_000 ? 4 : 3 });
}
