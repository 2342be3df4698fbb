// Keys of programs: known by their hash, each with a role, perhaps one account, a list of procedures, and an end.

import type { Database, RoleName, Timestamptz } from "@truechimer/database";
import { sql } from "kysely";
import type { Caller } from "./caller.ts";
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
  readonly role: RoleName;
  readonly account_id: bigint | null;
  readonly procedures: readonly string[] | null;
  readonly outdated: boolean;
}

/** Absent: the key does not hold. */
export async function storedKeyCaller(
  { kysely }: Pick<Database, "kysely">,
  hash: Uint8Array,
  { noteUse }: { readonly noteUse: boolean },
): Promise<Caller | undefined> {
  const row = await kysely
    .selectFrom("api_keys")
    .select([
      "id",
      "name",
      "role",
      "account_id",
      "procedures",
      minuteOld("last_used_at").as("outdated"),
    ])
    .where("token_hash", "=", hash)
    .where("revoked_at", "is", null)
    .where((is) =>
      is.or([is("expires_at", "is", null), is("expires_at", ">", sql<Timestamptz>`now()`)]),
    )
    .executeTakeFirst();
  if (row === undefined) return undefined;
  if (noteUse && row.outdated) {
    await kysely
      .updateTable("api_keys")
      .set({ last_used_at: sql<Timestamptz>`now()` })
      .where("id", "=", row.id)
      .execute();
  }
  return callerOf(row, hash);
}

function callerOf(row: KeyRow, hash: Uint8Array): Caller {
  return {
    kind: "key",
    name: `the key "${row.name}"`,
    id: Buffer.from(hash).toString("base64"),
    role: row.role,
    ...(row.account_id === null ? {} : { accountId: row.account_id }),
    ...(row.procedures === null ? {} : { procedures: new Set(row.procedures) }),
    actor: { kind: "key", id: String(row.id), name: row.name },
  };
}
