// The answer that a browser brings back from the provider: it holds or it does not, and then the person is let in or told
// why not.

import { AppError } from "@truechimer/base";
import { inTransaction } from "@truechimer/database";
import type { ServerContext } from "../context.ts";
import type { SessionOrigin } from "../people/sessions.ts";
import {
  ACCOUNTS_MAX,
  ALL_ACCOUNTS,
  accountsInOrder,
  type UserAccounts,
} from "../people/user-accounts.ts";
import { type UserName, userName } from "../people/user-name.ts";
import { accountIdsOf } from "../people-api/account-messages.ts";
import { letIn } from "../sign-in-api/let-in.ts";
import { endSessionBefore, proofOf, takeAttempt } from "./oidc-attempts.ts";
import { type Claims, claimTexts, nameOf, roleOf } from "./oidc-claims.ts";
import type { OidcClient, SubjectClaims } from "./oidc-client.ts";
import { userOfSubject } from "./oidc-users.ts";

/** As the page is told; its words are in apps/web/src/sign-in/refusal-words.ts, and in docs/reference/errors.md. */
export type OidcRefusal =
  | "attempt_ended"
  | "provider_refused"
  | "provider_unreachable"
  | "no_role"
  | "no_account"
  | "bad_name"
  | "name_taken"
  | "locked_out";

export interface OidcAnswer {
  /** The address that the provider sent the browser to, as the browser sees it. */
  readonly url: URL;
  /** What the browser holds. Undefined: nothing. */
  readonly secret: string | undefined;
  readonly origin: SessionOrigin;
}

/** Gives what the session's cookie holds. */
export async function signInByProvider(
  context: ServerContext,
  client: OidcClient,
  { url, secret, origin }: OidcAnswer,
): Promise<{ readonly session: string } | { readonly refusal: OidcRefusal }> {
  const { database, logger } = context;
  const { settings } = client;
  if (secret === undefined) return { refusal: "attempt_ended" };
  const proof = proofOf(secret);
  // An answer that was put under the person's nose by somebody else spends nothing.
  if (url.searchParams.get("state") !== proof.state) return { refusal: "attempt_ended" };
  const attempt = await takeAttempt(database.kysely, secret);
  if (attempt === undefined) return { refusal: "attempt_ended" };
  let claims: SubjectClaims;
  try {
    claims = await client.claimsOf(url, proof);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    logger.warn({ error }, "a sign-in at the provider failed");
    return {
      refusal: error.code === "unauthenticated" ? "provider_refused" : "provider_unreachable",
    };
  }
  const role = roleOf(claims, settings);
  if (role === undefined) return { refusal: "no_role" };
  const accounts = await accountsOf(context, claims, settings.accountClaim);
  if (accounts === undefined) return { refusal: "no_account" };
  const name = readableName(nameOf(claims, settings));
  if (name === undefined) return { refusal: "bad_name" };
  const given = { issuer: claims.iss, subject: claims.sub, name, role, accounts };
  const outcome = await inTransaction(database, async (transaction) => {
    const user = await userOfSubject(transaction, context, given);
    if (typeof user === "string") return { refusal: user };
    if (attempt.sessionBefore !== undefined)
      await endSessionBefore(transaction, attempt.sessionBefore);
    const entry = { origin, user, before: undefined, by: "OpenID Connect" } as const;
    return { session: await letIn(context, transaction, entry) };
  });
  if (!("refusal" in outcome))
    await Promise.all([context.auditHead.keep(), context.callerWatch.lookNow()]);
  return outcome;
}

/** Undefined: one is needed, and the provider names none, or one that there is not. The first is where a session begins. */
async function accountsOf(
  { database }: Pick<ServerContext, "database">,
  claims: Claims,
  claim: string | undefined,
): Promise<UserAccounts | undefined> {
  if (claim === undefined) return ALL_ACCOUNTS;
  const idTokens = claimTexts(claims, claim);
  if (idTokens.length === 0 || idTokens.length > ACCOUNTS_MAX) return undefined;
  try {
    return accountsInOrder(await accountIdsOf(database.kysely, idTokens));
  } catch (error) {
    if (error instanceof AppError && error.code === "not_found") return undefined;
    throw error;
  }
}

function readableName(text: string): UserName | undefined {
  try {
    return userName(text);
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}
