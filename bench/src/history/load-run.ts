// One start of the history in memory, seen from the thread that answers requests meanwhile.

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { systemClock } from "@truechimer/base";
import type { Database } from "@truechimer/database";
import { downSample } from "@truechimer/history";
import { createHotHistory, HISTORY_SETTINGS, type HotHistory } from "@truechimer/server";
import { silentLogger } from "@truechimer/telemetry";
import { type Spread, spreadOf } from "../statistics.ts";
import { MONITORS, SERVERS } from "./seeded-database.ts";

const DAY_MS = 86_400_000;
const DAY_US = DAY_MS * 1_000;
const MEMORY_BYTES_MAX = 4 * 2 ** 30;
const ASKED_EVERY_MS = 5;
const NS_PER_MS = 1e6;
const NS_PER_S = 1e9;
/** Each server twice: the first few, which are not compiled yet, are fewer than one in a hundred. */
const QUERIES = 1_000;
const QUERIES_OF_ALL = 30;
const POINTS_MAX = 2_000;
const FINAL = new Set(["complete", "complete_capped", "degraded", "failed"]);

export interface LoadRun {
  readonly state: string;
  readonly rows: number;
  /** Of them those from the checkpoint. */
  readonly rowsRestored: number;
  readonly firstAnswerMs: number;
  readonly completeMs: number;
  readonly rowsPerSecond: number;
  /** Longest time that the event loop did not turn, beyond the pause between two looks. */
  readonly stallMs: number;
  /** Of a request to this process during the load. */
  readonly requestMs: Spread;
  readonly bytesPerRow: number;
  /** A day of one server, thinned out as for a chart, after a look at what was committed. */
  readonly serverDayMs: Spread;
  /** A day of all servers: each row's offset. */
  readonly allDayMs: Spread;
  /** Likewise each row's server, monitor, outcome, offset and score. */
  readonly allDayRowsMs: Spread;
}

/** @param checkpointFile read at the start, and written when the run is over. */
export async function runLoad(database: Database, checkpointFile?: string): Promise<LoadRun> {
  await using history = createHotHistory({
    database,
    clock: systemClock,
    logger: silentLogger,
    settings: {
      ...HISTORY_SETTINGS,
      retentionMs: 16 * DAY_MS,
      memoryBytesMax: MEMORY_BYTES_MAX,
      checkpointFile,
    },
  });
  const watched = await watchLoad(history);
  const serverDayMs = await timeServerDays(history);
  const allDay = timeAllDays(history);
  const { phase, rows, rowsRestored } = history.progress();
  return {
    state: phase,
    rows,
    rowsRestored,
    ...watched,
    rowsPerSecond: (rows / watched.completeMs) * 1_000,
    bytesPerRow: history.store.bytes / history.store.rows,
    serverDayMs,
    allDayMs: allDay.offsets,
    allDayRowsMs: allDay.rows,
  };
}

async function watchLoad(
  history: HotHistory,
): Promise<Pick<LoadRun, "firstAnswerMs" | "completeMs" | "stallMs" | "requestMs">> {
  const server = createServer((_request, response) => response.end("ok")).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  await (await fetch(url)).text();
  const requests: number[] = [];
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const startedAt = performance.now();
  history.start();
  let firstAnswerMs = Number.NaN;
  while (!FINAL.has(history.progress().phase)) {
    const askedAt = performance.now();
    await (await fetch(url)).text();
    requests.push(performance.now() - askedAt);
    if (Number.isNaN(firstAnswerMs) && Number.isFinite(history.store.horizonUs))
      firstAnswerMs = performance.now() - startedAt;
    await pause(ASKED_EVERY_MS);
  }
  const completeMs = performance.now() - startedAt;
  delay.disable();
  server.closeAllConnections();
  server.close();
  return {
    firstAnswerMs: Number.isNaN(firstAnswerMs) ? completeMs : firstAnswerMs,
    completeMs,
    stallMs: delay.max / NS_PER_MS,
    requestMs: spreadOf(requests),
  };
}

async function timeServerDays(history: HotHistory): Promise<Spread> {
  const times: number[] = [];
  for (let query = 0; query < QUERIES; query += 1) {
    const startedAt = performance.now();
    const store = await history.current();
    if (store === undefined) throw new Error("the history is not current");
    const toUs = store.newestUs ?? 0;
    downSample(store, {
      serverId: 1 + (query % SERVERS),
      fromUs: toUs - DAY_US,
      toUs,
      pointsMax: POINTS_MAX,
      isWanted: () => true,
    });
    times.push(performance.now() - startedAt);
  }
  return spreadOf(times);
}

/** Each row of a day is looked at: its offset alone, and then its server, monitor, offset and score. */
function timeAllDays({ store }: HotHistory): { readonly offsets: Spread; readonly rows: Spread } {
  const toUs = store.newestUs ?? 0;
  const day = { fromUs: toUs - DAY_US, toUs };
  const expected = store.count(day);
  const offsets: number[] = [];
  const rows: number[] = [];
  for (let query = 0; query < QUERIES_OF_ALL; query += 1) {
    let count = 0;
    let greatest = 0;
    offsets.push(
      timed(() =>
        store.scan(day, (row) => {
          count += 1;
          const size = Math.abs(row.offsetNs);
          if (size > greatest) greatest = size;
        }),
      ),
    );
    if (count !== expected || greatest === 0) throw new Error(`${count} rows of ${expected}`);
    const worst = new Float64Array(SERVERS * MONITORS).fill(Number.POSITIVE_INFINITY);
    count = 0;
    rows.push(
      timed(() =>
        store.scan(day, (row) => {
          count += 1;
          const at = (row.serverId - 1) * MONITORS + row.monitorId - 1;
          const size = row.succeeded ? Math.abs(row.offsetNs) : 0;
          worst[at] = Math.min(worst[at] as number, row.score - size / NS_PER_S);
        }),
      ),
    );
    if (count !== expected || !worst.some(Number.isFinite))
      throw new Error(`${count} rows of ${expected}`);
  }
  return { offsets: spreadOf(offsets), rows: spreadOf(rows) };
}

function timed(work: () => void): number {
  const startedAt = performance.now();
  work();
  return performance.now() - startedAt;
}
