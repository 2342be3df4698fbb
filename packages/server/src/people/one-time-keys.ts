// Keys that open a session once, printed at the start or by `truechimer login`.

import type { Random, UnixNs } from "@truechimer/base";
import {
  type Database,
  inTransaction,
  nsFromTimestamptz,
  type Schema,
  type Timestamptz,
} from "@truechimer/database";
import { type Kysely, sql } from "kysely";
import { recordAct } from "../audit/record-act.ts";
import { createToken, TOKEN_CHARACTERS_MAX, tokenHash } from "../http/token.ts";
import { daysFromNow, OWNER, openSession, type SessionOrigin } from "./sessions.ts";

const KEY_DAYS = 1;

export interface OneTimeKey {
  readonly key: string;
  readonly expiresAtNs: UnixNs;
}

export async function createOneTimeKey(
  kysely: Kysely<Schema>,
  random: Random,
): Promise<OneTimeKey> {
  const key = createToken("tco_", random);
  const row = await kysely
    .insertInto("one_time_keys")
    .values({ key_hash: tokenHash(key), expires_at: daysFromNow(KEY_DAYS) })
    .returning("expires_at")
    .executeTakeFirstOrThrow();
  return { key, expiresAtNs: nsFromTimestamptz(row.expires_at) };
}

/** Spends the key for a session. Absent: it is unknown, spent or too old. */
export async function redeemOneTimeKey(
  database: Database,
  random: Random,
  { key, ...origin }: SessionOrigin & { readonly key: string },
): Promise<string | undefined> {
  if (key.length > TOKEN_CHARACTERS_MAX) return undefined;
  return inTransaction(database, async (transaction) => {
    const spent = await transaction
      .updateTable("one_time_keys")
      .set({ spent_at: sql<Timestamptz>`now()` })
      .where("key_hash", "=", tokenHash(key))
      .where("spent_at", "is", null)
      .where("expires_at", ">", sql<Timestamptz>`now()`)
      .returning("expires_at")
      .executeTakeFirst();
    if (spent === undefined) return undefined;
    const session = await openSession(transaction, random, origin);
    await recordAct(
      transaction,
      { actor: OWNER },
      { act: "session_opened", object: "one-time key" },
    );
    return session;
  });
}
