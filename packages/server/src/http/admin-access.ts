// Who may use the admin API: a program with a key, or a browser with a session. A one-time key in the printed address
// becomes a session once; the session is in the database and outranks a key that was spent.

import { AppError, type UnixNs } from "@truechimer/base";
import { inTransaction, nsFromTimestamptz, type Timestamptz } from "@truechimer/database";
import { sql } from "kysely";
import type { ServerContext } from "../context.ts";
import { cookieValue } from "./cookie.ts";
import { bearerToken, createToken, sameBytes, TOKEN_CHARACTERS_MAX, tokenHash } from "./token.ts";

/** A session ends when it has not been used for this long. */
const SESSION_IDLE_DAYS = 30;
const ONE_TIME_KEY_LIFE_HOURS = 24;
const USER_AGENT_CHARACTERS_MAX = 200;

export interface AdminPrincipal {
  readonly kind: "key" | "session";
  /** Who it is, for people. */
  readonly name: string;
  /** The key or the session itself, as what it is counted under; not the secret. */
  readonly id: string;
}

/** Keys and sessions that held so lately are remembered, so many of them. Each call asks the database all the same. */
const HELD_NS = 60_000_000_000n;
const HELD_MAX = 10_000;

const SESSION_NAME = "the dashboard";
const PROCESS_KEY_NAME = "the command line";

export interface AdminCredentials {
  readonly authorization: string | undefined;
  readonly cookie: string | undefined;
}

export interface AdminAccess {
  /** Name of the session's cookie: its own for each database, because browsers do not tell ports apart. */
  readonly cookieName: string;
  /** Absent: neither a key nor a session that holds. */
  principalOf(credentials: AdminCredentials): Promise<AdminPrincipal | undefined>;
  /** Whether what is shown held a moment ago: its caller is not held up by what others behind his address try. */
  heldLately(credentials: AdminCredentials): boolean;
  createOneTimeKey(): Promise<{ readonly key: string; readonly expiresAtNs: UnixNs }>;
  /** Spends the key for a session. Gives the cookie's value; absent: the key is unknown, spent or too old. */
  redeem(key: string, userAgent: string): Promise<string | undefined>;
}

export interface AdminAccessOptions {
  /** Keys that hold as long as this process runs, such as the one that the all-in-one makes for its command line. */
  readonly adminKeys: readonly string[];
}

export async function createAdminAccess(
  context: Pick<ServerContext, "database" | "random" | "clock">,
  options: AdminAccessOptions,
): Promise<AdminAccess> {
  const keyHashes = options.adminKeys.map(tokenHash);
  const cookieName = `truechimer_${await instanceId(context)}`;
  const held = new Map<string, bigint>();
  const shown = ({ authorization, cookie }: AdminCredentials): string | undefined =>
    authorization === undefined ? cookieValue(cookie, cookieName) : bearerToken(authorization);
  const nameOf = async (secret: string, isKey: boolean): Promise<string | undefined> => {
    if (isKey) return keyName(context, secret, keyHashes);
    return (await sessionHolds(context, secret)) ? SESSION_NAME : undefined;
  };
  return {
    cookieName,
    principalOf: async (credentials) => {
      const secret = shown(credentials);
      if (secret === undefined) return undefined;
      const isKey = credentials.authorization !== undefined;
      const name = await nameOf(secret, isKey);
      const id = tokenHash(secret).toString("base64");
      held.delete(id);
      if (name === undefined) return undefined;
      held.set(id, context.clock.monotonicNs());
      const [oldest] = held.keys();
      if (held.size > HELD_MAX && oldest !== undefined) held.delete(oldest);
      return { kind: isKey ? "key" : "session", name, id };
    },
    heldLately: (credentials) => {
      const secret = shown(credentials);
      const at = secret === undefined ? undefined : held.get(tokenHash(secret).toString("base64"));
      return at !== undefined && context.clock.monotonicNs() - at < HELD_NS;
    },
    createOneTimeKey: () => createOneTimeKey(context),
    redeem: (key, userAgent) => redeem(context, key, userAgent),
  };
}

type AccessContext = Pick<ServerContext, "database" | "random">;

const INSTANCE_SETTING = "instance_id";
const INSTANCE_ID_BYTES = 4;

/** Eight hexadecimal digits that stay with the database. */
async function instanceId({ database, random }: AccessContext): Promise<string> {
  const proposal = Buffer.from(random.bytes(INSTANCE_ID_BYTES)).toString("hex");
  await database.kysely
    .insertInto("system_settings")
    .values({ key: INSTANCE_SETTING, value: JSON.stringify(proposal) })
    .onConflict((conflict) => conflict.column("key").doNothing())
    .execute();
  const { value } = await database.kysely
    .selectFrom("system_settings")
    .select("value")
    .where("key", "=", INSTANCE_SETTING)
    .executeTakeFirstOrThrow();
  return typeof value === "string" && /^[0-9a-f]{8}$/.test(value) ? value : proposal;
}

/** Absent: the key does not hold. */
async function keyName(
  { database }: AccessContext,
  token: string,
  keyHashes: readonly Buffer[],
): Promise<string | undefined> {
  const hash = tokenHash(token);
  if (keyHashes.some((known) => sameBytes(known, hash))) return PROCESS_KEY_NAME;
  const row = await database.kysely
    .selectFrom("api_keys")
    .select(["id", "name", minuteOld("last_used_at").as("outdated")])
    .where("token_hash", "=", hash)
    .where("revoked_at", "is", null)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  if (row.outdated) {
    await database.kysely
      .updateTable("api_keys")
      .set({ last_used_at: sql<Timestamptz>`now()` })
      .where("id", "=", row.id)
      .execute();
  }
  return `the key "${row.name}"`;
}

/** Using a session puts its end off; noted to the minute, so that a request is rarely a write. */
async function sessionHolds({ database }: AccessContext, session: string): Promise<boolean> {
  if (session.length > TOKEN_CHARACTERS_MAX) return false;
  const hash = tokenHash(session);
  const row = await database.kysely
    .selectFrom("admin_sessions")
    .select(minuteOld("last_used_at").as("outdated"))
    .where("token_hash", "=", hash)
    .where("expires_at", ">", sql<Timestamptz>`now()`)
    .executeTakeFirst();
  if (row === undefined) return false;
  if (row.outdated) {
    await database.kysely
      .updateTable("admin_sessions")
      .set({ last_used_at: sql<Timestamptz>`now()`, expires_at: sessionEnd() })
      .where("token_hash", "=", hash)
      .execute();
  }
  return true;
}

async function createOneTimeKey({
  database,
  random,
}: AccessContext): Promise<{ readonly key: string; readonly expiresAtNs: UnixNs }> {
  const key = createToken("tco_", random);
  const row = await database.kysely
    .insertInto("one_time_keys")
    .values({
      key_hash: tokenHash(key),
      expires_at: sql<Timestamptz>`now() + make_interval(hours => ${ONE_TIME_KEY_LIFE_HOURS}::int)`,
    })
    .returning("expires_at")
    .executeTakeFirstOrThrow();
  return { key, expiresAtNs: nsFromTimestamptz(row.expires_at) };
}

async function redeem(
  { database, random }: AccessContext,
  key: string,
  userAgent: string,
): Promise<string | undefined> {
  if (key.length > TOKEN_CHARACTERS_MAX) return undefined;
  return inTransaction(database, async (transaction) => {
    const spent = await transaction
      .updateTable("one_time_keys")
      .set({ spent_at: sql<Timestamptz>`now()` })
      .where("key_hash", "=", tokenHash(key))
      .where("spent_at", "is", null)
      .where("expires_at", ">", sql<Timestamptz>`now()`)
      .returning("created_at")
      .executeTakeFirst();
    if (spent === undefined) return undefined;
    const session = createToken("tcs_", random);
    await transaction
      .insertInto("admin_sessions")
      .values({
        token_hash: tokenHash(session),
        expires_at: sessionEnd(),
        user_agent: userAgent.slice(0, USER_AGENT_CHARACTERS_MAX).replaceAll("\0", ""),
      })
      .execute();
    return session;
  });
}

function sessionEnd(): ReturnType<typeof sql<Timestamptz>> {
  return sql<Timestamptz>`now() + make_interval(days => ${SESSION_IDLE_DAYS}::int)`;
}

function minuteOld(column: string): ReturnType<typeof sql<boolean>> {
  return sql<boolean>`coalesce(${sql.ref(column)} < now() - interval '1 minute', true)`;
}

/** Who it was, for people. */
export function principalName(principal: AdminPrincipal | undefined): string {
  return principal?.name ?? "";
}

/** For RPCs that a browser may not call. */
export function requireKey(principal: AdminPrincipal | undefined): void {
  if (principal?.kind === "key") return;
  throw new AppError("forbidden", "this call needs an API key: a browser's session is not enough");
}
