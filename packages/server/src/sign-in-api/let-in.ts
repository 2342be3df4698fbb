// The last step of every way in: a new session, and what the browser had before is ended, so that nobody is let into a
// session that somebody else knows.

import type { RoleName, Schema } from "@truechimer/database";
import type { Transaction } from "kysely";
import { recordAct } from "../audit/record-act.ts";
import type { ServerContext } from "../context.ts";
import type { CallerWithSession } from "../people/caller.ts";
import type { SessionOrigin } from "../people/sessions.ts";
import { openUserSession, whatUserMay } from "../people/user-sessions.ts";
import { endOwnSession } from "../people-api/sessions.ts";

export interface UserToLetIn {
  readonly id: bigint;
  readonly id_token: string;
  readonly name: string;
  readonly role: RoleName;
  readonly account_id: bigint | null;
}

export interface Entry {
  readonly origin: SessionOrigin;
  readonly user: UserToLetIn;
  /** Looked up before the transaction: one that waits for a second connection may wait for itself. */
  readonly before: CallerWithSession | undefined;
  /** For the audit trail. */
  readonly by: "name and password" | "passkey" | "OpenID Connect";
}

/** Gives what the cookie holds. */
export async function letIn(
  context: Pick<ServerContext, "clock" | "random">,
  transaction: Transaction<Schema>,
  { origin, user, before, by }: Entry,
): Promise<string> {
  const { userAgent, openedFrom } = origin;
  if (before !== undefined) await endOwnSession(transaction, before);
  const session = await openUserSession(transaction, context, {
    userId: user.id,
    userAgent,
    openedFrom,
  });
  await recordAct(transaction, whatUserMay(user), {
    act: "session_opened",
    object: by,
    after: { from: openedFrom },
  });
  return session;
}
