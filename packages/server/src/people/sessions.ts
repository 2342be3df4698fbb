// Sessions of browsers: a row each, known by the hash of what the cookie holds. A session ends when it was not used for
// long, and when it is old however much it is used.

import type { Random } from "@truechimer/base";
import type { Database, Schema, Timestamptz } from "@truechimer/database";
import { type Kysely, type RawBuilder, sql } from "kysely";
import { createToken, TOKEN_CHARACTERS_MAX, tokenHash } from "../http/token.ts";
import type { Actor, Caller } from "./caller.ts";

/** Unused for so long, it ends: a screen on a wall is not asked each month. */
const IDLE_DAYS = 30;
/** It ends after so long. */
const LIFE_DAYS = 90;
const USER_AGENT_CHARACTERS_MAX = 200;

/** Whoever opened a session with a one-time key. */
export const OWNER: Actor = { kind: "owner", id: "", name: "the dashboard" };

/** Gives what the cookie holds. */
export async function openSession(
  transaction: Kysely<Schema>,
  random: Random,
  userAgent: string,
): Promise<string> {
  const session = createToken("tcs_", random);
  await transaction
    .insertInto("admin_sessions")
    .values({
      token_hash: tokenHash(session),
      expires_at: daysFromNow(IDLE_DAYS),
      ends_at: daysFromNow(LIFE_DAYS),
      user_agent: userAgent.slice(0, USER_AGENT_CHARACTERS_MAX).replaceAll("\0", ""),
    })
    .execute();
  return session;
}

/** Absent: it does not hold. Using it puts its end off; noted to the minute, so that a request is rarely a write. */
export async function sessionCaller(
  { kysely }: Database,
  session: string,
): Promise<Caller | undefined> {
  if (session.length > TOKEN_CHARACTERS_MAX) return undefined;
  const hash = tokenHash(session);
  const row = await kysely
    .selectFrom("admin_sessions")
    .select(minuteOld("last_used_at").as("outdated"))
    .where("token_hash", "=", hash)
    .where("expires_at", ">", sql<Timestamptz>`now()`)
    .where("ends_at", ">", sql<Timestamptz>`now()`)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  if (row.outdated) {
    await kysely
      .updateTable("admin_sessions")
      .set({ last_used_at: sql<Timestamptz>`now()`, expires_at: daysFromNow(IDLE_DAYS) })
      .where("token_hash", "=", hash)
      .execute();
  }
  return {
    kind: "session",
    id: hash.toString("base64"),
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
