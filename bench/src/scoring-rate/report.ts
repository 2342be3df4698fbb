// The table of scenario scoring-rate, with what it is held against.

import type { ScoringRateRow } from "./scoring-rate.ts";

/** Both scorers together, of a backlog. */
const PER_SECOND_MIN = 20_000;
const LAG_SECONDS_MAX = 1;

export function reportScoringRate(rows: readonly ScoringRateRow[]): string {
  return [
    "| monitors × servers | | results/s | lag, s, p50 / greatest | statements a result | WAL bytes | scorers, µs of CPU | PostgreSQL | load average |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ...rows.map(rowText),
    "",
    "The lag is taken once both processes have their halves of the shards: who joins is handed some, which wait up to 3 s for its",
    "next look.",
    "",
    "Budget: both together 20,000 results/s, lag below 1 s at 2,000 results/s; ✗ marks what misses it. A load average",
    "above the machine's cores says that others worked on it at the time: then the processor time a result counts. At the paced row",
    "PostgreSQL's and the statements' figures hold the making of the results, too. The NTP Pool's scorers on such a machine:",
    "`every` 1,466, `recentmedian` 416, both 338 rows/s.",
    "",
  ].join("\n");
}

function rowText(row: ScoringRateRow): string {
  const isBoth = row.condition.startsWith("both");
  const slow = isBoth && row.perSecond < PER_SECOND_MIN ? " ✗" : "";
  const lag = row.lagSeconds;
  const late = lag !== undefined && lag.max >= LAG_SECONDS_MAX ? " ✗" : "";
  return [
    `| ${row.size} `,
    ` ${row.title} `,
    ` ${Math.round(row.perSecond).toLocaleString("en")}${slow} `,
    lag === undefined ? " – " : ` ${lag.p50.toFixed(2)} / ${lag.max.toFixed(2)}${late} `,
    ` ${row.statements.toFixed(3)} `,
    ` ${Math.round(row.walBytes)} `,
    ` ${Math.round(row.scorerCpuUs)} `,
    ` ${Math.round(row.databaseCpuUs)} `,
    ` ${row.loadAverage.toFixed(1)} |`,
  ].join("|");
}
