// Sessions of the installation's owner, opened with a one-time key: a row each, known by the hash of what the cookie holds.
// A session ends when it was not used for long, and when it is old however much it is used. Those of people who signed in
// are in user-sessions.ts.

import type { Random } from "@truechimer/base";
import type { Schema, Timestamptz } from "@truechimer/database";
import { type Kysely, type RawBuilder, sql } from "kysely";
import { createToken, tokenHash } from "../http/token.ts";
import type { Actor, Caller } from "./caller.ts";

/** Unused for so long, it ends: a screen on a wall is not asked each month. */
const IDLE_DAYS = 30;
/** It ends after so long. */
const LIFE_DAYS = 90;
const USER_AGENT_CHARACTERS_MAX = 200;

/** Whoever opened a session with a one-time key. */
export const OWNER: Actor = { kind: "owner", id: "", name: "the dashboard" };

/** Where a session comes from, for people. */
export interface SessionOrigin {
  readonly userAgent: string;
  /** Address. Empty: unknown. */
  readonly openedFrom: string;
}

/** As it is kept. */
export function shownUserAgent(userAgent: string): string {
  return userAgent.slice(0, USER_AGENT_CHARACTERS_MAX).replaceAll("\0", "");
}

/** Gives what the cookie holds. */
export async function openSession(
  transaction: Kysely<Schema>,
  random: Random,
  { userAgent, openedFrom }: SessionOrigin,
): Promise<string> {
  const session = createToken("tcs_", random);
  await transaction
    .insertInto("admin_sessions")
    .values({
      token_hash: tokenHash(session),
      expires_at: daysFromNow(IDLE_DAYS),
      ends_at: daysFromNow(LIFE_DAYS),
      opened_from: openedFrom,
      user_agent: shownUserAgent(userAgent),
    })
    .execute();
  return session;
}

/** Absent: it does not hold. Using it puts its end off; noted to the minute, so that a request is rarely a write. */
export async function ownerSessionCaller(
  kysely: Kysely<Schema>,
  hash: Uint8Array,
  { noteUse }: { readonly noteUse: boolean },
): Promise<Caller | undefined> {
  const row = await kysely
    .selectFrom("admin_sessions")
    .select(["id_token", minuteOld("last_used_at").as("outdated")])
    .where("token_hash", "=", hash)
    .where("expires_at", ">", sql<Timestamptz>`now()`)
    .where("ends_at", ">", sql<Timestamptz>`now()`)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  if (noteUse && row.outdated) {
    await kysely
      .updateTable("admin_sessions")
      .set({ last_used_at: sql<Timestamptz>`now()`, expires_at: daysFromNow(IDLE_DAYS) })
      .where("token_hash", "=", hash)
      .execute();
  }
  return {
    kind: "session",
    id: Buffer.from(hash).toString("base64"),
    sessionId: row.id_token,
    name: OWNER.name,
    role: "admin",
    actor: OWNER,
  };
}

export function daysFromNow(days: number): RawBuilder<Timestamptz> {
  return sql<Timestamptz>`now() + make_interval(days => ${days}::int)`;
}

export function minuteOld(column: string): RawBuilder<boolean> {
  return sql<boolean>`coalesce(${sql.ref(column)} < now() - interval '1 minute', true)`;
}
