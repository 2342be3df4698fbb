// The tables of scenario probe-error, with what they are held against.

import type { Spread } from "../statistics.ts";
import type { ProbeErrorRow, RowMode } from "./probe-error.ts";

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
  { condition: "beat", title: "idle, at an agent's beat" },
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

/** What Truechimer with kernel stamps must keep to, by path and mode. */
const BUDGETS: Readonly<Record<string, ReferenceRow>> = {
  "veth basic": {
    title: "Truechimer over veth, kernel stamps: at most",
    byCondition: {
      idle: { p50: 2.5, p99: 11 },
      busy: { p50: 1.5, p99: 6 },
      "at-once": { p50: 3, p99: 15 },
    },
  },
  "veth interleaved": {
    title: "Truechimer over veth, interleaved: at most",
    byCondition: { idle: { p50: 0.2, p99: 1.5 } },
  },
  "loopback basic": {
    title: "Truechimer over loopback, kernel stamps: at most",
    byCondition: {
      idle: { p50: 1, p99: 10 },
      busy: { p50: 1, p99: 6 },
      "at-once": { p50: 3, p99: 15 },
    },
  },
};

interface Source {
  readonly path: string;
  readonly stamps: string;
  readonly mode: RowMode;
  readonly title: string;
}

const OURS: readonly Source[] = [
  source("veth", "kernel", "basic", "Truechimer over veth, kernel stamps"),
  source("loopback", "kernel", "basic", "Truechimer over loopback, kernel stamps"),
  source("veth", "kernel", "interleaved", "Truechimer over veth, interleaved"),
  source("loopback", "kernel", "interleaved", "Truechimer over loopback, interleaved"),
  source("veth", "kernel", "check", "Truechimer over veth, a check of three samples"),
  source("veth", "user_space", "basic", "Truechimer over veth, node:dgram"),
  source("loopback", "user_space", "basic", "Truechimer over loopback, node:dgram"),
];

/** chronyd as the client, on this machine and in this run. */
const YARDSTICKS: readonly Source[] = [
  source("veth", "kernel", "chronyd basic", "chronyd over veth, here"),
  source("veth", "kernel", "chronyd interleaved", "chronyd over veth, interleaved, here"),
  source("loopback", "kernel", "chronyd basic", "chronyd over loopback, here"),
  source("loopback", "kernel", "chronyd interleaved", "chronyd over loopback, interleaved, here"),
];

/** What is held against which yardstick. */
const YARDSTICK_OF: Readonly<Partial<Record<RowMode, RowMode>>> = {
  basic: "chronyd basic",
  interleaved: "chronyd interleaved",
  check: "chronyd interleaved",
};

export function reportProbeError(rows: readonly ProbeErrorRow[]): string {
  return [
    "The server is a chronyd that shares our clock, so that the true offset is 0.",
    "",
    ...table("\\|offset\\| in µs, p50 / p99", [
      ...[...PEERS, ...Object.values(BUDGETS)].map(({ title, byCondition }) => ({
        title,
        cells: COLUMNS.map(({ condition }) => boundsText(byCondition[condition])),
      })),
      ...rowsOf(
        OURS,
        (each) => `**${each.title}**`,
        (each, condition) => mainCell(find(rows, each, condition)),
      ),
      ...rowsOf(
        YARDSTICKS,
        (each) => each.title,
        (each, condition) => mainCell(find(rows, each, condition)),
      ),
    ]),
    "",
    "The rows of peers above were measured elsewhere; the last ones with the same chronyd server, on this machine and in",
    "this run. Ours as a multiple of theirs says what is ours: below 1, we err less.",
    "",
    ...table("ours / chronyd's, p50 / p99", ratioRows(rows)),
    "",
    ...table(
      "\\|offset\\| in µs, p99.9 / greatest",
      rowsOf(
        [...OURS, ...YARDSTICKS],
        (each) => each.title,
        (each, condition) => {
          const row = find(rows, each, condition);
          return row === undefined ? "–" : pair(row.median.p999, row.median.max);
        },
      ),
    ),
    "",
    "Why the legs are unlike: in basic mode the server's T3 is a reading of its own from before the sending, all others are",
    "the kernel's. Half of the difference is the error. In interleaved mode all four are the kernel's.",
    "",
    ...table(
      "median in µs, T2 − T1 / T4 − T3",
      rowsOf(
        OURS.filter(({ stamps }) => stamps === "kernel"),
        (each) => each.title,
        (each, condition) => {
          const { outwardUs, homewardUs } = find(rows, each, condition) ?? {};
          if (outwardUs === undefined || homewardUs === undefined) return "–";
          return pair(outwardUs, homewardUs);
        },
      ),
    ),
    "",
    "Median of the runs, figure by figure; ✗ marks what is above the budget. A check is three exchanges in one session, 4.5",
    "ms apart instead of 2 s, and the sample that it selects.",
    "",
  ].join("\n");
}

function source(path: string, stamps: string, mode: RowMode, title: string): Source {
  return { path, stamps, mode, title };
}

function rowsOf(
  sources: readonly Source[],
  titleOf: (each: Source) => string,
  cellOf: (each: Source, condition: string) => string,
): readonly TableRow[] {
  return sources.map((each) => ({
    title: titleOf(each),
    cells: COLUMNS.map(({ condition }) => cellOf(each, condition)),
  }));
}

function ratioRows(rows: readonly ProbeErrorRow[]): readonly TableRow[] {
  return rowsOf(
    OURS.filter(({ stamps }) => stamps === "kernel"),
    (each) => each.title,
    (each, condition) => {
      const yardstick = find(
        rows,
        { ...each, mode: YARDSTICK_OF[each.mode] ?? each.mode },
        condition,
      );
      const ours = find(rows, each, condition);
      if (ours === undefined || yardstick === undefined) return "–";
      const { p50, p99 } = ours.median;
      return pair(p50 / yardstick.median.p50, p99 / yardstick.median.p99);
    },
  );
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
  const budget = BUDGETS[`${row.path} ${row.mode}`]?.byCondition[row.condition];
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
  { path, stamps, mode }: Pick<Source, "path" | "stamps" | "mode">,
  condition: string,
): ProbeErrorRow | undefined {
  return rows.find(
    (row) =>
      row.path === path &&
      row.stamps === stamps &&
      row.mode === mode &&
      row.condition === condition,
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
