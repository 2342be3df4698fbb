// One-time links with which a person sets a password: after an invitation, or when the old one is lost. The secret stands
// behind "#", so that no log and no proxy sees it.

import type { Random } from "@truechimer/base";
import type { Schema, Timestamptz } from "@truechimer/database";
import { type Kysely, sql } from "kysely";
import { createToken, TOKEN_CHARACTERS_MAX, tokenHash } from "../http/token.ts";
import { daysFromNow } from "./sessions.ts";

/** Over a weekend and a few days away. */
const LINK_DAYS = 7;

export interface UserLink {
  /** Of the address, without the origin. */
  readonly path: string;
  readonly expiresAt: Timestamptz;
}

/** An older link of the user holds no more. */
export async function createUserLink(
  transaction: Kysely<Schema>,
  random: Random,
  userId: bigint,
): Promise<UserLink> {
  await deleteUserLinks(transaction, userId);
  const secret = createToken("tcl_", random);
  const row = await transaction
    .insertInto("user_links")
    .values({ token_hash: tokenHash(secret), user_id: userId, expires_at: daysFromNow(LINK_DAYS) })
    .returning("expires_at")
    .executeTakeFirstOrThrow();
  return { path: `/welcome#${secret}`, expiresAt: row.expires_at };
}

export async function deleteUserLinks(transaction: Kysely<Schema>, userId: bigint): Promise<void> {
  await transaction.deleteFrom("user_links").where("user_id", "=", userId).execute();
}

export interface LinkedUser {
  readonly id: bigint;
  readonly name: string;
}

/** Whom the link is for. Absent: it is unknown, spent or too old, or the user is locked out. */
export async function linkedUser(
  kysely: Kysely<Schema>,
  secret: string,
): Promise<LinkedUser | undefined> {
  if (secret.length > TOKEN_CHARACTERS_MAX) return undefined;
  return kysely
    .selectFrom("user_links as l")
    .innerJoin("users as u", "u.id", "l.user_id")
    .select(["u.id", "u.name"])
    .where("l.token_hash", "=", tokenHash(secret))
    .where("l.expires_at", ">", sql<Timestamptz>`now()`)
    .where("u.disabled_at", "is", null)
    .executeTakeFirst();
}

/** Spends the link. False: somebody was quicker, or it has ended meanwhile. */
export async function spendUserLink(transaction: Kysely<Schema>, secret: string): Promise<boolean> {
  const { numDeletedRows } = await transaction
    .deleteFrom("user_links")
    .where("token_hash", "=", tokenHash(secret))
    .where("expires_at", ">", sql<Timestamptz>`now()`)
    .executeTakeFirst();
  return numDeletedRows === 1n;
}
