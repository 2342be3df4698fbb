// The trail as it is stored.

import {
  type AuditActorName,
  nsFromTimestamptz,
  type Schema,
  type Timestamptz,
} from "@truechimer/database";
import { type Kysely, type RawBuilder, type SqlBool, sql } from "kysely";
import type { StoredEntry, TrailHead } from "./trail-check.ts";

/** An entry as its row has it. */
export interface EntryRow {
  readonly sequence: bigint;
  readonly at: Timestamptz;
  readonly actor_kind: AuditActorName;
  readonly actor_id: string;
  readonly actor_name: string;
  readonly act: string;
  readonly object: string;
  readonly account_id: bigint | null;
  readonly before: string | null;
  readonly after: string | null;
  readonly previous_hash: Uint8Array;
  readonly hash: Uint8Array;
}

export const ENTRY_COLUMNS = [
  "sequence",
  "at",
  "actor_kind",
  "actor_id",
  "actor_name",
  "act",
  "object",
  "account_id",
  "before",
  "after",
  "previous_hash",
  "hash",
] as const;

export async function readHead(kysely: Kysely<Schema>): Promise<TrailHead> {
  return kysely.selectFrom("audit_head").select(["sequence", "hash"]).executeTakeFirstOrThrow();
}

/** Oldest first. */
export async function readEntriesAfter(
  kysely: Kysely<Schema>,
  sequence: bigint,
  { to, limit }: { readonly to: bigint; readonly limit: number },
): Promise<readonly StoredEntry[]> {
  const rows = await kysely
    .selectFrom("audit_entries")
    .select(ENTRY_COLUMNS)
    .where("sequence", ">", sequence)
    .where("sequence", "<=", to)
    .orderBy("sequence")
    .limit(limit)
    .execute();
  return rows.map(entryOf);
}

/** What is looked for; what is absent, or empty, is not looked at. */
export interface EntrySearch {
  /** Sequence: older ones alone. */
  readonly before: bigint | undefined;
  /** Those of that account's people and keys alone. */
  readonly accountId: bigint | undefined;
  /** Part of the actor's name, in any case. */
  readonly who: string;
  /** Part of the act, with spaces, or of the object, in any case. */
  readonly what: string;
  readonly from: Timestamptz | undefined;
  /** Not included. */
  readonly to: Timestamptz | undefined;
  readonly limit: number;
}

/** Newest first. */
export async function readNewestEntries(
  kysely: Kysely<Schema>,
  { before, accountId, who, what, from, to, limit }: EntrySearch,
): Promise<readonly StoredEntry[]> {
  const words = what.replaceAll("_", " ");
  const rows = await kysely
    .selectFrom("audit_entries")
    .select(ENTRY_COLUMNS)
    .$if(before !== undefined, (query) => query.where("sequence", "<", before ?? 0n))
    .$if(accountId !== undefined, (query) => query.where("account_id", "=", accountId ?? 0n))
    .$if(who !== "", (query) => query.where(contains(sql`actor_name`, who)))
    .$if(what !== "", (query) =>
      query.where(contains(sql`replace(act, '_', ' ') || ' ' || object`, words)),
    )
    .$if(from !== undefined, (query) => query.where("at", ">=", from ?? ("" as Timestamptz)))
    .$if(to !== undefined, (query) => query.where("at", "<", to ?? ("" as Timestamptz)))
    .orderBy("sequence", "desc")
    .limit(limit)
    .execute();
  return rows.map(entryOf);
}

function contains(text: RawBuilder<unknown>, part: string): RawBuilder<SqlBool> {
  return sql<SqlBool>`position(lower(${part}) in lower(${text})) > 0`;
}

/** Absent: there is no such entry. */
export async function readEntryHash(
  kysely: Kysely<Schema>,
  sequence: bigint,
): Promise<Uint8Array | undefined> {
  const row = await kysely
    .selectFrom("audit_entries")
    .select("hash")
    .where("sequence", "=", sequence)
    .executeTakeFirst();
  return row?.hash;
}

function entryOf(row: EntryRow): StoredEntry {
  return {
    sequence: row.sequence,
    atUs: nsFromTimestamptz(row.at) / 1_000n,
    actorKind: row.actor_kind,
    actorId: row.actor_id,
    actorName: row.actor_name,
    act: row.act,
    object: row.object,
    accountId: row.account_id,
    before: row.before,
    after: row.after,
    previousHash: row.previous_hash,
    hash: row.hash,
  };
}
