// Whose an object is, in SQL. What belongs to nobody in particular belongs to the default account.

import { type RawBuilder, sql } from "kysely";

export const DEFAULT_ACCOUNT = "default";

const DEFAULT_ID: RawBuilder<bigint> = sql<bigint>`(select id from accounts where id_token = ${sql.lit(DEFAULT_ACCOUNT)})`;

/** By which everybody knows the account whose number is in the column, such as "s.account_id". */
export function idTokenOfAccount(column: string): RawBuilder<string | null> {
  return sql<string | null>`(select id_token from accounts where id = ${sql.ref(column)})`;
}

/** Whether the column, such as "s.account_id", is of that account. Absent account: any is. */
export function ofAccount(column: string, accountId: bigint | undefined): RawBuilder<boolean> {
  if (accountId === undefined) return sql<boolean>`true`;
  return sql<boolean>`coalesce(${sql.ref(column)}, ${DEFAULT_ID}) = ${accountId}::bigint`;
}

/** Whether the user of the row, such as "u", may choose that account. One who sees all accounts is in none of them. */
export function userInAccount(table: string, accountId: bigint): RawBuilder<boolean> {
  const home = sql.ref(`${table}.account_id`);
  return sql<boolean>`(${home} = ${accountId}::bigint or (${home} is not null and exists (
    select from user_accounts ua where ua.user_id = ${sql.ref(`${table}.id`)} and ua.account_id = ${accountId}::bigint)))`;
}

/**
 * The account by which a session `s` of the user `u` goes: the one that was chosen, as long as it is one of the user's. Null:
 * all accounts.
 */
export const ACCOUNT_OF_SESSION: RawBuilder<bigint | null> = sql<bigint | null>`
  case when u.account_id is not null and exists (
    select from user_accounts ua where ua.user_id = u.id and ua.account_id = s.account_id)
  then s.account_id else u.account_id end`;

/** The account of a monitor `m` is that of its agent `a`, where it has one. */
export function monitorOfAccount(accountId: bigint | undefined): RawBuilder<boolean> {
  if (accountId === undefined) return sql<boolean>`true`;
  return sql<boolean>`coalesce(a.account_id, m.account_id, ${DEFAULT_ID}) = ${accountId}::bigint`;
}
