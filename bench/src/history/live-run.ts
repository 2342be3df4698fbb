// The live feed under load: so many results a second into PostgreSQL, two hundred streams out of one control plane, half
// of them with a filter, everything on the same two cores.

import { setTimeout as pause } from "node:timers/promises";
import { systemRandom } from "@truechimer/base";
import type { Database } from "@truechimer/database";
import { createToken } from "@truechimer/server";
import { startMeasuredProcess } from "../measured-process.ts";
import { type Spread, spreadOf } from "../statistics.ts";
import { openThrowAwayDatabase } from "../throw-away-database.ts";
import { type LiveReader, openLiveReader } from "./live-reader.ts";
import { MONITORS, SERVERS } from "./seeded-database.ts";

const RESULTS_A_SECOND = 5_000;
const READERS = 200;
const SECONDS = 10;
const BEAT_MS = 20;
const SETTLED_MS_MAX = 30_000;
const RESULTS_A_BEAT = (RESULTS_A_SECOND * BEAT_MS) / 1_000;

export interface LiveRun {
  readonly resultsPerSecond: number;
  readonly readers: number;
  readonly results: number;
  /** Checks that came to all readers together, and how many should have. */
  readonly delivered: number;
  readonly expected: number;
  /** Answers out of sequence, or that told of something missed. */
  readonly gaps: number;
  /** From acceptance to arrival, of the oldest check of each answer. */
  readonly ageMs: Spread;
  /** Of the control plane, of one core, while results came. */
  readonly serverCpuShare: number;
}

export async function runLive(
  log: (line: string) => void,
  seconds: number = SECONDS,
): Promise<LiveRun> {
  await using world = await openThrowAwayDatabase();
  const { database, postgres } = world;
  await addFleet(database);
  const key = createToken("tca_", systemRandom);
  await using server = await startMeasuredProcess(new URL("./live-process.ts", import.meta.url), [
    postgres.url,
    key,
  ]);
  const url = server.told;
  const readers: { readonly reader: LiveReader; readonly server: number | undefined }[] = [];
  for (let at = 0; at < READERS; at += 1) {
    const own = at % 2 === 0 ? undefined : 1 + ((at * 5) % SERVERS);
    const filter = own === undefined ? "" : `server:s${own}`;
    readers.push({ reader: await openLiveReader({ url, key, filter }), server: own });
  }
  log(`history: ${READERS} streams stand`);
  const cpuBefore = await server.cpuUs();
  const startedAt = performance.now();
  const results = await insertFor(database, seconds);
  const insertedMs = performance.now() - startedAt;
  const cpuUs = (await server.cpuUs()) - cpuBefore;
  const counts = await countByServer(database);
  const expectedOf = (own: number | undefined): number =>
    own === undefined ? results : (counts.get(own) ?? 0);
  const expected = readers.reduce((sum, each) => sum + expectedOf(each.server), 0);
  const delivered = (): number => readers.reduce((sum, { reader }) => sum + reader.checks, 0);
  for (let waited = 0; delivered() < expected && waited < SETTLED_MS_MAX; waited += BEAT_MS)
    await pause(BEAT_MS);
  for (const { reader } of readers) reader.close();
  return {
    resultsPerSecond: (results / insertedMs) * 1_000,
    readers: READERS,
    results,
    delivered: delivered(),
    expected,
    gaps: readers.reduce((sum, { reader }) => sum + reader.gaps, 0),
    ageMs: spreadOf(readers.flatMap(({ reader }) => reader.ageMs)),
    serverCpuShare: cpuUs / 1_000 / insertedMs,
  };
}

async function addFleet({ pool }: Database): Promise<void> {
  await pool.query(
    `insert into monitors (id_token, hostname, ip, ip_version, status)
     select 'm' || i, 'm' || i, ('198.19.0.' || i)::inet, 'v4', 'active' from generate_series(1, ${MONITORS}) i`,
  );
  await pool.query(
    `insert into servers (name, ip, ip_version, stratum)
     select 's' || i, ('198.18.' || (i >> 8) || '.' || (i & 255))::inet, 'v4', 2 from generate_series(1, ${SERVERS}) i`,
  );
}

/** At an even beat; a beat that was missed is made up for. */
async function insertFor({ pool }: Database, seconds: number): Promise<number> {
  const startedAt = performance.now();
  let sent = 0;
  const inserting: Promise<unknown>[] = [];
  while (performance.now() - startedAt < seconds * 1_000) {
    const due = Math.floor((performance.now() - startedAt) / BEAT_MS) * RESULTS_A_BEAT;
    for (; sent < due; sent += RESULTS_A_BEAT) inserting.push(pool.query(INSERT, [sent]));
    await pause(BEAT_MS / 4);
  }
  await Promise.all(inserting);
  return sent;
}

/** By one monitor, as a submission is. */
const INSERT = `
  insert into log_scores (ts, server_id, monitor_id, step, score, offset_ns, bound_ns, rtt_ns, stratum, leap, samples_sent,
    samples_answered)
  select now(), s.id, m.id, 1, 20, n * 1000, 1000000, 5000000, 2, 0, 3, 3
  from generate_series($1::int, $1::int + ${RESULTS_A_BEAT - 1}) n
  join servers s on s.name = 's' || (1 + (n * 7919) % ${SERVERS})
  join monitors m on m.hostname = 'm' || (1 + ($1::int / ${RESULTS_A_BEAT}) % ${MONITORS})`;

async function countByServer({ pool }: Database): Promise<ReadonlyMap<number, number>> {
  const { rows } = await pool.query<{ server: number; count: number }>(
    `select substr(s.name, 2)::int as server, count(*)::float8 as count
     from log_scores l join servers s on s.id = l.server_id group by s.name`,
  );
  return new Map(rows.map(({ server, count }) => [server, count]));
}
