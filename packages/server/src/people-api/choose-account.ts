// ChooseAccount: which of a user's accounts a session goes by. One at a time, so that whatever is made belongs to one.

import { create } from "@bufbuild/protobuf";
import { peopleV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import { inTransaction } from "@truechimer/database";
import { recordAct } from "../audit/record-act.ts";
import { type ActingContext, requireSession } from "../people/caller.ts";
import { objectMissing } from "../people/owned-objects.ts";
import { accountsOfUser } from "../people/user-accounts.ts";
import { accountIdTokenOf, accountMessages } from "./account-messages.ts";

export async function chooseAccount(
  { database, caller }: ActingContext,
  { accountId: idToken }: peopleV1.ChooseAccountRequest,
): Promise<peopleV1.ChooseAccountResponse> {
  requireSession(caller);
  const { userId, sessionId, accountId: before } = caller;
  if (userId === undefined || before === undefined) {
    throw new AppError("bad_request", "this session sees all accounts at once: there is no choice");
  }
  const chosen = await inTransaction(database, async (transaction) => {
    // After the lock: an admin who takes the account away at the same time is before or after this.
    const user = await transaction
      .selectFrom("users")
      .select(["id", "account_id"])
      .where("id", "=", userId)
      .forShare()
      .executeTakeFirstOrThrow();
    const { home, others } = await accountsOfUser(transaction, user);
    const row = await transaction
      .selectFrom("accounts")
      .select("id")
      .where("id_token", "=", idToken)
      .executeTakeFirst();
    if (row === undefined || (row.id !== home && !others.includes(row.id)))
      throw objectMissing("accounts", idToken);
    if (row.id === before) return row.id;
    await transaction
      .updateTable("user_sessions")
      .set({ account_id: row.id })
      .where("id_token", "=", sessionId)
      .execute();
    await recordAct(transaction, caller, {
      act: "account_chosen",
      object: `account ${idToken}`,
      before: { account: await accountIdTokenOf(transaction, before) },
      after: { account: idToken },
    });
    return row.id;
  });
  const [account] = await accountMessages(database.kysely, chosen);
  return create(peopleV1.ChooseAccountResponseSchema, account === undefined ? {} : { account });
}
