// Whose agents they are. There is one account so far, made by the migration.

import type { Schema } from "@truechimer/database";
import type { Transaction } from "kysely";

const DEFAULT_ACCOUNT = "default";

/** Empty: the default one. Absent: there is none of that id. */
export async function findAccount(
  transaction: Transaction<Schema>,
  idToken: string,
): Promise<bigint | undefined> {
  const row = await transaction
    .selectFrom("accounts")
    .select("id")
    .where("id_token", "=", idToken === "" ? DEFAULT_ACCOUNT : idToken)
    .executeTakeFirst();
  return row?.id;
}
