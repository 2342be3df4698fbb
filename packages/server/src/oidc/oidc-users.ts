// Whom a subject of the provider is with us. The first sign-in makes the user; issuer and subject are what they are known by
// from then on. A name alone binds nobody: whoever could choose it at the provider would be somebody else here.

import { type Clock, createUlid, type Random } from "@truechimer/base";
import type { RoleName, Schema, Timestamptz } from "@truechimer/database";
import { type Kysely, sql, type Transaction } from "kysely";
import { recordAct } from "../audit/record-act.ts";
import {
  accountsOfUser,
  accountsText,
  addAccounts,
  sameAccounts,
  setAccountsOfUser,
  type UserAccounts,
} from "../people/user-accounts.ts";
import type { UserName } from "../people/user-name.ts";
import { whatUserMay } from "../people/user-sessions.ts";
import { requirePlace } from "../people-api/users.ts";
import type { UserToLetIn } from "../sign-in-api/let-in.ts";

export interface Subject {
  readonly issuer: string;
  readonly subject: string;
}

/** What the provider says of the person. */
export interface Given extends Subject {
  /** For a new user. */
  readonly name: UserName;
  readonly role: RoleName;
  readonly accounts: UserAccounts;
}

export type UserRefusal = "name_taken" | "locked_out";

/** Whether the user signs in at a provider. */
export async function hasIdentity(kysely: Kysely<Schema>, userId: bigint): Promise<boolean> {
  const row = await kysely
    .selectFrom("user_identities")
    .select("user_id")
    .where("user_id", "=", userId)
    .executeTakeFirst();
  return row !== undefined;
}

/** The user, with the role and the account that the provider gives now; or why not. Fails with limit_exceeded. */
export async function userOfSubject(
  transaction: Transaction<Schema>,
  world: { readonly clock: Clock; readonly random: Random },
  given: Given,
): Promise<UserToLetIn | UserRefusal> {
  const known = await bringUpToDate(transaction, given);
  if (known !== undefined) return known;
  const made = await makeUser(transaction, world, given);
  // Made at the same time by another sign-in of the same person; or the name is somebody else's.
  return made ?? (await bringUpToDate(transaction, given)) ?? "name_taken";
}

async function bringUpToDate(
  transaction: Transaction<Schema>,
  { issuer, subject, role, accounts }: Given,
): Promise<UserToLetIn | "locked_out" | undefined> {
  const user = await transaction
    .selectFrom("user_identities as i")
    .innerJoin("users as u", "u.id", "i.user_id")
    .select(["u.id", "u.id_token", "u.name", "u.role", "u.account_id", "u.disabled_at"])
    .where("i.issuer", "=", issuer)
    .where("i.subject", "=", subject)
    .forUpdate("u")
    .executeTakeFirst();
  if (user === undefined) return undefined;
  if (user.disabled_at !== null) return "locked_out";
  const { id, id_token, name } = user;
  const now = { id, id_token, name, role, account_id: accounts.home };
  const before = await accountsOfUser(transaction, user);
  const areSame = sameAccounts(before, accounts);
  await transaction
    .updateTable("users")
    .set({ role, signed_in_at: sql<Timestamptz>`now()` })
    .where("id", "=", id)
    .execute();
  if (!areSame) await setAccountsOfUser(transaction, id, accounts);
  if (user.role !== role || !areSame) {
    await recordAct(transaction, whatUserMay(now), {
      act: "user_role_set",
      object: `user ${id_token}`,
      before: { name, role: user.role, accounts: await accountsText(transaction, before) },
      after: { name, role, accounts: await accountsText(transaction, accounts), by: issuer },
    });
  }
  return now;
}

/** Undefined: there is a user of that name. */
async function makeUser(
  transaction: Transaction<Schema>,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  { issuer, subject, name: { name, key }, role, accounts }: Given,
): Promise<UserToLetIn | undefined> {
  await requirePlace(transaction);
  const user = await transaction
    .insertInto("users")
    .values({
      id_token: createUlid(clock, random),
      name,
      name_key: key,
      role,
      account_id: accounts.home,
      created_by: issuer,
      signed_in_at: sql<Timestamptz>`now()`,
    })
    .onConflict((conflict) => conflict.column("name_key").doNothing())
    .returning(["id", "id_token", "name", "role", "account_id"])
    .executeTakeFirst();
  if (user === undefined) return undefined;
  await addAccounts(transaction, user.id, accounts.others);
  await transaction
    .insertInto("user_identities")
    .values({ issuer, subject, user_id: user.id })
    .execute();
  await recordAct(transaction, whatUserMay(user), {
    act: "user_created",
    object: `user ${user.id_token}`,
    after: { name, role, accounts: await accountsText(transaction, accounts), issuer, subject },
  });
  return user;
}
