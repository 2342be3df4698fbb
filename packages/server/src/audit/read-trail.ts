// The trail as it is stored.

import {
  type AuditActorName,
  nsFromTimestamptz,
  type Schema,
  type Timestamptz,
} from "@truechimer/database";
import type { Kysely } from "kysely";
import type { StoredEntry, TrailHead } from "./trail-check.ts";

interface EntryRow {
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

const COLUMNS = [
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
    .select(COLUMNS)
    .where("sequence", ">", sequence)
    .where("sequence", "<=", to)
    .orderBy("sequence")
    .limit(limit)
    .execute();
  return rows.map(entryOf);
}

/** Newest first. Account: those of that account's people and keys alone. */
export async function readNewestEntries(
  kysely: Kysely<Schema>,
  selection: {
    readonly before: bigint | undefined;
    readonly accountId: bigint | undefined;
    readonly limit: number;
  },
): Promise<readonly StoredEntry[]> {
  const { before, accountId, limit } = selection;
  const rows = await kysely
    .selectFrom("audit_entries")
    .select(COLUMNS)
    .$if(before !== undefined, (query) => query.where("sequence", "<", before ?? 0n))
    .$if(accountId !== undefined, (query) => query.where("account_id", "=", accountId ?? 0n))
    .orderBy("sequence", "desc")
    .limit(limit)
    .execute();
  return rows.map(entryOf);
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
