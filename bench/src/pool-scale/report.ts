// The tables of scenario pool-scale, with what they are held against.

import type { PoolScaleRow } from "./pool-scale.ts";

interface Budget {
  readonly perSecondMin?: number;
  readonly p99MsMax?: number;
}

const BUDGETS: Readonly<Record<string, Budget>> = {
  "submit-4": { perSecondMin: 20_000 },
  "submit-5": { perSecondMin: 10_000 },
  "submit-4-paced": { p99MsMax: 20 },
  "submit-5-paced": { p99MsMax: 20 },
  "get-servers": { perSecondMin: 2_000 },
  "get-servers-16": { perSecondMin: 2_000, p99MsMax: 20 },
  "get-servers-paced": { p99MsMax: 20 },
  hammer: {},
};
/** Rows a second of plain inserts that the budgets' machine took: a slower one is held to the same share of its own. */
const PLAIN_INSERTS = 66_000;
/** Cost of a result at the whole size, as a multiple of that at a hundredth. */
const COST_RATIO_MAX = 1.3;

/** What the NTP Pool's own programs (Go, MariaDB) do on a machine of the same kind. */
const NTP_POOL = [
  "| the NTP Pool's programs | 100 monitors × 1,000 servers | 1,000 × 10,000 |",
  "| --- | --- | --- |",
  "| SubmitResults over mTLS | 1,945 results/s at 16 callers, p99 192 ms, 4.2 statements and 960 µs of CPU a result | in process: 3,059 results/s |",
  "| GetServers | 421/s over the wire, p99 79 ms | in process: 30/s, p50 529 ms |",
  "| the same batch sent twice | counted twice, 100 of 100 | |",
  "| 16 callers on 20 servers | 88 % of batches fail on deadlocks | |",
];

export function reportPoolScale(rows: readonly PoolScaleRow[]): string {
  return [
    "One API replica, the agents (one TLS connection and certificate each) and PostgreSQL, with 6 GB for pages and every",
    "commit on the disk, share the cores. Asked for on two cores: 20,000 results/s of version 4, 10,000 of version 5, p99",
    "of a submission of 12 results below 20 ms at 5,000/s, 2,000 calls of GetServers/s with a p99 below 20 ms, no deadlock.",
    "Callers are 64 where nothing else is said, and ask again as soon as they are answered; 16 are as many as the NTP Pool's figures",
    "are of. Small: 100 monitors × 1,000 servers, 300,000 results of history; full: 1,000 × 10,000, 30 million. 200 agents are",
    "connected at most. Where a pace is kept, calls come whether those before are answered or not, 64 at once at most: of three runs",
    "of ten seconds that in the middle by its p99, with the least and the greatest p99 of the three.",
    "",
    ...NTP_POOL,
    "",
    "Of plain inserts: as a share of the rows a second that PostgreSQL takes on this machine when nothing is asked of them, on",
    "16 connections and driven by the same Node.js. The machine that the budget is of took 66,000, of which 20,000 are 0.30 and",
    "10,000 are 0.15: a slower one is held to these.",
    "",
    ...Object.entries(POSTGRES).flatMap(([kind, title]) =>
      reportOn(
        title,
        rows.filter(({ postgres }) => postgres === kind),
      ),
    ),
    "Load before: how many processes wanted a core in the minute before, on average. Above 0.5 or so others were at work on",
    "the two cores, and the figures are what was left; the processor time of a result then grows, too.",
    "",
    "✗ marks what misses the budget.",
    "",
  ].join("\n");
}

const POSTGRES: Readonly<Record<PoolScaleRow["postgres"], string>> = {
  host: "a distribution's PostgreSQL, built for speed, which who has thousands of servers runs",
  embedded: "the embedded PostgreSQL, built for size",
};

/** Of one PostgreSQL. */
function reportOn(title: string, rows: readonly PoolScaleRow[]): readonly string[] {
  const versions = new Set(rows.map(({ postgresVersion }) => postgresVersion));
  if (rows.length === 0) return [];
  return [
    `## On ${title} (${[...versions].join(", ")})`,
    "",
    "| size | | a second | of plain inserts | ms, p50 / p99 / greatest | failed | deadlocks | answered / stored | load before |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ...rows.map((row) => rateText(row, rows)),
    "",
    "What one result costs (of GetServers: one call), all processes on the same two cores:",
    "",
    "| size | | statements | WAL bytes | of them page images | server, µs of CPU | PostgreSQL | load generator | sum |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ...rows.map(costText),
    "",
    ...growthText(rows),
    ...timesText(rows),
  ];
}

function rateText(row: PoolScaleRow, rows: readonly PoolScaleRow[]): string {
  const budget = BUDGETS[row.condition] ?? {};
  const plain = rows.find(
    ({ size, condition }) => size === row.size && condition === "plain-inserts",
  );
  const speed = Math.min(1, (plain?.perSecond ?? PLAIN_INSERTS) / PLAIN_INSERTS);
  const slow = row.perSecond < speed * (budget.perSecondMin ?? 0) ? " ✗" : "";
  const late = row.latencyMs.p99 > (budget.p99MsMax ?? Number.POSITIVE_INFINITY) ? " ✗" : "";
  const { p50, p99, max } = row.latencyMs;
  const [least, most] = [row.p99MsOfRuns[0], row.p99MsOfRuns.at(-1)];
  const runs =
    least === undefined || most === undefined || least === most
      ? ""
      : ` (${short(least)} to ${short(most)})`;
  return [
    `| ${row.size} `,
    ` ${row.title} `,
    ` ${whole(row.perSecond)}${slow} `,
    ` ${shareText(row, plain)} `,
    ` ${short(p50)} / ${short(p99)}${late}${runs} / ${short(max)} `,
    ` ${row.failures}${row.failures > 0 ? " ✗" : ""} `,
    ` ${row.deadlocks}${row.deadlocks > 0 ? " ✗" : ""} `,
    ` ${whole(row.answered)} / ${whole(row.stored)}${row.answered === row.stored ? "" : " ✗"} `,
    ` ${short(row.loadBefore)} |`,
  ].join("|");
}

/** Where nothing sets its pace. */
function shareText(row: PoolScaleRow, plain: PoolScaleRow | undefined): string {
  if (plain === undefined || !["submit-4", "submit-5"].includes(row.condition)) return "";
  return (row.perSecond / plain.perSecond).toFixed(2);
}

function costText(row: PoolScaleRow): string {
  const { serverCpuUs, databaseCpuUs, loadCpuUs } = row;
  return [
    `| ${row.size} `,
    ` ${row.title} `,
    ` ${row.statements.toFixed(3)} `,
    ` ${whole(row.walBytes)} `,
    ` ${row.walPageImages.toFixed(3)} images `,
    ` ${short(serverCpuUs)} `,
    ` ${short(databaseCpuUs)} `,
    ` ${short(loadCpuUs)} `,
    ` ${short(serverCpuUs + databaseCpuUs + loadCpuUs)} |`,
  ].join("|");
}

/** Server and database; the load generator's share is the same work at any size. */
function growthText(rows: readonly PoolScaleRow[]): readonly string[] {
  const grown = rows.flatMap((full) => {
    const small = rows.find(
      ({ size, condition }) => size === "small" && condition === full.condition,
    );
    if (full.size !== "full" || small === undefined) return [];
    const ratio =
      (full.serverCpuUs + full.databaseCpuUs) / (small.serverCpuUs + small.databaseCpuUs);
    const over = ratio > COST_RATIO_MAX ? " ✗" : "";
    return [`| ${full.title} | ${ratio.toFixed(2)}${over} |`];
  });
  if (grown.length === 0) return [];
  return [
    "Processor time of server and database at the whole size, as a multiple of that at a hundredth (at most " +
      `${COST_RATIO_MAX}):`,
    "",
    "| | whole / hundredth |",
    "| --- | --- |",
    ...grown,
    "",
  ];
}

function timesText(rows: readonly PoolScaleRow[]): readonly string[] {
  const timed = rows.flatMap((row) =>
    (row.statementTimes ?? []).map((times) => ({ row, ...times })),
  );
  if (timed.length === 0) return [];
  return [
    "How long PostgreSQL takes to execute a statement of each kind at that pace, beside all the others; one of five was noted, in a",
    "run of its own:",
    "",
    "| size | | statement | noted | ms, p50 / p99 / greatest |",
    "| --- | --- | --- | --- | --- |",
    ...timed.map(({ row: { size, title }, name, noted, ms }) => {
      const times = [ms.p50, ms.p99, ms.max].map((each) => each.toFixed(2)).join(" / ");
      return `| ${size} | ${title} | ${name} | ${whole(noted)} | ${times} |`;
    }),
    "",
  ];
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
}

function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1);
}
