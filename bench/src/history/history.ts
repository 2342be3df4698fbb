// Scenario history: how fast results come into memory at a start, what they take there, and how long a day of them takes
// to read. PostgreSQL runs on the same cores.

import type { ResultRow, Scenario, ScenarioOptions } from "../scenario.ts";
import { isWanted } from "../scenario.ts";
import { type LoadRun, runLoad } from "./load-run.ts";
import { reportHistory } from "./report.ts";
import { openSeededDatabase } from "./seeded-database.ts";
import { runStore, type StoreRun } from "./store-run.ts";

const START_ROWS = [100_000, 1_000_000, 10_000_000];
const STORE_ROWS = [100_000, 1_000_000, 10_000_000, 30_000_000];
const QUICK_ROWS = [100_000];
const RUNS = 3;

export interface HistoryStartRow extends ResultRow {
  readonly kind: "start";
  /** Of several the one whose load took the median time. */
  readonly run: LoadRun;
}

export interface HistoryStoreRow extends ResultRow {
  readonly kind: "store";
  readonly run: StoreRun;
}

export const history: Scenario = {
  name: "history",
  summary: "How fast results come into memory, what they take there, and how fast they are read.",
  run: runHistory,
  report: (rows) => reportHistory(rows as readonly (HistoryStartRow | HistoryStoreRow)[]),
};

async function runHistory(options: ScenarioOptions): Promise<readonly ResultRow[]> {
  const measuredOn = new Date().toISOString().slice(0, 10);
  const rows: ResultRow[] = [];
  if (isWanted(options.condition, "store")) {
    for (const count of options.quick ? QUICK_ROWS : STORE_ROWS) {
      options.log(`history: a store of ${count} rows`);
      rows.push({
        key: keyOf("store", count),
        measuredOn,
        kind: "store",
        run: await runStore(count),
      } as ResultRow);
    }
  }
  if (!isWanted(options.condition, "start")) return rows;
  await using seeded = await openSeededDatabase();
  for (const count of options.quick ? QUICK_ROWS : START_ROWS) {
    options.log(`history: ${count} rows into PostgreSQL`);
    await seeded.seed(count);
    const runs: LoadRun[] = [];
    for (let at = 0; at < (options.runs ?? RUNS); at += 1) {
      options.log(`history: a start with ${count} rows`);
      runs.push(await runLoad(seeded.database));
    }
    const run = runs.toSorted((a, b) => a.completeMs - b.completeMs)[Math.floor(runs.length / 2)];
    rows.push({ key: keyOf("start", count), measuredOn, kind: "start", run } as ResultRow);
  }
  return rows;
}

function keyOf(kind: string, count: number): string {
  return `${kind}-${String(count).padStart(9, "0")}`;
}
