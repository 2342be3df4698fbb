// One entry more, in the transaction of the change: either both are there, or neither. The head's row is locked to the end
// of the transaction, so acts come one after the other; record last, so that the lock is short.

import {
  type JsonValue,
  nsFromTimestamptz,
  type Schema,
  type Timestamptz,
} from "@truechimer/database";
import { sql, type Transaction } from "kysely";
import type { Caller } from "../people/caller.ts";
import { type AuditEntry, auditHash } from "./audit-entry.ts";
import { canonicalJson } from "./canonical-json.ts";

export interface Act {
  /** A code, such as servers_paused. */
  readonly act: string;
  /** Such as "server 5"; empty: the installation. */
  readonly object: string;
  /** Absent: nothing was there. */
  readonly before?: JsonValue;
  /** Absent: nothing is there. */
  readonly after?: JsonValue;
}

/** Absent caller: the program's own doing, which its events tell of. */
export async function recordAct(
  transaction: Transaction<Schema>,
  caller: Pick<Caller, "actor" | "accountId"> | undefined,
  { act, object, before, after }: Act,
): Promise<void> {
  if (caller === undefined) return;
  const head = await transaction
    .selectFrom("audit_head")
    .select(["sequence", "hash", sql<Timestamptz>`now()`.as("at")])
    .forUpdate()
    .executeTakeFirstOrThrow();
  const { kind, id, name } = caller.actor;
  const entry: AuditEntry = {
    sequence: head.sequence + 1n,
    atUs: nsFromTimestamptz(head.at) / 1_000n,
    actorKind: kind,
    actorId: id,
    actorName: name,
    act,
    object,
    accountId: caller.accountId ?? null,
    before: before === undefined ? null : canonicalJson(before),
    after: after === undefined ? null : canonicalJson(after),
    previousHash: head.hash,
  };
  const hash = auditHash(entry);
  await transaction
    .insertInto("audit_entries")
    .values({
      sequence: entry.sequence,
      at: head.at,
      actor_kind: kind,
      actor_id: id,
      actor_name: name,
      act,
      object,
      account_id: entry.accountId,
      before: entry.before,
      after: entry.after,
      previous_hash: head.hash,
      hash,
    })
    .execute();
  await transaction.updateTable("audit_head").set({ sequence: entry.sequence, hash }).execute();
}

/** "server 5", "servers 5, 6 and 9" */
export function objectsOf(kind: string, ids: readonly (bigint | string)[]): string {
  const [first, ...others] = ids.map(String);
  if (first === undefined || others.length === 0) return `${kind} ${first ?? ""}`.trimEnd();
  return `${kind}s ${[first, ...others.slice(0, -1)].join(", ")} and ${others.at(-1) ?? ""}`;
}
