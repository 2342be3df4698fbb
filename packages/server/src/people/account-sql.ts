// Whose an object is, in SQL. What belongs to nobody in particular belongs to the default account.

import { type RawBuilder, sql } from "kysely";

export const DEFAULT_ACCOUNT = "default";

const DEFAULT_ID: RawBuilder<bigint> = sql<bigint>`(select id from accounts where id_token = ${sql.lit(DEFAULT_ACCOUNT)})`;

/** Whether the column, such as "s.account_id", is of that account. Absent account: any is. */
export function ofAccount(column: string, accountId: bigint | undefined): RawBuilder<boolean> {
  if (accountId === undefined) return sql<boolean>`true`;
  return sql<boolean>`coalesce(${sql.ref(column)}, ${DEFAULT_ID}) = ${accountId}::bigint`;
}

/** The account of a monitor `m` is that of its agent `a`, where it has one. */
export function monitorOfAccount(accountId: bigint | undefined): RawBuilder<boolean> {
  if (accountId === undefined) return sql<boolean>`true`;
  return sql<boolean>`coalesce(a.account_id, m.account_id, ${DEFAULT_ID}) = ${accountId}::bigint`;
}
