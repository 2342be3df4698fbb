// One transaction of the scorers: the next results of the shards that this process holds get their scores, and the shards
// move on. A crash leaves neither; a process whose lease another one has taken meanwhile finds the claim's number changed
// and writes nothing. When something in a page cannot be scored, the page is cut in halves until the server is found
// that fails; it is set aside and holds up nobody.

import { AppError, assert, type ErrorCode } from "@truechimer/base";
import {
  isRetryable,
  joinOfSnapshots,
  meetOfSnapshots,
  type PgSnapshot,
  type PgSnapshotText,
  parsePgSnapshot,
  pgSnapshotText,
  type ResultsPage,
  type ResultsPosition,
  readCommittedResults,
  resultKeys,
  resultTimes,
  type Schema,
} from "@truechimer/database";
import { type RawBuilder, sql, type Transaction } from "kysely";
import { type Scoring, scoreResults } from "./score-results.ts";
import { loadResults, type ScoredResult } from "./scored-result.ts";
import type { ActiveScorers } from "./scorers.ts";
import { forgetAll, forgetShards, limitMemory } from "./server-memory.ts";
import {
  endSettingAside,
  keepForLater,
  serversAside,
  setServerAside,
  takeWaiting,
} from "./set-aside.ts";
import { type HeldShards, LEASE_SECONDS } from "./shard-leases.ts";
import { SHARDS, shardOf } from "./shards.ts";

/**
 * Results in one transaction, those of others' shards among them: some hundred ms of work, so that whoever writes a
 * server's row waits no longer.
 */
const PAGE_RESULTS_MAX = 8_000;
/** A process that stands still in the middle of a transaction loses it, and with it the rows that are its fence. */
const IDLE_IN_TRANSACTION_MS = 10_000;

/** All that waits would fail alike. */
const FAILURES_OF_THE_WORLD: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "database_unreachable",
  "database_busy",
  "disk_full",
  "stopped",
]);

export interface PageOutcome {
  /** Results that were scored or set aside. */
  readonly results: number;
  /** Nothing more was there. */
  readonly complete: boolean;
  /** Shards that another process holds by now. */
  readonly lost: ReadonlySet<number>;
  /** Where all shards of this process are. Absent: they are not all at one place. */
  readonly position: ResultsPosition | undefined;
}

interface ShardPosition {
  readonly shard: number;
  readonly cluster: bigint;
  readonly snapshot: PgSnapshot;
}

export async function scorePage(scoring: Scoring, held: HeldShards): Promise<PageOutcome> {
  const { context, memory } = scoring;
  try {
    const touched = new Set<bigint>();
    const outcome = await context.database.kysely.transaction().execute(async (transaction) => {
      const { shards, lost } = await fence(transaction, context.replicaId, held);
      forgetShards(memory, lost);
      let results = 0;
      let complete = true;
      let position: ResultsPosition | undefined;
      // More than one cluster only while a restored dump is caught up with.
      for (const group of Map.groupBy(shards, ({ cluster }) => cluster).values()) {
        const page = await nextPage(transaction, scoring, group);
        const toLoad = { page, group, scorers: scoring.scorers };
        if (resultsOf(page) > PAGE_RESULTS_MAX * 2) {
          results += await keepPageForLater(transaction, toLoad);
        } else {
          const wanted = await loadPage(transaction, toLoad);
          for (const { serverId } of wanted) touched.add(serverId);
          await scoreAllBut(transaction, scoring, wanted);
          results += wanted.length;
        }
        await moveOn(transaction, group, page);
        complete &&= page.complete;
        if (page.complete && group.length === shards.length) ({ position } = page);
      }
      return { results, complete, lost, position };
    });
    limitMemory(memory, touched);
    return outcome;
  } catch (error) {
    // What was remembered may be of a transaction that is none.
    forgetAll(memory);
    throw error;
  }
}

/** Tries a server that is set aside again. */
export async function retryServer(
  scoring: Scoring,
  held: HeldShards,
  serverId: bigint,
): Promise<number> {
  const { context, memory } = scoring;
  const shard = shardOf(serverId);
  const claim = held.get(shard);
  if (claim === undefined) return 0;
  try {
    return await context.database.kysely.transaction().execute(async (transaction) => {
      const { shards } = await fence(transaction, context.replicaId, new Map([[shard, claim]]));
      if (shards.length === 0) return 0;
      const results = await takeWaiting(transaction, serverId);
      await scoreOrSetAside(transaction, scoring, results);
      await endSettingAside(transaction, serverId);
      return results.length;
    });
  } catch (error) {
    forgetAll(memory);
    throw error;
  }
}

/** Locks the shards' rows until the end of the transaction; those that are still ours. */
async function fence(
  transaction: Transaction<Schema>,
  replicaId: string,
  held: HeldShards,
): Promise<{ readonly shards: readonly ShardPosition[]; readonly lost: ReadonlySet<number> }> {
  const { rows } = await sql<{
    readonly shard: number;
    readonly cluster: bigint;
    readonly snapshot: PgSnapshotText;
    readonly claims: bigint;
    readonly idle: string;
  }>`
    select shard, cluster, snapshot, claims,
      set_config('idle_in_transaction_session_timeout', ${String(IDLE_IN_TRANSACTION_MS)}::text, true) as idle
    from scorer_shards where shard = any(${[...held.keys()]}::smallint[]) and holder = ${replicaId}
    order by shard for no key update`.execute(transaction);
  const shards = rows.flatMap(({ shard, cluster, snapshot, claims }) =>
    held.get(shard) === claims ? [{ shard, cluster, snapshot: parsePgSnapshot(snapshot) }] : [],
  );
  const ours = new Set(shards.map(({ shard }) => shard));
  return { shards, lost: new Set([...held.keys()].filter((shard) => !ours.has(shard))) };
}

/** What one of the shards has not read. */
async function nextPage(
  transaction: Transaction<Schema>,
  { scorers }: Scoring,
  group: readonly ShardPosition[],
): Promise<ResultsPage> {
  const [first] = group;
  assert(first !== undefined, "a group has a shard");
  const least = group.map(({ snapshot }) => snapshot).reduce(meetOfSnapshots);
  const page = await readCommittedResults(
    transaction,
    { cluster: first.cluster, snapshot: pgSnapshotText(least) },
    { resultsMax: PAGE_RESULTS_MAX, exceptMonitorIds: [...scorers.values()] },
  );
  assert(page.kind === "page", "the clean-up waits for positions that are kept in the database");
  return page;
}

interface PageToLoad {
  readonly page: ResultsPage;
  readonly group: readonly ShardPosition[];
  readonly scorers: ActiveScorers;
}

async function loadPage(
  transaction: Transaction<Schema>,
  wanted: PageToLoad,
): Promise<readonly ScoredResult[]> {
  const { page } = wanted;
  if (page.commits.length === 0) return [];
  return await loadResults(transaction, { keys: unreadKeys(wanted), ...resultTimes(page) });
}

/** What shards of the group have not read of the page. A monitor of type `score` feeds no scorer. */
function unreadKeys({ page, group, scorers }: PageToLoad): RawBuilder<unknown> {
  const shards = group.map(({ shard }) => shard);
  const snapshots = group.map(({ snapshot }) => pgSnapshotText(snapshot));
  const ofMonitors = sql`${resultKeys(page, [...scorers.values()])} as key
    where key.monitor_id not in (select id from monitors where type = 'score')`;
  if (new Set(snapshots).size === 1) {
    return sql`(
      select key.id, key.ts, key.server_id from ${ofMonitors}
        and key.server_id % ${SHARDS}::bigint = any(${shards}::bigint[])
    )`;
  }
  return sql`(
    select key.id, key.ts, key.server_id
    from unnest(${shards}::bigint[], ${snapshots}::pg_snapshot[]) as own (shard, snapshot), ${ofMonitors}
      and own.shard = key.server_id % ${SHARDS}::bigint
      and not pg_visible_in_snapshot(key.transaction_id, own.snapshot)
  )`;
}

function resultsOf({ commits }: ResultsPage): number {
  return commits.reduce((sum, { results }) => sum + results, 0);
}

/** One transaction wrote more than one of ours is to take: its results wait, and are taken some at a time. */
async function keepPageForLater(
  transaction: Transaction<Schema>,
  wanted: PageToLoad,
): Promise<number> {
  const { rows } = await sql<{ readonly kept: bigint }>`
    with kept as materialized (select id, ts, server_id from ${unreadKeys(wanted)} as unread),
    aside as (
      insert into scorer_set_aside (server_id, failures, retry_at, last_error)
      select distinct server_id, 0, now(), '' from kept on conflict do nothing
    ),
    waiting as (
      insert into set_aside_results (server_id, log_score_id, ts) select server_id, id, ts from kept
      on conflict do nothing
    )
    select count(*) as kept from kept`.execute(transaction);
  return Number(rows[0]?.kept ?? 0n);
}

async function moveOn(
  transaction: Transaction<Schema>,
  group: readonly ShardPosition[],
  { position }: ResultsPage,
): Promise<void> {
  const reached = parsePgSnapshot(position.snapshot);
  const snapshots = group.map(({ cluster, snapshot }) =>
    pgSnapshotText(cluster === position.cluster ? joinOfSnapshots(snapshot, reached) : reached),
  );
  await sql`
    update scorer_shards s set cluster = ${position.cluster}, snapshot = t.snapshot,
      leased_until = clock_timestamp() + make_interval(secs => ${LEASE_SECONDS}::float8)
    from unnest(${group.map(({ shard }) => shard)}::smallint[], ${snapshots}::pg_snapshot[]) as t (shard, snapshot)
    where s.shard = t.shard`.execute(transaction);
}

/** Results of a server that is set aside wait with those that wait. */
async function scoreAllBut(
  transaction: Transaction<Schema>,
  scoring: Scoring,
  results: readonly ScoredResult[],
): Promise<void> {
  if (results.length === 0) return;
  const aside = await serversAside(transaction);
  const waiting = results.filter(({ serverId }) => aside.has(serverId));
  if (waiting.length > 0) await keepForLater(transaction, waiting);
  await scoreOrSetAside(
    transaction,
    scoring,
    results.filter(({ serverId }) => !aside.has(serverId)),
  );
}

async function scoreOrSetAside(
  transaction: Transaction<Schema>,
  scoring: Scoring,
  results: readonly ScoredResult[],
): Promise<void> {
  if (results.length === 0) return;
  await sql`savepoint scoring`.execute(transaction);
  try {
    await scoreResults(transaction, scoring, results);
    await sql`release savepoint scoring`.execute(transaction);
  } catch (error) {
    if (isOfTheWorld(error)) throw error;
    await sql`rollback to savepoint scoring`.execute(transaction);
    await scoreInHalves(transaction, scoring, results, error);
  }
}

/** Its doing and not the rows'. A day of the history that is made meanwhile is such, too: the same succeeds then. */
function isOfTheWorld(error: unknown): boolean {
  return isRetryable(error) || (error instanceof AppError && FAILURES_OF_THE_WORLD.has(error.code));
}

async function scoreInHalves(
  transaction: Transaction<Schema>,
  scoring: Scoring,
  results: readonly ScoredResult[],
  error: unknown,
): Promise<void> {
  const serverIds = [...new Set(results.map(({ serverId }) => serverId))];
  for (const serverId of serverIds) scoring.memory.servers.delete(serverId);
  const [only] = serverIds;
  if (serverIds.length === 1 && only !== undefined) {
    await setServerAside(transaction, scoring.context, only, error);
    await keepForLater(transaction, results);
    return;
  }
  const half = new Set(serverIds.slice(0, Math.ceil(serverIds.length / 2)));
  for (const isInHalf of [true, false]) {
    await scoreOrSetAside(
      transaction,
      scoring,
      results.filter(({ serverId }) => half.has(serverId) === isInHalf),
    );
  }
}
