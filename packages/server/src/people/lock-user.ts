// The order in which rows of a user are locked: the user's own comes first, whoever does what. So a sign-in, a change of one's
// own factors and an admin's reset wait for each other, and never each for the other.

import type { Schema } from "@truechimer/database";
import type { Transaction } from "kysely";

/** A sign-in that has not seen a new factor yet is over, and its session is ended by the act, or it sees the factor. */
export async function lockUser(transaction: Transaction<Schema>, userId: bigint): Promise<void> {
  await transaction
    .selectFrom("users")
    .select("id")
    .where("id", "=", userId)
    .forUpdate()
    .executeTakeFirstOrThrow();
}
