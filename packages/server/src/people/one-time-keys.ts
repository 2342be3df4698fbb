// Keys that open a session once: the installation's owner's, printed at the start or by `truechimer login`, and those by
// which a user comes in to set a password.

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
import { daysFromNow, openSession } from "./sessions.ts";

const OWNER_KEY_DAYS = 1;
/** A person who is invited may be away for the week-end. */
const USER_KEY_DAYS = 3;

export interface OneTimeKey {
  readonly key: string;
  readonly expiresAtNs: UnixNs;
}

/** Of a user: keys that were made before are void. */
export async function createOneTimeKey(
  kysely: Kysely<Schema>,
  random: Random,
  userId: bigint | null,
): Promise<OneTimeKey> {
  if (userId !== null) await voidKeysOf(kysely, userId);
  const key = createToken("tco_", random);
  const row = await kysely
    .insertInto("one_time_keys")
    .values({
      key_hash: tokenHash(key),
      user_id: userId,
      expires_at: daysFromNow(userId === null ? OWNER_KEY_DAYS : USER_KEY_DAYS),
    })
    .returning("expires_at")
    .executeTakeFirstOrThrow();
  return { key, expiresAtNs: nsFromTimestamptz(row.expires_at) };
}

async function voidKeysOf(kysely: Kysely<Schema>, userId: bigint): Promise<void> {
  await kysely
    .updateTable("one_time_keys")
    .set({ spent_at: sql<Timestamptz>`now()` })
    .where("user_id", "=", userId)
    .where("spent_at", "is", null)
    .execute();
}

/** Spends the key for a session. Absent: it is unknown, spent, too old, or its user is gone. */
export async function redeemOneTimeKey(
  database: Database,
  random: Random,
  { key, userAgent }: { readonly key: string; readonly userAgent: string },
): Promise<string | undefined> {
  if (key.length > TOKEN_CHARACTERS_MAX) return undefined;
  return inTransaction(database, async (transaction) => {
    const spent = await transaction
      .updateTable("one_time_keys")
      .set({ spent_at: sql<Timestamptz>`now()` })
      .where("key_hash", "=", tokenHash(key))
      .where("spent_at", "is", null)
      .where("expires_at", ">", sql<Timestamptz>`now()`)
      .returning("user_id")
      .executeTakeFirst();
    if (spent === undefined) return undefined;
    const { user_id: userId } = spent;
    const session = await openSession(transaction, random, { userId, userAgent });
    const actor = await actorOf(transaction, userId);
    await recordAct(transaction, actor, { act: "session_opened", object: "one-time key" });
    return session;
  });
}

async function actorOf(
  kysely: Kysely<Schema>,
  userId: bigint | null,
): Promise<Parameters<typeof recordAct>[1]> {
  if (userId === null) return { actor: { kind: "owner", id: "", name: "the dashboard" } };
  const user = await kysely
    .selectFrom("users")
    .select(["id_token", "name", "account_id"])
    .where("id", "=", userId)
    .executeTakeFirstOrThrow();
  return {
    actor: { kind: "user", id: user.id_token, name: user.name },
    ...(user.account_id === null ? {} : { accountId: user.account_id }),
  };
}
