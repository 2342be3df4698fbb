// One reader in the order of commits, for all who follow new rows of log_scores. Ids are drawn before rows become
// visible, and transactions end in another order than they began; a reader that remembers the last id, or the last time,
// misses what commits late. This one remembers a snapshot: what was visible in it has been read. What is visible now and
// was not then is next: exactly that, whatever was rolled back, and without waiting for transactions that are open for
// long, here or in other databases of the cluster. Savepoints count under their transaction, prepared transactions as
// open until they are committed.
//
// A position belongs to one cluster's count of transactions. After a dump was restored elsewhere (or pg_upgrade) the
// rows that came with it are still told apart by the old count, which goes on no more; then comes all that the new
// cluster has written. After a failover to a standby the count goes on; a position that is kept in the database has
// stayed in step with it, one in memory must begin anew (`timeline`). Only the primary can be asked: a
// standby does not know all that is in progress.

import { assert } from "@truechimer/base";
import { type Kysely, type RawBuilder, sql } from "kysely";
import type { Schema } from "../schema.ts";
import type { Timestamptz } from "../timestamptz.ts";
import {
  covers,
  type PgSnapshot,
  type PgSnapshotText,
  parsePgSnapshot,
  pgSnapshotText,
  snapshotUpTo,
} from "./pg-snapshot.ts";

/**
 * How far a reader has come. A value: kept in the transaction that writes what was made of the results, without its
 * timeline; or in memory, with it.
 */
export interface ResultsPosition {
  /** System identifier of the PostgreSQL that counted the transactions. */
  readonly cluster: bigint;
  /** What was visible in it has been read. */
  readonly snapshot: PgSnapshotText;
  /** Changes with each failover, by which a position in memory would be ahead of the database. Absent: not looked at. */
  readonly timeline?: string | undefined;
}

/** Results that one statement of a transaction wrote for one monitor. */
export interface ResultCommit {
  readonly transactionId: bigint;
  /** The monitor or the scorer. */
  readonly monitorId: bigint;
  readonly results: number;
  /** When they were written, before their commit; database clock. */
  readonly acceptedAt: Timestamptz;
  readonly firstTs: Timestamptz;
  readonly lastTs: Timestamptz;
}

/** What comes next for a reader. */
export interface ResultsPage {
  readonly kind: "page";
  /** In the order of their transactions' ids; a transaction is in it whole or not at all. */
  readonly commits: readonly ResultCommit[];
  /** Whose transactions they are. */
  readonly cluster: bigint;
  /** Where the reader is once it has dealt with them. */
  readonly position: ResultsPosition;
  /** True: that was all when it was asked. */
  readonly complete: boolean;
}

/** What the reader has not read may be gone: it must begin anew, with the rows as they are. */
export interface ResultsLost {
  readonly kind: "lost";
}

export interface ReadResultsOptions {
  /** Results in a page; more only where one transaction wrote more. Default 5,000: some 10 MB of rows. */
  readonly resultsMax?: number;
  /** Results of these are passed over, such as the scorers' own. */
  readonly exceptMonitorIds?: readonly bigint[];
}

const RESULTS_MAX_DEFAULT = 5_000;
/** Nothing is read yet: ids begin above it. */
const NOTHING_READ = "1:1:" as PgSnapshotText;
/** Of a cluster that counts no more: nothing is in progress there. */
const ALL_ENDED: PgSnapshot = { endId: 2n ** 63n, inProgress: [] };

/** Where a reader begins that takes all rows visible to this statement as read, but for those of its own transaction. */
export async function currentResultsPosition(
  database: Kysely<Schema>,
): Promise<Required<ResultsPosition>> {
  const { rows } = await sql<Required<ResultsPosition>>`select ${NOW}`.execute(database);
  const [row] = rows;
  assert(row !== undefined, "a select without a table gives a row");
  return row;
}

/** The whole of one position; fails on a standby, as the driver's `25006` does. */
const NOW = sql`
  (select system_identifier from pg_control_system()) as cluster, results_snapshot() as snapshot,
  left(pg_walfile_name(pg_current_wal_lsn()), 8) as timeline`;

interface FoundRow {
  readonly cluster: bigint;
  readonly snapshot: PgSnapshotText;
  readonly timeline: string;
  readonly purged: PgSnapshotText | null;
  readonly has_more: boolean;
  readonly transaction_id: bigint | null;
  readonly monitor_id: bigint;
  readonly results: number;
  readonly accepted_at: Timestamptz;
  readonly first_ts: Timestamptz;
  readonly last_ts: Timestamptz;
}

/** The results after `position`, as they stand to this statement. One statement; nothing is written. */
export async function readCommittedResults(
  database: Kysely<Schema>,
  position: ResultsPosition,
  options: ReadResultsOptions = {},
): Promise<ResultsPage | ResultsLost> {
  const before = parsePgSnapshot(position.snapshot);
  const found = await findCommits(database, { cluster: position.cluster, before }, options);
  const [now] = found;
  assert(now !== undefined, "the reader's own row is always there");
  if (isLost(position, now)) return { kind: "lost" };
  const commits = found.flatMap((row) => (row.transaction_id === null ? [] : [commitOf(row)]));
  const atEnd = endOf(position, now);
  const lastId = commits.at(-1)?.transactionId;
  const isCounting = position.cluster === now.cluster;
  if (!now.has_more || lastId === undefined) {
    return {
      kind: "page",
      commits,
      cluster: position.cluster,
      position: atEnd,
      complete: isCounting,
    };
  }
  const seen = isCounting ? parsePgSnapshot(now.snapshot) : ALL_ENDED;
  const snapshot = pgSnapshotText(snapshotUpTo(before, seen, lastId));
  const reached = { ...position, snapshot };
  return { kind: "page", commits, cluster: position.cluster, position: reached, complete: false };
}

/** In memory: ahead of the database, or left behind by the clean-up, which waits for positions in the database alone. */
function isLost({ cluster, snapshot, timeline }: ResultsPosition, now: FoundRow): boolean {
  if (timeline === undefined) return false;
  if (timeline !== now.timeline || cluster !== now.cluster) return true;
  return now.purged !== null && !covers(parsePgSnapshot(snapshot), parsePgSnapshot(now.purged));
}

/** Where a reader is that has read all there was. From another cluster it comes to the first transaction of this one. */
function endOf(position: ResultsPosition, now: FoundRow): ResultsPosition {
  const { cluster } = now;
  const snapshot = position.cluster === cluster ? now.snapshot : NOTHING_READ;
  return position.timeline === undefined
    ? { cluster, snapshot }
    : { cluster, snapshot, timeline: now.timeline };
}

/** One row a commit, each with the reader's own columns; those alone where there is none. */
async function findCommits(
  database: Kysely<Schema>,
  { cluster, before }: { readonly cluster: bigint; readonly before: PgSnapshot },
  { resultsMax = RESULTS_MAX_DEFAULT, exceptMonitorIds = [] }: ReadResultsOptions,
): Promise<readonly FoundRow[]> {
  const commitsMax = commitsMaxOf(resultsMax);
  const isWanted = sql`cluster = ${cluster} and monitor_id <> all(${exceptMonitorIds}::bigint[])
      and (cluster <> (select cluster from reader) or transaction_id is distinct from pg_current_xact_id_if_assigned())`;
  // Planning takes longer than looking, and whoever asks the history in memory waits for a look.
  const { rows } = await sql<FoundRow>`
    /* prepared: committed_results */
    with reader as materialized (select ${NOW}),
    found as materialized (
      select transaction_id, results from (
        (select transaction_id, results from result_commits
         where ${isWanted} and transaction_id = any(${before.inProgress}::xid8[])
         order by transaction_id limit ${commitsMax})
        union all
        (select transaction_id, results from result_commits
         where ${isWanted} and transaction_id >= ${before.endId}::xid8
         order by transaction_id limit ${commitsMax})
      ) either order by transaction_id limit ${commitsMax}
    ),
    counted as materialized (
      select transaction_id, sum(sum(results)) over (order by transaction_id) - sum(results) as results_before
      from found group by transaction_id
    ),
    page as (
      select c.transaction_id, c.monitor_id, c.results, c.accepted_at, c.first_ts, c.last_ts
      from counted
      join result_commits c on c.cluster = ${cluster} and c.transaction_id = counted.transaction_id
        and c.monitor_id <> all(${exceptMonitorIds}::bigint[])
      where counted.results_before < ${resultsMax}
    )
    select reader.cluster, reader.snapshot, reader.timeline, page.*,
      (select purged_snapshot from result_commit_purges where cluster = ${cluster}) as purged,
      (select count(*) from found) = ${commitsMax}
        or exists (select from counted where results_before >= ${resultsMax}) as has_more
    from reader left join page on true
    order by page.transaction_id`.execute(database);
  return rows;
}

/**
 * Commits that are looked at for a page: one more than it holds. A submission has some twelve results; where there are
 * fewer of them in each, pages are smaller, and the last one may be followed by an empty one.
 */
function commitsMaxOf(resultsMax: number): number {
  return Math.min(resultsMax, Math.max(COMMITS_MIN, Math.ceil(resultsMax / RESULTS_A_COMMIT))) + 1;
}

const RESULTS_A_COMMIT = 4;
const COMMITS_MIN = 100;

function commitOf(row: FoundRow): ResultCommit {
  assert(row.transaction_id !== null, "only the reader's own row has none");
  return {
    transactionId: row.transaction_id,
    monitorId: row.monitor_id,
    results: row.results,
    acceptedAt: row.accepted_at,
    firstTs: row.first_ts,
    lastTs: row.last_ts,
  };
}

/**
 * The results of a page as a relation `(id, ts, server_id, monitor_id, transaction_id, accepted_at)`, to be joined with
 * log_scores by id and ts; `resultTimes` gives the bounds by which PostgreSQL then leaves the other days out.
 */
export function resultKeys(
  { cluster, commits }: Pick<ResultsPage, "cluster" | "commits">,
  exceptMonitorIds: readonly bigint[] = [],
): RawBuilder<unknown> {
  const transactionIds = [...new Set(commits.map(({ transactionId }) => transactionId))];
  return sql`(
    select key.id, key.ts, key.server_id, c.monitor_id, c.transaction_id, c.accepted_at
    from result_commits c cross join lateral unnest(c.ids, c.tss, c.server_ids) as key (id, ts, server_id)
    where c.cluster = ${cluster} and c.transaction_id = any(${transactionIds}::xid8[])
      and c.monitor_id <> all(${exceptMonitorIds}::bigint[])
  )`;
}

/** The first and the last time of the results of a page that has any. */
export function resultTimes({ commits }: Pick<ResultsPage, "commits">): {
  readonly first: Timestamptz;
  readonly last: Timestamptz;
} {
  const [commit] = commits;
  assert(commit !== undefined, "the page has results");
  let { firstTs: first, lastTs: last } = commit;
  for (const { firstTs, lastTs } of commits) {
    if (firstTs < first) first = firstTs;
    if (lastTs > last) last = lastTs;
  }
  return { first, last };
}
