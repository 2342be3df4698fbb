// Who may use the admin API: a program with a key, or a browser with a session. A one-time key in the printed address
// becomes a session once; the session is in the database and outranks a key that was spent.

import type { ServerContext } from "../context.ts";
import { processKeyCaller, storedKeyCaller } from "../people/api-keys.ts";
import type { Caller } from "../people/caller.ts";
import { createOneTimeKey, type OneTimeKey, redeemOneTimeKey } from "../people/one-time-keys.ts";
import { ownerSessionCaller, type SessionOrigin } from "../people/sessions.ts";
import { userSessionCaller } from "../people/user-sessions.ts";
import { cookieValue } from "./cookie.ts";
import { bearerToken, sameBytes, TOKEN_CHARACTERS_MAX, tokenHash } from "./token.ts";

/** Keys and sessions that held so lately are remembered, so many of them. Each call asks the database all the same. */
const HELD_NS = 60_000_000_000n;
const HELD_MAX = 10_000;

export interface AdminCredentials {
  readonly authorization: string | undefined;
  readonly cookie: string | undefined;
}

export interface AdminAccess {
  /** Name of the session's cookie: its own for each database, because browsers do not tell ports apart. */
  readonly cookieName: string;
  /** Absent: neither a key nor a session that holds. */
  callerOf(credentials: AdminCredentials): Promise<Caller | undefined>;
  /** Whether what is shown held a moment ago: its caller is not held up by what others behind his address try. */
  heldLately(credentials: AdminCredentials): boolean;
  /** Of the installation's owner. */
  createOneTimeKey(): Promise<OneTimeKey>;
  /** Spends the key for a session. Gives the cookie's value; absent: the key is unknown, spent or too old. */
  redeem(key: string, origin: SessionOrigin): Promise<string | undefined>;
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
  const { kysely } = context.database;
  const find = async (secret: string, isKey: boolean): Promise<Caller | undefined> => {
    if (secret.length > TOKEN_CHARACTERS_MAX) return undefined;
    const hash = tokenHash(secret);
    const noteUse = { noteUse: true } as const;
    if (!isKey) {
      return secret.startsWith("tcu_")
        ? userSessionCaller(kysely, hash, noteUse)
        : ownerSessionCaller(kysely, hash, noteUse);
    }
    return keyHashes.some((known) => sameBytes(known, hash))
      ? processKeyCaller(hash)
      : storedKeyCaller(context.database, hash, noteUse);
  };
  return {
    cookieName,
    callerOf: async (credentials) => {
      const secret = shown(credentials);
      if (secret === undefined) return undefined;
      const caller = await find(secret, credentials.authorization !== undefined);
      const id = tokenHash(secret).toString("base64");
      held.delete(id);
      if (caller === undefined) return undefined;
      held.set(id, context.clock.monotonicNs());
      const [oldest] = held.keys();
      if (held.size > HELD_MAX && oldest !== undefined) held.delete(oldest);
      return caller;
    },
    heldLately: (credentials) => {
      const secret = shown(credentials);
      const at = secret === undefined ? undefined : held.get(tokenHash(secret).toString("base64"));
      return at !== undefined && context.clock.monotonicNs() - at < HELD_NS;
    },
    createOneTimeKey: () => createOneTimeKey(context.database.kysely, context.random),
    redeem: (key, origin) => redeemOneTimeKey(context.database, context.random, { key, ...origin }),
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
