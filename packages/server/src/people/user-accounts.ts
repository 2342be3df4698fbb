// Accounts between which a user chooses: the one in which a session begins, and others. A user without the former sees all.

import { AppError, assert } from "@truechimer/base";
import type { Schema } from "@truechimer/database";
import type { Kysely } from "kysely";
import type { Caller } from "./caller.ts";

/** An account is a team or a customer, and the page shows a choice of them. */
export const ACCOUNTS_MAX = 100;

export interface UserAccounts {
  /** In which a session begins. Null: the user sees all accounts. */
  readonly home: bigint | null;
  /** Without `home`. */
  readonly others: readonly bigint[];
}

export const ALL_ACCOUNTS: UserAccounts = { home: null, others: [] };

/** Of those that are named, the first is where a session begins. Fails with limit_exceeded. */
export function accountsInOrder(ids: readonly bigint[]): UserAccounts {
  const [home = null, ...others] = new Set(ids);
  if (others.length < ACCOUNTS_MAX) return { home, others };
  throw new AppError(
    "limit_exceeded",
    `${others.length + 1} accounts of one user: at most ${ACCOUNTS_MAX}`,
  );
}

export async function accountsOfUser(
  kysely: Kysely<Schema>,
  user: { readonly id: bigint; readonly account_id: bigint | null },
): Promise<UserAccounts> {
  if (user.account_id === null) return ALL_ACCOUNTS;
  const rows = await kysely
    .selectFrom("user_accounts")
    .select("account_id")
    .where("user_id", "=", user.id)
    .where("account_id", "<>", user.account_id)
    .orderBy("account_id")
    .execute();
  return { home: user.account_id, others: rows.map(({ account_id: id }) => id) };
}

/** In place of those that the user had. */
export async function setAccountsOfUser(
  transaction: Kysely<Schema>,
  userId: bigint,
  { home, others }: UserAccounts,
): Promise<void> {
  await transaction
    .updateTable("users")
    .set({ account_id: home })
    .where("id", "=", userId)
    .execute();
  await transaction.deleteFrom("user_accounts").where("user_id", "=", userId).execute();
  await addAccounts(transaction, userId, others);
}

/** Beside those that the user has. */
export async function addAccounts(
  transaction: Kysely<Schema>,
  userId: bigint,
  accountIds: readonly bigint[],
): Promise<void> {
  if (accountIds.length === 0) return;
  await transaction
    .insertInto("user_accounts")
    .values(accountIds.map((id) => ({ user_id: userId, account_id: id })))
    .execute();
}

export function sameAccounts(one: UserAccounts, other: UserAccounts): boolean {
  return (
    one.home === other.home &&
    one.others.length === other.others.length &&
    one.others.every((id) => other.others.includes(id))
  );
}

/** For the audit trail: the accounts' public ids, first that in which a session begins; null for all. */
export async function accountsText(
  kysely: Kysely<Schema>,
  { home, others }: UserAccounts,
): Promise<readonly string[] | null> {
  if (home === null) return null;
  const ids = [home, ...others];
  const rows = await kysely
    .selectFrom("accounts")
    .select(["id", "id_token"])
    .where("id", "in", ids)
    .execute();
  const idTokenOf = new Map(rows.map(({ id, id_token: idToken }) => [id, idToken]));
  return ids.map((id) => {
    const idToken = idTokenOf.get(id);
    assert(idToken !== undefined, "accounts are never deleted");
    return idToken;
  });
}

/** Whoever sees one account changes nobody who sees more than that. Fails with forbidden. */
export async function refuseOtherAccounts(
  kysely: Kysely<Schema>,
  caller: Pick<Caller, "accountId">,
  user: { readonly id: bigint; readonly name: string; readonly account_id: bigint | null },
): Promise<void> {
  if (caller.accountId === undefined) return;
  const { home, others } = await accountsOfUser(kysely, user);
  if (home === caller.accountId && others.length === 0) return;
  throw new AppError(
    "forbidden",
    `"${user.name}" has other accounts as well: ask an admin of the installation`,
  );
}
