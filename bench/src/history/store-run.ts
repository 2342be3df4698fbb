// The store alone, filled as a loader fills it, against the memory of the process.

import { setTimeout as pause } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createHistoryStore, type Measurement, RowPacker } from "@truechimer/history";
import { DAYS, MONITORS, SERVERS } from "./seeded-database.ts";

const SETTLE_MS = 200;
const CHUNK_ROWS = 50_000;
const NOW_US = 1.8e15;
const SPAN_US = DAYS * 86_400_000_000;

export interface StoreRun {
  readonly rows: number;
  /** Packed and added, in one thread. */
  readonly rowsPerSecond: number;
  readonly bytesPerRow: number;
  /** What the process has become larger by. */
  readonly residentBytesPerRow: number;
}

export async function runStore(rows: number): Promise<StoreRun> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  // The buffers of an earlier store go when the loop turns.
  collect();
  await pause(SETTLE_MS);
  collect();
  const before = usedBytes();
  const store = createHistoryStore();
  const packer = new RowPacker();
  const row = aRow();
  const startedAt = performance.now();
  for (let at = 0; at < rows; at += 1) {
    change(row, at, rows);
    packer.push(row);
    if (at % CHUNK_ROWS === CHUNK_ROWS - 1 || at === rows - 1)
      for (const packed of packer.take()) store.add(packed);
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  collect();
  return {
    rows: store.rows,
    rowsPerSecond: rows / seconds,
    bytesPerRow: store.bytes / store.rows,
    residentBytesPerRow: (usedBytes() - before) / store.rows,
  };
}

/** What V8 holds, in the heap and outside of it; what the allocator keeps of an earlier run is not in it. */
function usedBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

type Changing = { -readonly [Key in keyof Measurement]: Measurement[Key] };

function change(row: Changing, at: number, rows: number): void {
  row.id = rows - at;
  row.atUs = Math.floor(NOW_US - (SPAN_US * at) / rows);
  row.serverId = 1 + ((at * 7_919) % SERVERS);
  row.monitorId = 1 + ((at * 104_729) % MONITORS);
  row.offsetNs = ((at * 7_907) % 4_000_000) - 2_000_000;
  row.rttNs = 10_000_000 + ((at * 7_717) % 90_000_000);
}

function aRow(): Changing {
  return {
    id: 0,
    atUs: 0,
    serverId: 0,
    monitorId: 0,
    offsetNs: 0,
    boundNs: 1_000_000,
    rttNs: 0,
    score: 20,
    step: 1,
    stratum: 2,
    leap: 0,
    reason: "",
    noResponse: false,
    hasEvidence: true,
    samplesSent: 3,
    samplesAnswered: 3,
  };
}
