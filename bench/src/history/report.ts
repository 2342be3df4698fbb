// The tables of scenario history, with what they are held against.

import type { HistoryStartRow, HistoryStoreRow } from "./history.ts";

export function reportHistory(rows: readonly (HistoryStartRow | HistoryStoreRow)[]): string {
  const starts = rows.filter((row): row is HistoryStartRow => row.kind === "start");
  const stores = rows.filter((row): row is HistoryStoreRow => row.kind === "store");
  return [
    "A start, from a database that is up: one thread reads and packs, another answers. Budgets are those of 10 M rows. What",
    "else works on the machine is in all figures: those of 2026-11-28 were taken while three other programs kept both cores busy.",
    "",
    "| rows | first answer, s | all in memory, s | rows/s | longest stall, ms | a request meanwhile, ms p50 / p99 | day of one server, ms p50 / p99 | day of all servers, ms p50 / p99 | bytes a row |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    "| budget | < 1 | < 15 | ≥ 670,000 | < 50 | p99 < 20 | p99 < 5 | p99 < 100 | ≤ 48 |",
    ...starts.map(startText),
    "",
    "The store alone, packed and filled in one thread.",
    "",
    "| rows | rows/s | bytes a row, counted | bytes a row, by the process |",
    "| --- | --- | --- | --- |",
    ...stores.map(storeText),
    "",
  ].join("\n");
}

function startText({ run }: HistoryStartRow): string {
  const spread = ({ p50, p99 }: { readonly p50: number; readonly p99: number }): string =>
    `${p50.toFixed(1)} / ${p99.toFixed(1)}`;
  return `| ${[
    `**${run.rows.toLocaleString("en")}** (${run.state})`,
    (run.firstAnswerMs / 1_000).toFixed(2),
    (run.completeMs / 1_000).toFixed(1),
    Math.round(run.rowsPerSecond).toLocaleString("en"),
    run.stallMs.toFixed(0),
    spread(run.requestMs),
    spread(run.serverDayMs),
    spread(run.allDayMs),
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
