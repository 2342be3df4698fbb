// Sessions of people who signed in: a row each, known by the hash of what the cookie holds. What the user may do is read
// with each request, so that a change of the role, or a lock-out, holds at once.

import { type Clock, createUlid, type Random } from "@truechimer/base";
import type { RoleName, Schema, Timestamptz } from "@truechimer/database";
import { type Kysely, sql } from "kysely";
import { createToken, tokenHash } from "../http/token.ts";
import { ACCOUNT_OF_SESSION } from "./account-sql.ts";
import type { Actor, Caller } from "./caller.ts";
import { daysFromNow, minuteOld, type SessionOrigin, shownUserAgent } from "./sessions.ts";

/** Unused for so long, it ends: a password is not asked for each day. */
const IDLE_DAYS = 7;
/** It ends after so long: a laptop that was lost is not signed in for ever. */
const LIFE_DAYS = 30;

/** Gives what the cookie holds. */
export async function openUserSession(
  transaction: Kysely<Schema>,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  { userId, userAgent, openedFrom }: SessionOrigin & { readonly userId: bigint },
): Promise<string> {
  const session = createToken("tcu_", random);
  await transaction
    .insertInto("user_sessions")
    .values({
      token_hash: tokenHash(session),
      id_token: createUlid(clock, random),
      user_id: userId,
      expires_at: daysFromNow(IDLE_DAYS),
      ends_at: daysFromNow(LIFE_DAYS),
      opened_from: openedFrom,
      user_agent: shownUserAgent(userAgent),
    })
    .execute();
  return session;
}

/** Absent: it does not hold. */
export async function userSessionCaller(
  kysely: Kysely<Schema>,
  hash: Uint8Array,
  { noteUse }: { readonly noteUse: boolean },
): Promise<Caller | undefined> {
  const row = await kysely
    .selectFrom("user_sessions as s")
    .innerJoin("users as u", "u.id", "s.user_id")
    .select([
      "s.id_token as session",
      minuteOld("s.last_used_at").as("outdated"),
      "u.id",
      "u.id_token",
      "u.name",
      "u.role",
      ACCOUNT_OF_SESSION.as("account_id"),
    ])
    .where("s.token_hash", "=", hash)
    .where("s.expires_at", ">", sql<Timestamptz>`now()`)
    .where("s.ends_at", ">", sql<Timestamptz>`now()`)
    .where("u.disabled_at", "is", null)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  if (noteUse && row.outdated) {
    await kysely
      .updateTable("user_sessions")
      .set({ last_used_at: sql<Timestamptz>`now()`, expires_at: daysFromNow(IDLE_DAYS) })
      .where("token_hash", "=", hash)
      .execute();
  }
  return {
    kind: "session",
    id: Buffer.from(hash).toString("base64"),
    sessionId: row.session,
    userId: row.id,
    ...whatUserMay(row),
  };
}

export interface ActingUser {
  readonly id_token: string;
  readonly name: string;
  readonly role: RoleName;
  readonly account_id: bigint | null;
}

/** Of a caller or an actor of the audit trail. */
export function whatUserMay(
  user: ActingUser,
): Pick<Caller, "name" | "role" | "accountId"> & { readonly actor: Actor } {
  return {
    name: user.name,
    role: user.role,
    ...(user.account_id === null ? {} : { accountId: user.account_id }),
    actor: { kind: "user", id: user.id_token, name: user.name },
  };
}

/** All of the user's, but the one that is named. Gives how many. */
export async function endUserSessions(
  transaction: Kysely<Schema>,
  userId: bigint,
  { but }: { readonly but?: string | undefined } = {},
): Promise<number> {
  const { numDeletedRows } = await transaction
    .deleteFrom("user_sessions")
    .where("user_id", "=", userId)
    .$if(but !== undefined, (query) => query.where("id_token", "<>", but ?? ""))
    .executeTakeFirst();
  return Number(numDeletedRows);
}
