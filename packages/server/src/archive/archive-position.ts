// How far an archive has come, in the database: a position in the order of commits, and a range of older results that are
// still to be sent by their time. It is moved only from where it was read, so that of two replicas that send the same
// results one moves it; the archive keeps such results once.

import {
  inTransaction,
  type PgSnapshotText,
  type ResultsPosition,
  type Schema,
  type Timestamptz,
} from "@truechimer/database";
import { type Kysely, sql } from "kysely";
import type { ServerContext } from "../context.ts";
import type { Archive } from "./archive.ts";

export interface OlderRange {
  readonly from: Timestamptz;
  /** Of the results of the instant `from`, those with greater ids. */
  readonly afterId: bigint;
  /** Included. */
  readonly to: Timestamptz;
}

export interface ArchivePosition {
  readonly results: ResultsPosition;
  readonly older: OlderRange | undefined;
  /** Files of writes that were not noted as sent. */
  readonly writing: readonly string[];
  /** What the store is marked with. Empty: it has no mark. */
  readonly storeId: string;
}

interface PositionRow {
  readonly cluster: bigint;
  readonly snapshot: PgSnapshotText;
  readonly older_from: Timestamptz | null;
  readonly older_after_id: bigint;
  readonly older_to: Timestamptz | null;
  readonly writing: readonly string[];
  readonly store_id: string;
}

/** Notes that the archive is in use. One that is new begins with all that there is. */
export async function openPosition(
  { database }: Pick<ServerContext, "database">,
  { target, kind }: Pick<Archive, "target" | "kind">,
): Promise<void> {
  const { rows } = await sql<{ readonly events_noted: boolean }>`
    update archives set tried_at = now() where target = ${target} returning events_noted`.execute(
    database.kysely,
  );
  if (rows.length === 0) await addArchive(database, { target, kind });
  if (rows[0]?.events_noted !== true) await noteEvents(database, target);
}

async function addArchive(
  database: ServerContext["database"],
  { target, kind }: Pick<Archive, "target" | "kind">,
): Promise<void> {
  await inTransaction(database, async (transaction) => {
    // Whoever is storing a path has either committed it, or sees the archive.
    await sql`lock table traceroutes in share row exclusive mode`.execute(transaction);
    const { rows: added } = await sql`
      insert into archives (target, kind, cluster, snapshot, older_from, older_to, tried_at)
      select ${target}, ${kind}, system_identifier, results_snapshot(),
        (select min(ts) from log_scores), (select max(ts) from log_scores), now()
      from pg_control_system()
      on conflict do nothing returning target`.execute(transaction);
    if (added.length === 0) return;
    await sql`
      insert into archive_traceroutes (target, traceroute_id) select ${target}::text, id from traceroutes`.execute(
      transaction,
    );
  });
}

/** Those from before the archive was there wait for it, too. */
async function noteEvents(database: ServerContext["database"], target: string): Promise<void> {
  // Whoever is storing an event has either committed it, or sees the archive: from here on nobody is waited for.
  await inTransaction(database, async (transaction) => {
    await sql`lock table events in share row exclusive mode`.execute(transaction);
  });
  await sql`
    with noted as (
      update archives set events_noted = true where target = ${target} and not events_noted returning target
    )
    insert into archive_events (target, event_id) select noted.target, e.id from noted cross join events e
    on conflict do nothing`.execute(database.kysely);
}

export async function readPosition(
  database: Kysely<Schema>,
  target: string,
): Promise<ArchivePosition> {
  const row: PositionRow = await database
    .selectFrom("archives")
    .select([
      "cluster",
      "snapshot",
      "older_from",
      "older_after_id",
      "older_to",
      "writing",
      "store_id",
    ])
    .where("target", "=", target)
    .executeTakeFirstOrThrow();
  const { cluster, snapshot, older_from: from, older_after_id: afterId, older_to: to } = row;
  return {
    results: { cluster, snapshot },
    older: from === null || to === null ? undefined : { from, afterId, to },
    writing: row.writing,
    storeId: row.store_id,
  };
}

/** Before files are written. */
export async function noteWriting(
  database: Kysely<Schema>,
  target: string,
  files: readonly string[],
): Promise<void> {
  await sql`
    update archives set writing = writing || ${[...files]}::text[] where target = ${target}`.execute(
    database,
  );
}

/** After such files were removed. */
export async function noteDiscarded(
  database: Kysely<Schema>,
  target: string,
  files: readonly string[],
): Promise<void> {
  await sql`
    update archives set writing = array(select unnest(writing) except select unnest(${[...files]}::text[]))
    where target = ${target}`.execute(database);
}

export async function noteStore(
  database: Kysely<Schema>,
  target: string,
  storeId: string,
): Promise<void> {
  await sql`update archives set store_id = ${storeId} where target = ${target}`.execute(database);
}

/**
 * After a page of commits. `larger`: results of it that were not sent, and are to be sent by their time.
 *
 * @returns whether the position was where the page began; else somebody else has sent it.
 */
export async function moveResults(
  database: Kysely<Schema>,
  target: string,
  move: {
    readonly before: ResultsPosition;
    readonly after: ResultsPosition;
    readonly sent: number;
    readonly larger: { readonly first: Timestamptz; readonly last: Timestamptz } | undefined;
  },
): Promise<boolean> {
  const { before, after, sent, larger } = move;
  const [first, last] = [larger?.first ?? null, larger?.last ?? null];
  const { numAffectedRows } = await sql`
    update archives set writing = '{}', cluster = ${after.cluster}, snapshot = ${after.snapshot}::pg_snapshot,
      results_sent = results_sent + ${sent}::int, sent_at = case when ${sent}::int > 0 then now() else sent_at end,
      older_after_id = case when ${first}::timestamptz <= older_from then 0 else older_after_id end,
      older_from = least(older_from, ${first}::timestamptz), older_to = greatest(older_to, ${last}::timestamptz)
    where target = ${target} and cluster = ${before.cluster} and snapshot::text = ${before.snapshot}`.execute(
    database,
  );
  return numAffectedRows === 1n;
}

/** After a page of older results. `after` undefined: that was the last. Returns the same. */
export async function moveOlder(
  database: Kysely<Schema>,
  target: string,
  move: {
    readonly before: OlderRange;
    readonly after: OlderRange | undefined;
    readonly sent: number;
  },
): Promise<boolean> {
  const { before, after, sent } = move;
  const { numAffectedRows } = await sql`
    update archives set writing = '{}', older_from = ${after?.from ?? null}::timestamptz, older_to = ${after?.to ?? null}::timestamptz,
      older_after_id = ${after?.afterId ?? 0n}, results_sent = results_sent + ${sent}::int,
      sent_at = case when ${sent}::int > 0 then now() else sent_at end,
      behind_since = case when ${after === undefined} then null else behind_since end
    where target = ${target} and older_from = ${before.from} and older_after_id = ${before.afterId}
      and older_to = ${before.to}`.execute(database);
  return numAffectedRows === 1n;
}

/** @param error absent: the try was good. */
export async function noteTry(
  database: Kysely<Schema>,
  target: string,
  error?: string,
): Promise<void> {
  await sql`
    update archives set last_error = ${error ?? ""},
      failing_since = case when ${error !== undefined} then coalesce(failing_since, now()) end
    where target = ${target}`.execute(database);
}
