// Sessions of browsers: a row each, known by the hash of what the cookie holds. A session ends when it was not used for
// long, when it is old however much it is used, and when its owner, or who removes the owner, ends it.

import type { Random } from "@truechimer/base";
import type { Database, Schema, Timestamptz, UserRoleName } from "@truechimer/database";
import { type Kysely, type RawBuilder, sql } from "kysely";
import { createToken, TOKEN_CHARACTERS_MAX, tokenHash } from "../http/token.ts";
import type { Caller } from "./caller.ts";

interface SessionLife {
  /** Unused for so long, it ends. */
  readonly idleDays: number;
  /** It ends after so long. */
  readonly days: number;
}

/** Opened on the host by whoever may read its log; a screen on a wall is not asked each month. */
const OWNER_LIFE: SessionLife = { idleDays: 30, days: 90 };
/** A password is not asked for each day, and a laptop that was lost is not signed in for long. */
const USER_LIFE: SessionLife = { idleDays: 7, days: 30 };
const USER_AGENT_CHARACTERS_MAX = 200;

const OWNER_NAME = "the dashboard";

export interface SessionToOpen {
  /** Absent: the installation's owner. */
  readonly userId: bigint | null;
  readonly userAgent: string;
}

/** Gives what the cookie holds. */
export async function openSession(
  transaction: Kysely<Schema>,
  random: Random,
  { userId, userAgent }: SessionToOpen,
): Promise<string> {
  const life = userId === null ? OWNER_LIFE : USER_LIFE;
  const session = createToken("tcs_", random);
  await transaction
    .insertInto("admin_sessions")
    .values({
      token_hash: tokenHash(session),
      user_id: userId,
      expires_at: daysFromNow(life.idleDays),
      ends_at: daysFromNow(life.days),
      user_agent: userAgent.slice(0, USER_AGENT_CHARACTERS_MAX).replaceAll("\0", ""),
    })
    .execute();
  return session;
}

interface SessionRow {
  readonly id: bigint;
  readonly user_id: bigint | null;
  readonly outdated: boolean;
  readonly id_token: string | null;
  readonly name: string | null;
  readonly role: UserRoleName | null;
  readonly account_id: bigint | null;
}

/** Absent: it does not hold. Using it puts its end off; noted to the minute, so that a request is rarely a write. */
export async function sessionCaller(
  { kysely }: Database,
  session: string,
): Promise<Caller | undefined> {
  if (session.length > TOKEN_CHARACTERS_MAX) return undefined;
  const hash = tokenHash(session);
  const row = await kysely
    .selectFrom("admin_sessions as s")
    .leftJoin("users as u", "u.id", "s.user_id")
    .select([
      "s.id",
      "s.user_id",
      minuteOld("s.last_used_at").as("outdated"),
      "u.id_token",
      "u.name",
      "u.role",
      "u.account_id",
    ])
    .where("s.token_hash", "=", hash)
    .where("s.expires_at", ">", sql<Timestamptz>`now()`)
    .where("s.ends_at", ">", sql<Timestamptz>`now()`)
    .where("u.removed_at", "is", null)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  if (row.outdated) await noteUsed(kysely, row);
  return callerOf(row, hash);
}

async function noteUsed(
  kysely: Kysely<Schema>,
  { id, user_id: userId }: SessionRow,
): Promise<void> {
  const { idleDays } = userId === null ? OWNER_LIFE : USER_LIFE;
  await kysely
    .updateTable("admin_sessions")
    .set({ last_used_at: sql<Timestamptz>`now()`, expires_at: daysFromNow(idleDays) })
    .where("id", "=", id)
    .execute();
}

function callerOf(row: SessionRow, hash: Buffer): Caller {
  const common = { kind: "session", id: hash.toString("base64"), sessionId: row.id } as const;
  if (row.user_id === null) {
    const actor = { kind: "owner", id: "", name: OWNER_NAME } as const;
    return { ...common, name: OWNER_NAME, role: "admin", actor };
  }
  const name = row.name ?? "";
  return {
    ...common,
    name,
    role: row.role ?? "viewer",
    userId: row.user_id,
    ...(row.account_id === null ? {} : { accountId: row.account_id }),
    actor: { kind: "user", id: row.id_token ?? "", name },
  };
}

export function daysFromNow(days: number): RawBuilder<Timestamptz> {
  return sql<Timestamptz>`now() + make_interval(days => ${days}::int)`;
}

export function minuteOld(column: string): RawBuilder<boolean> {
  return sql<boolean>`coalesce(${sql.ref(column)} < now() - interval '1 minute', true)`;
}
