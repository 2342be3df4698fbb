// The thread that judges faults: reads who watches whom and, where they are not handed in, their checks, judges, and writes
// down what it finds. Each message from the server is one piece of the fleet.

import { parentPort, workerData } from "node:worker_threads";
import { AppError, type ErrorCode } from "@truechimer/base";
import { createDatabase, type Database } from "@truechimer/database";
import type { ServerFault, ViewWindow } from "@truechimer/fault";
import { checksByPair, type PackedChecks } from "./check-columns.ts";
import { judgeFleet } from "./judge-fleet.ts";
import { checksFromDatabase } from "./load-checks.ts";
import { type FleetPlaces, loadFaultFleet } from "./load-fleet.ts";
import { storeServerFaults } from "./store-faults.ts";
import type { Onset } from "./trace-onsets.ts";

export interface FaultWorkerData {
  /** With its password: never to be told. */
  readonly url: string;
}

/** One piece of the fleet. */
export interface FaultTask extends FleetPlaces {
  readonly window: ViewWindow;
  /** Absent: they are read from the database. */
  readonly checks?: PackedChecks;
}

export interface JudgedPiece {
  readonly kind: "judged";
  /** Of the monitors that were judged; empty where nothing was checked lately. */
  readonly monitorIds: readonly number[];
  /** What is wrong with a monitor itself, by its id. */
  readonly monitors: ReadonlyMap<string, ServerFault>;
  /** Where trouble of the way has begun. */
  readonly onsets: readonly Onset[];
}

export type FaultReport =
  | JudgedPiece
  | { readonly kind: "failed"; readonly code: ErrorCode; readonly message: string };

const { url } = workerData as FaultWorkerData;
let opened: Promise<Database> | undefined;

parentPort?.on("message", (task: FaultTask) => {
  // Whatever fails is in the report.
  void answer(task);
});

async function answer(task: FaultTask): Promise<void> {
  try {
    parentPort?.postMessage(await judgePiece(await openedDatabase(), task));
  } catch (error) {
    const code = error instanceof AppError ? error.code : "internal";
    const message = error instanceof Error ? error.message : String(error);
    parentPort?.postMessage({ kind: "failed", code, message } satisfies FaultReport);
  }
}

/** Opened once; after a failure with the next piece anew. */
async function openedDatabase(): Promise<Database> {
  opened ??= createDatabase({ url, applicationName: "truechimer faults", poolSize: 1 });
  try {
    return await opened;
  } catch (error) {
    opened = undefined;
    throw error;
  }
}

/** Where nothing was checked lately, such as after a stop, nothing is said anew. */
async function judgePiece(database: Database, task: FaultTask): Promise<JudgedPiece> {
  const { servers, window } = task;
  const { nowMs, baselineMs, recentMs } = window;
  const fleet = await loadFaultFleet(database.kysely, task);
  const packed =
    task.checks === undefined
      ? await checksFromDatabase(
          database.kysely,
          servers.map(({ id }) => Number(id)),
          { fromMs: nowMs - baselineMs, nowMs },
        )
      : [task.checks];
  const { checks, lastIds } = checksByPair(packed, fleet);
  const isRecent = ({ atMs }: { readonly atMs: number }): boolean => atMs > nowMs - recentMs;
  if (!checks.some((each) => each.some(isRecent)))
    return { kind: "judged", monitorIds: [], monitors: new Map(), onsets: [] };
  const faults = judgeFleet({ pairs: fleet.pairs, checks, window });
  const onsets = await storeServerFaults(database, faults.servers, { ...fleet, lastIds });
  const monitorIds = [...new Set(fleet.monitorIds)];
  return { kind: "judged", monitorIds, monitors: faults.monitors, onsets };
}
