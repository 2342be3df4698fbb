// An entry of the trail, and its hash: SHA-256 over all of it, the hash of the entry before included.

import { createHash } from "node:crypto";
import type { AuditActorName } from "@truechimer/database";
import { canonicalJson } from "./canonical-json.ts";

export interface AuditEntry {
  readonly sequence: bigint;
  /** Of the transaction that did it; the database's clock, in microseconds since 1970. */
  readonly atUs: bigint;
  readonly actorKind: AuditActorName;
  readonly actorId: string;
  readonly actorName: string;
  readonly act: string;
  readonly object: string;
  readonly accountId: bigint | null;
  /** Canonical JSON, or nothing. */
  readonly before: string | null;
  readonly after: string | null;
  readonly previousHash: Uint8Array;
}

/** What stands before the first entry. */
export const NO_HASH: Uint8Array = new Uint8Array(32);

/** Tells this form of the trail from any later one. */
const FORM = "truechimer audit 1";

export function auditHash(entry: AuditEntry): Buffer {
  const text = canonicalJson([
    FORM,
    String(entry.sequence),
    String(entry.atUs),
    entry.actorKind,
    entry.actorId,
    entry.actorName,
    entry.act,
    entry.object,
    entry.accountId === null ? null : String(entry.accountId),
    entry.before,
    entry.after,
    Buffer.from(entry.previousHash).toString("hex"),
  ]);
  return createHash("sha256").update(text, "utf8").digest();
}
