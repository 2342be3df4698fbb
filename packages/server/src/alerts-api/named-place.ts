// Rules and channels have names of their own, and there are not without end of them.

import { AppError } from "@truechimer/base";
import { isUniqueViolation, type Schema } from "@truechimer/database";
import { type Kysely, sql } from "kysely";

/** What has a name in one account, with how many there may be. */
interface Named {
  readonly what: string;
  readonly table: "alert_rules" | "alert_channels";
  readonly max: number;
}

/** Each is looked at every few seconds. */
export const ALERT_RULES: Named = { what: "alert rule", table: "alert_rules", max: 200 };
export const ALERT_CHANNELS: Named = { what: "alert channel", table: "alert_channels", max: 100 };

/** Fails with limit_exceeded. */
export async function requirePlace(
  kysely: Kysely<Schema>,
  { what, table, max }: Named,
): Promise<void> {
  const { rows } = await sql<{ readonly count: bigint }>`
    select count(*) as count from ${sql.table(table)} where removed_at is null`.execute(kysely);
  const count = rows[0]?.count ?? 0n;
  if (count < max) return;
  throw new AppError("limit_exceeded", `there are ${count} ${what}s: at most ${max}`);
}

/** Fails with conflict where the name is taken. */
export async function naming<Value>(
  { what }: Named,
  name: string,
  work: () => Promise<Value>,
): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new AppError(
      "conflict",
      `there is an ${what} "${name}" already: change that one, or take another name`,
      { cause: error },
    );
  }
}
