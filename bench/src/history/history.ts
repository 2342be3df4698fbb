// Scenario history: how fast results come into memory at a start, what they take there, and how long a day of them takes
// to read. PostgreSQL runs on the same cores.

import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { ResultRow, Scenario, ScenarioOptions } from "../scenario.ts";
import { isWanted } from "../scenario.ts";
import { type LiveRun, runLive } from "./live-run.ts";
import { type LoadRun, runLoad } from "./load-run.ts";
import { reportHistory } from "./report.ts";
import { openSeededDatabase } from "./seeded-database.ts";
import { runStore, type StoreRun } from "./store-run.ts";

const START_ROWS = [100_000, 1_000_000, 10_000_000, 30_000_000];
const STORE_ROWS = [100_000, 1_000_000, 10_000_000, 30_000_000];
const QUICK_ROWS = [100_000];
const RUNS = 3;
const QUICK_SECONDS = 2;

export interface HistoryStartRow extends ResultRow {
  readonly kind: "start";
  /** Of several the one whose load took the median time. */
  readonly run: LoadRun;
}

/** A start from the checkpoint that a clean stop has left. */
export interface HistoryWarmRow extends ResultRow {
  readonly kind: "warm";
  readonly run: LoadRun;
}

export interface HistoryStoreRow extends ResultRow {
  readonly kind: "store";
  readonly run: StoreRun;
}

/** The live feed. */
export interface HistoryLiveRow extends ResultRow {
  readonly kind: "live";
  readonly run: LiveRun;
}

export type HistoryResultRow = HistoryStartRow | HistoryWarmRow | HistoryStoreRow | HistoryLiveRow;

export const history: Scenario = {
  name: "history",
  summary: "How fast results come into memory, what they take there, and how fast they are read.",
  parts: ({ quick }) => ({
    condition: ["start", "warm", "live", "store"],
    size: (quick ? QUICK_ROWS : [...new Set([...START_ROWS, ...STORE_ROWS])]).map(String),
  }),
  run: runHistory,
  report: (rows) => reportHistory(rows as readonly HistoryResultRow[]),
};

async function runHistory(options: ScenarioOptions): Promise<readonly ResultRow[]> {
  const rows: HistoryResultRow[] = [];
  const isStart = isWanted(options.condition, "start");
  const isWarm = isWanted(options.condition, "warm");
  if (isWanted(options.condition, "store")) rows.push(...(await runStores(options)));
  if (isWanted(options.condition, "live")) {
    options.log("history: the live feed");
    const run = await runLive(options.log, options.quick ? QUICK_SECONDS : undefined);
    rows.push({ ...keyOf("live", run.readers), kind: "live", run });
  }
  if (!isStart && !isWarm) return rows;
  for (const count of options.quick ? QUICK_ROWS : START_ROWS.filter(ofSize(options))) {
    options.log(`history: ${count} rows in PostgreSQL`);
    await using seeded = await openSeededDatabase(count, options.log);
    const checkpointFile = join(seeded.directory, "history.checkpoint");
    if (isStart) {
      const run = await medianRun(options, async () => await runLoad(seeded.database));
      rows.push({ ...keyOf("start", count), kind: "start", run });
    }
    if (isWarm) {
      options.log(`history: a checkpoint of ${count} rows`);
      await rm(checkpointFile, { force: true });
      await runLoad(seeded.database, checkpointFile);
      const run = await medianRun(
        options,
        async () => await runLoad(seeded.database, checkpointFile),
      );
      rows.push({ ...keyOf("warm", count), kind: "warm", run });
    }
  }
  return rows;
}

async function runStores(options: ScenarioOptions): Promise<readonly HistoryStoreRow[]> {
  const rows: HistoryStoreRow[] = [];
  for (const count of options.quick ? QUICK_ROWS : STORE_ROWS.filter(ofSize(options))) {
    options.log(`history: a store of ${count} rows`);
    rows.push({ ...keyOf("store", count), kind: "store", run: await runStore(count) });
  }
  return rows;
}

function ofSize({ size }: ScenarioOptions): (count: number) => boolean {
  return (count) => size === undefined || size === String(count);
}

/** Of several the one that took the median time. */
async function medianRun(options: ScenarioOptions, run: () => Promise<LoadRun>): Promise<LoadRun> {
  const runs: LoadRun[] = [];
  for (let at = 0; at < (options.quick ? 1 : (options.runs ?? RUNS)); at += 1) {
    options.log(`history: start ${at + 1}`);
    runs.push(await run());
  }
  const sorted = runs.toSorted((a, b) => a.completeMs - b.completeMs);
  return sorted[Math.floor((runs.length - 1) / 2)] as LoadRun;
}

function keyOf(kind: string, count: number): { readonly key: string; readonly measuredOn: string } {
  const key = `${kind}-${String(count).padStart(9, "0")}`;
  return { key, measuredOn: new Date().toISOString().slice(0, 10) };
}
