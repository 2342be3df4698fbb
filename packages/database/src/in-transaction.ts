// A transaction that meets concurrent ones is run anew, so that nobody who asks for one has to.

import type { Kysely, Transaction } from "kysely";
import { isRetryable } from "./postgres-error.ts";
import type { Schema } from "./schema.ts";

/** Attempts of one transaction that keeps meeting concurrent ones. */
const TRANSACTION_ATTEMPTS_MAX = 5;

/** Runs `work` in a transaction, and anew when PostgreSQL ended it for a concurrent one. */
export async function inTransaction<T>(
  { kysely }: { readonly kysely: Kysely<Schema> },
  work: (transaction: Transaction<Schema>) => Promise<T>,
): Promise<T> {
  return await untilDone(() => kysely.transaction().execute(work));
}

/** Runs a whole transaction, again and again where it only met concurrent ones. */
export async function untilDone<T>(attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (attempts >= TRANSACTION_ATTEMPTS_MAX || !isRetryable(error)) throw error;
    }
  }
}
