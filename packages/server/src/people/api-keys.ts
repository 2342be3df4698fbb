// Keys of programs: known by their hash, each with a role, perhaps one account, a list of procedures, and an end. A key of
// a user goes when the user goes, and never does more than the user may.

import type { Database, Timestamptz, UserRoleName } from "@truechimer/database";
import { sql } from "kysely";
import { tokenHash } from "../http/token.ts";
import type { Caller } from "./caller.ts";
import { lesserRole } from "./role.ts";
import { minuteOld } from "./sessions.ts";

const PROCESS_KEY_NAME = "the command line";

/** The key that the running process itself made or was given, for its command line. */
export function processKeyCaller(hash: Buffer): Caller {
  return {
    kind: "key",
    name: PROCESS_KEY_NAME,
    id: hash.toString("base64"),
    role: "admin",
    actor: { kind: "command_line", id: "", name: PROCESS_KEY_NAME },
  };
}

interface KeyRow {
  readonly id: bigint;
  readonly name: string;
  readonly role: UserRoleName;
  readonly account_id: bigint | null;
  readonly procedures: readonly string[] | null;
  readonly user_id: bigint | null;
  readonly outdated: boolean;
  readonly user_role: UserRoleName | null;
  readonly user_account_id: bigint | null;
}

/** Absent: the key does not hold. */
export async function storedKeyCaller(
  { kysely }: Database,
  token: string,
): Promise<Caller | undefined> {
  const hash = tokenHash(token);
  const row = await kysely
    .selectFrom("api_keys as k")
    .leftJoin("users as u", "u.id", "k.user_id")
    .select([
      "k.id",
      "k.name",
      "k.role",
      "k.account_id",
      "k.procedures",
      "k.user_id",
      minuteOld("k.last_used_at").as("outdated"),
      "u.role as user_role",
      "u.account_id as user_account_id",
    ])
    .where("k.token_hash", "=", hash)
    .where("k.revoked_at", "is", null)
    .where((is) =>
      is.or([is("k.expires_at", "is", null), is("k.expires_at", ">", sql<Timestamptz>`now()`)]),
    )
    .where("u.removed_at", "is", null)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const caller = callerOf(row, hash);
  if (row.outdated) {
    await kysely
      .updateTable("api_keys")
      .set({ last_used_at: sql<Timestamptz>`now()` })
      .where("id", "=", row.id)
      .execute();
  }
  return caller;
}

/** Absent: its user was moved to another account, and the key is of none that the user sees. */
function callerOf(row: KeyRow, hash: Buffer): Caller | undefined {
  const { account_id: own, user_account_id: users } = row;
  if (own !== null && users !== null && own !== users) return undefined;
  const accountId = own ?? users;
  const name = `the key "${row.name}"`;
  return {
    kind: "key",
    name,
    id: hash.toString("base64"),
    role: row.user_role === null ? row.role : lesserRole(row.role, row.user_role),
    ...(accountId === null ? {} : { accountId }),
    ...(row.procedures === null ? {} : { procedures: new Set(row.procedures) }),
    ...(row.user_id === null ? {} : { userId: row.user_id }),
    actor: { kind: "key", id: String(row.id), name: row.name },
  };
}
