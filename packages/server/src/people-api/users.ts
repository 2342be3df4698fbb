// ListUsers, InviteUser, SetUserRole, SetUserAccounts, SetUserDisabled, ResetUser, RemoveUserFactors: people who sign in. Nobody gives more than he has, and
// nobody locks himself out.

import { create } from "@bufbuild/protobuf";
import { peopleV1 } from "@truechimer/api";
import { AppError, assert, createUlid } from "@truechimer/base";
import { inTransaction, type RoleName, type Schema, type Timestamptz } from "@truechimer/database";
import { type Kysely, sql, type Transaction } from "kysely";
import { recordAct } from "../audit/record-act.ts";
import { type ActingContext, type Caller, callerName } from "../people/caller.ts";
import { objectMissing } from "../people/owned-objects.ts";
import { refuseMore } from "../people/refuse-more.ts";
import { roleFrom } from "../people/role.ts";
import { deleteSecondFactors } from "../people/second-factor.ts";
import {
  ALL_ACCOUNTS,
  accountsInOrder,
  accountsOfUser,
  accountsText,
  addAccounts,
  refuseOtherAccounts,
  sameAccounts,
  setAccountsOfUser,
} from "../people/user-accounts.ts";
import { createUserLink, deleteUserLinks } from "../people/user-links.ts";
import { userName } from "../people/user-name.ts";
import { endUserSessions } from "../people/user-sessions.ts";
import { accountIdsOf } from "./account-messages.ts";
import { linkMessage, userMessage, userMessages } from "./user-messages.ts";

/** An organisation's; each is a way in. */
const USERS_MAX = 1_000;

export async function listUsers({
  database,
  caller,
}: ActingContext): Promise<peopleV1.ListUsersResponse> {
  return create(peopleV1.ListUsersResponseSchema, {
    users: await userMessages(database.kysely, { accountId: caller?.accountId }),
  });
}

export async function inviteUser(
  { database, clock, random, caller }: ActingContext,
  request: peopleV1.InviteUserRequest,
  publicUrl: string,
): Promise<peopleV1.InviteUserResponse> {
  assert(caller !== undefined, "a call has a caller");
  const { name, key } = userName(request.name);
  const role = roleFrom(request.role);
  refuseMore(caller, "a user", { role, procedures: null });
  const idToken = createUlid(clock, random);
  const link = await inTransaction(database, async (transaction) => {
    await requirePlace(transaction);
    const named = [request.accountId, ...request.accountIds].filter((id) => id !== "");
    const accounts =
      named.length === 0
        ? { ...ALL_ACCOUNTS, home: caller.accountId ?? null }
        : accountsInOrder(await accountIdsOf(transaction, named));
    const row = await transaction
      .insertInto("users")
      .values({
        id_token: idToken,
        name,
        name_key: key,
        role,
        account_id: accounts.home,
        created_by: callerName(caller),
      })
      .onConflict((conflict) => conflict.column("name_key").doNothing())
      .returning("id")
      .executeTakeFirst();
    if (row === undefined) {
      throw new AppError("conflict", `there is a user named "${name}": choose another name`);
    }
    await addAccounts(transaction, row.id, accounts.others);
    await recordAct(transaction, caller, {
      act: "user_invited",
      object: `user ${idToken}`,
      after: { name, role, accounts: await accountsText(transaction, accounts) },
    });
    return createUserLink(transaction, random, row.id);
  });
  return create(peopleV1.InviteUserResponseSchema, {
    user: await userMessage(database.kysely, idToken),
    link: linkMessage(publicUrl, link),
  });
}

export async function setUserRole(
  { database, caller }: ActingContext,
  request: peopleV1.SetUserRoleRequest,
): Promise<peopleV1.SetUserRoleResponse> {
  assert(caller !== undefined, "a call has a caller");
  const role = roleFrom(request.role);
  await inTransaction(database, async (transaction) => {
    const user = await lockedUser(transaction, caller, request.id);
    refuseMore(caller, "a user", { role, procedures: null });
    if (user.role === role) return;
    refuseOneself(caller, user);
    await transaction.updateTable("users").set({ role }).where("id", "=", user.id).execute();
    await recordAct(transaction, caller, {
      act: "user_role_set",
      object: `user ${request.id}`,
      before: { name: user.name, role: user.role },
      after: { name: user.name, role },
    });
  });
  return create(peopleV1.SetUserRoleResponseSchema, {
    user: await userMessage(database.kysely, request.id),
  });
}

/** What the user does in an account that is no longer his ends with the request. */
export async function setUserAccounts(
  { database, caller }: ActingContext,
  { id, accountIds, allAccounts }: peopleV1.SetUserAccountsRequest,
): Promise<peopleV1.SetUserAccountsResponse> {
  assert(caller !== undefined, "a call has a caller");
  if (allAccounts === accountIds.length > 0) {
    throw new AppError(
      "bad_request",
      allAccounts
        ? "account_ids names accounts, and all_accounts is set: expected one of the two"
        : "account_ids names no account: name at least one, or set all_accounts",
    );
  }
  await inTransaction(database, async (transaction) => {
    const user = await lockedUser(transaction, caller, id);
    refuseOneself(caller, user);
    const before = await accountsOfUser(transaction, user);
    const after = allAccounts
      ? ALL_ACCOUNTS
      : accountsInOrder(await accountIdsOf(transaction, accountIds));
    if (sameAccounts(before, after)) return;
    await setAccountsOfUser(transaction, user.id, after);
    await recordAct(transaction, caller, {
      act: "user_accounts_set",
      object: `user ${id}`,
      before: { name: user.name, accounts: await accountsText(transaction, before) },
      after: { name: user.name, accounts: await accountsText(transaction, after) },
    });
  });
  return create(peopleV1.SetUserAccountsResponseSchema, {
    user: await userMessage(database.kysely, id),
  });
}

/** Doing it twice is no error. */
export async function setUserDisabled(
  { database, caller }: ActingContext,
  { id, disabled }: peopleV1.SetUserDisabledRequest,
): Promise<peopleV1.SetUserDisabledResponse> {
  assert(caller !== undefined, "a call has a caller");
  await inTransaction(database, async (transaction) => {
    const user = await lockedUser(transaction, caller, id);
    if ((user.disabled_at !== null) === disabled) return;
    refuseOneself(caller, user);
    await transaction
      .updateTable("users")
      .set({ disabled_at: disabled ? sql<Timestamptz>`now()` : null })
      .where("id", "=", user.id)
      .execute();
    if (disabled) {
      await endUserSessions(transaction, user.id);
      await deleteUserLinks(transaction, user.id);
    }
    await recordAct(transaction, caller, {
      act: disabled ? "user_disabled" : "user_enabled",
      object: `user ${id}`,
      before: { name: user.name, disabled: !disabled },
      after: { name: user.name, disabled },
    });
  });
  return create(peopleV1.SetUserDisabledResponseSchema, {
    user: await userMessage(database.kysely, id),
  });
}

export async function resetUser(
  { database, random, caller }: ActingContext,
  { id }: peopleV1.ResetUserRequest,
  publicUrl: string,
): Promise<peopleV1.ResetUserResponse> {
  assert(caller !== undefined, "a call has a caller");
  const link = await inTransaction(database, async (transaction) => {
    const user = await lockedUser(transaction, caller, id);
    if (user.disabled_at !== null) {
      throw new AppError("bad_request", `the user "${user.name}" is locked out: let them in first`);
    }
    await transaction
      .updateTable("users")
      .set({ password_hash: null, password_set_at: null })
      .where("id", "=", user.id)
      .execute();
    await deleteSecondFactors(transaction, user.id);
    await endUserSessions(transaction, user.id);
    await recordAct(transaction, caller, {
      act: "user_reset",
      object: `user ${id}`,
      after: { name: user.name },
    });
    return createUserLink(transaction, random, user.id);
  });
  return create(peopleV1.ResetUserResponseSchema, {
    user: await userMessage(database.kysely, id),
    link: linkMessage(publicUrl, link),
  });
}

/** For whoever has lost the phone, the key and the recovery codes, and knows the password. */
export async function removeUserFactors(
  { database, caller }: ActingContext,
  { id }: peopleV1.RemoveUserFactorsRequest,
): Promise<peopleV1.RemoveUserFactorsResponse> {
  assert(caller !== undefined, "a call has a caller");
  await inTransaction(database, async (transaction) => {
    const user = await lockedUser(transaction, caller, id);
    // Of oneself only with what is to be removed.
    refuseOneself(caller, user);
    await deleteSecondFactors(transaction, user.id);
    const ended = await endUserSessions(transaction, user.id);
    await recordAct(transaction, caller, {
      act: "second_factors_removed",
      object: `user ${id}`,
      after: { name: user.name, sessions_ended: ended },
    });
  });
  return create(peopleV1.RemoveUserFactorsResponseSchema, {
    user: await userMessage(database.kysely, id),
  });
}

interface LockedUser {
  readonly id: bigint;
  readonly name: string;
  readonly role: RoleName;
  readonly account_id: bigint | null;
  readonly disabled_at: Timestamptz | null;
}

/** One who may do no more than the caller. Fails with not_found, or forbidden. */
async function lockedUser(
  transaction: Transaction<Schema>,
  caller: Caller,
  idToken: string,
): Promise<LockedUser> {
  const user = await transaction
    .selectFrom("users")
    .select(["id", "name", "role", "account_id", "disabled_at"])
    .where("id_token", "=", idToken)
    .forUpdate()
    .executeTakeFirst();
  if (user === undefined) throw objectMissing("users", idToken);
  await refuseOtherAccounts(transaction, caller, user);
  refuseMore(caller, "a user", { role: user.role, procedures: null });
  return user;
}

function refuseOneself({ userId }: Caller, { id, name }: LockedUser): void {
  if (userId !== id) return;
  throw new AppError(
    "bad_request",
    `"${name}" is you: nobody takes their own rights away; ask another admin, or use \`truechimer users\` on the server's host`,
  );
}

/** Fails with limit_exceeded. */
export async function requirePlace(kysely: Kysely<Schema>): Promise<void> {
  const { count } = await kysely
    .selectFrom("users")
    .select((is) => is.fn.countAll<bigint>().as("count"))
    .executeTakeFirstOrThrow();
  if (Number(count) < USERS_MAX) return;
  throw new AppError("limit_exceeded", `there are ${count} users: at most ${USERS_MAX}`);
}
