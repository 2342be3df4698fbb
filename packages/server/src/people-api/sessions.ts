// ListSessions, EndSession, EndOtherSessions, ChangePassword, SignOut: where somebody is signed in, and how that ends.

import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { peopleV1 } from "@truechimer/api";
import { AppError, assert } from "@truechimer/base";
import { inTransaction, type Schema, type Timestamptz } from "@truechimer/database";
import { type Kysely, sql, type Transaction } from "kysely";
import { recordAct } from "../audit/record-act.ts";
import { endedSessionCookieHeader, type SessionCookie } from "../http/cookie.ts";
import { OIDC_SIGN_OUT_PATH } from "../oidc/oidc-settings.ts";
import { hasIdentity } from "../oidc/oidc-users.ts";
import {
  type ActingContext,
  type Caller,
  type CallerWithSession,
  requireSession,
} from "../people/caller.ts";
import { checkOwnPassword } from "../people/own-password.ts";
import { objectMissing } from "../people/owned-objects.ts";
import { requireGoodPassword } from "../people/password-rules.ts";
import { roleReaches } from "../people/role.ts";
import { refuseOtherAccounts } from "../people/user-accounts.ts";
import { endUserSessions } from "../people/user-sessions.ts";
import { sessionMessages } from "./user-messages.ts";

export async function listSessions(
  { database, caller }: ActingContext,
  { userId }: peopleV1.ListSessionsRequest,
): Promise<peopleV1.ListSessionsResponse> {
  assert(caller !== undefined, "a call has a caller");
  const { kysely } = database;
  const whose = userId === "" ? ownOf(caller) : await userIdOf(kysely, caller, userId);
  return create(peopleV1.ListSessionsResponseSchema, {
    sessions: whose === undefined ? [] : await sessionMessages(kysely, whose, caller.sessionId),
  });
}

/** Null: of the installation's owner. Absent: a key, which has none. */
function ownOf({ userId, actor }: Caller): bigint | null | undefined {
  if (userId !== undefined) return userId;
  return actor.kind === "owner" ? null : undefined;
}

/** Of others, for admins. */
async function userIdOf(kysely: Kysely<Schema>, caller: Caller, idToken: string): Promise<bigint> {
  const row = await kysely
    .selectFrom("users")
    .select(["id", "name", "account_id"])
    .where("id_token", "=", idToken)
    .executeTakeFirst();
  if (row === undefined) throw objectMissing("users", idToken);
  if (row.id === caller.userId) return row.id;
  if (!roleReaches(caller.role, "admin")) throw objectMissing("users", idToken);
  await refuseOtherAccounts(kysely, caller, row);
  return row.id;
}

/** One's own, or, for an admin, anybody's whom he sees. Others look as if they did not exist. */
export async function endSession(
  { database, caller }: ActingContext,
  { id }: peopleV1.EndSessionRequest,
): Promise<peopleV1.EndSessionResponse> {
  assert(caller !== undefined, "a call has a caller");
  await inTransaction(database, async (transaction) => {
    const ended =
      (await endOfUser(transaction, caller, id)) ?? (await endOfOwner(transaction, caller, id));
    if (ended === undefined) throw objectMissing("sessions", id);
    await recordAct(transaction, caller, {
      act: "session_ended",
      object: `session ${id}`,
      before: { of: ended },
    });
  });
  return create(peopleV1.EndSessionResponseSchema);
}

/** Gives whose it was. */
async function endOfUser(
  transaction: Transaction<Schema>,
  caller: Caller,
  id: string,
): Promise<string | undefined> {
  const user = await transaction
    .selectFrom("user_sessions as s")
    .innerJoin("users as u", "u.id", "s.user_id")
    .select(["u.id", "u.name", "u.account_id"])
    .where("s.id_token", "=", id)
    .executeTakeFirst();
  if (user === undefined) return undefined;
  if (user.id !== caller.userId) {
    if (!roleReaches(caller.role, "admin")) return undefined;
    await refuseOtherAccounts(transaction, caller, user);
  }
  const { numDeletedRows } = await transaction
    .deleteFrom("user_sessions")
    .where("id_token", "=", id)
    .executeTakeFirst();
  return numDeletedRows === 1n ? user.name : undefined;
}

async function endOfOwner(
  transaction: Transaction<Schema>,
  { role, accountId }: Caller,
  id: string,
): Promise<string | undefined> {
  if (!roleReaches(role, "admin") || accountId !== undefined) return undefined;
  const { numDeletedRows } = await transaction
    .deleteFrom("admin_sessions")
    .where("id_token", "=", id)
    .executeTakeFirst();
  return numDeletedRows === 1n ? "the dashboard" : undefined;
}

export async function endOtherSessions({
  database,
  caller,
}: ActingContext): Promise<peopleV1.EndOtherSessionsResponse> {
  requireSession(caller);
  const ended = await inTransaction(database, async (transaction) => {
    const count = await endOthers(transaction, caller);
    await recordAct(transaction, caller, {
      act: "other_sessions_ended",
      object: `session ${caller.sessionId}`,
      after: { ended: count },
    });
    return count;
  });
  return create(peopleV1.EndOtherSessionsResponseSchema, { ended });
}

async function endOthers(
  transaction: Transaction<Schema>,
  { userId, sessionId }: CallerWithSession,
): Promise<number> {
  if (userId !== undefined) return endUserSessions(transaction, userId, { but: sessionId });
  const { numDeletedRows } = await transaction
    .deleteFrom("admin_sessions")
    .where("id_token", "<>", sessionId)
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** A wrong current password counts like a failed sign-in: who has stolen a session guesses no longer than others. */
export async function changePassword(
  context: ActingContext,
  { currentPassword, newPassword }: peopleV1.ChangePasswordRequest,
): Promise<peopleV1.ChangePasswordResponse> {
  const { database, passwords, caller } = context;
  requireSession(caller);
  const { userId } = caller;
  if (userId === undefined)
    throw new AppError(
      "bad_request",
      "this session was opened with a one-time key: it has no password",
    );
  const name = await checkOwnPassword(context, userId, currentPassword);
  requireGoodPassword(newPassword, name);
  const hash = await passwords.hash(newPassword);
  await inTransaction(database, async (transaction) => {
    await transaction
      .updateTable("users")
      .set({ password_hash: hash, password_set_at: sql<Timestamptz>`now()` })
      .where("id", "=", userId)
      .execute();
    const ended = await endUserSessions(transaction, userId, { but: caller.sessionId });
    await recordAct(transaction, caller, {
      act: "password_changed",
      object: `user ${caller.actor.id}`,
      after: { name, sessions_ended: ended },
    });
  });
  return create(peopleV1.ChangePasswordResponseSchema);
}

export async function signOut(
  { database, caller, oidc }: ActingContext,
  { responseHeader }: HandlerContext,
  { publicUrl, ...cookie }: Omit<SessionCookie, "value"> & { readonly publicUrl: string },
): Promise<peopleV1.SignOutResponse> {
  requireSession(caller);
  await inTransaction(database, async (transaction) => {
    await endOwnSession(transaction, caller);
    await recordAct(transaction, caller, {
      act: "session_closed",
      object: `session ${caller.sessionId}`,
    });
  });
  responseHeader.set("set-cookie", endedSessionCookieHeader(cookie));
  const byProvider =
    oidc !== undefined &&
    caller.userId !== undefined &&
    (await hasIdentity(database.kysely, caller.userId));
  return create(peopleV1.SignOutResponseSchema, {
    providerSignOutUrl: byProvider ? `${publicUrl}${OIDC_SIGN_OUT_PATH}` : "",
  });
}

/** Of whichever kind. */
export async function endOwnSession(
  transaction: Kysely<Schema>,
  { sessionId, userId }: CallerWithSession,
): Promise<void> {
  await transaction
    .deleteFrom(userId === undefined ? "admin_sessions" : "user_sessions")
    .where("id_token", "=", sessionId)
    .execute();
}
