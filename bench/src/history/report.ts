// The tables of scenario history, with what they are held against.

import type {
  HistoryLiveRow,
  HistoryResultRow,
  HistoryStartRow,
  HistoryStoreRow,
  HistoryWarmRow,
} from "./history.ts";

export function reportHistory(rows: readonly HistoryResultRow[]): string {
  const starts = rows.filter((row): row is HistoryStartRow => row.kind === "start");
  const warm = rows.filter((row): row is HistoryWarmRow => row.kind === "warm");
  const live = rows.filter((row): row is HistoryLiveRow => row.kind === "live");
  const stores = rows.filter((row): row is HistoryStoreRow => row.kind === "store");
  return [
    "A start, from a database that is up: two threads read and pack, another answers. Budgets are those of 10 M rows. What",
    "else works on the machine is in all figures.",
    "",
    ...HEAD,
    "| budget | < 1 | < 15 | ≥ 670,000 | < 50 | p99 < 20 | p99 < 5 | p99 < 100 | p99 < 100 | ≤ 48 |",
    ...starts.map(startText),
    "",
    "A start from the checkpoint of a clean stop, each window held against the database's count.",
    "",
    ...HEAD,
    "| budget | < 1 | < 2 | | < 50 | p99 < 20 | p99 < 5 | p99 < 100 | p99 < 100 | ≤ 48 |",
    ...warm.map(startText),
    "",
    "The live feed: results into PostgreSQL, streams out of one control plane, every second one with a filter for one server. The",
    "age is that of the oldest check in each answer, from its acceptance to its arrival. Readers, control plane and PostgreSQL",
    "share the cores.",
    "",
    "| results/s | streams | checks delivered, of | out of sequence or missed | age, ms p50 / p99 / max | control plane, of one core |",
    "| --- | --- | --- | --- | --- | --- |",
    "| budget 5,000 | 200 | all | 0 | p99 < 250 | |",
    ...live.map(liveText),
    "",
    "The store alone, packed and filled in one thread.",
    "",
    "| rows | rows/s | bytes a row, counted | bytes a row, by the process |",
    "| --- | --- | --- | --- |",
    ...stores.map(storeText),
    "",
  ].join("\n");
}

const HEAD = [
  "| rows | first answer, s | all in memory, s | rows/s | longest stall, ms | a request meanwhile, ms p50 / p99 | day of one server, ms p50 / p99 | day of all servers, offsets, ms p50 / p99 | five columns of it, ms p50 / p99 | bytes a row |",
  "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
];

function startText({ run }: HistoryStartRow | HistoryWarmRow): string {
  const spread = ({ p50, p99 }: { readonly p50: number; readonly p99: number }): string =>
    `${p50.toFixed(1)} / ${p99.toFixed(1)}`;
  const restored =
    run.rowsRestored > 0 ? `, ${run.rowsRestored.toLocaleString("en")} restored` : "";
  return `| ${[
    `**${run.rows.toLocaleString("en")}** (${run.state}${restored})`,
    (run.firstAnswerMs / 1_000).toFixed(2),
    (run.completeMs / 1_000).toFixed(1),
    Math.round(run.rowsPerSecond).toLocaleString("en"),
    run.stallMs.toFixed(0),
    spread(run.requestMs),
    spread(run.serverDayMs),
    spread(run.allDayMs),
    spread(run.allDayRowsMs),
    run.bytesPerRow.toFixed(1),
  ].join(" | ")} |`;
}

function storeText({ run }: HistoryStoreRow): string {
  return `| ${[
    `**${run.rows.toLocaleString("en")}**`,
    Math.round(run.rowsPerSecond).toLocaleString("en"),
    run.bytesPerRow.toFixed(1),
    run.residentBytesPerRow.toFixed(1),
  ].join(" | ")} |`;
}

function liveText({ run }: HistoryLiveRow): string {
  const { p50, p99, max } = run.ageMs;
  return `| ${[
    Math.round(run.resultsPerSecond).toLocaleString("en"),
    run.readers,
    `${run.delivered.toLocaleString("en")} of ${run.expected.toLocaleString("en")}`,
    run.gaps,
    `${p50.toFixed(0)} / ${p99.toFixed(0)} / ${max.toFixed(0)}`,
    `${Math.round(run.serverCpuShare * 100)} %`,
  ].join(" | ")} |`;
}
