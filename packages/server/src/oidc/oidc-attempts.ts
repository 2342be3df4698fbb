// Sign-ins that are under way: the browser holds a secret, the database its hash and its end, so that every replica takes
// the answer, once. State, nonce and code verifier are derived from the secret: an answer that was meant for another browser
// fits none of them, and a copy of the database has nothing to answer with.

import { createHash } from "node:crypto";
import type { Random } from "@truechimer/base";
import type { Schema, Timestamptz } from "@truechimer/database";
import { type Kysely, sql } from "kysely";
import { createToken, TOKEN_CHARACTERS_MAX, tokenHash } from "../http/token.ts";
import type { OidcProof } from "./oidc-client.ts";

/** A person signs in at the provider, perhaps with a second factor, or asks for a new password. */
export const ATTEMPT_MINUTES = 10;

/** Gives the secret. */
export async function beginAttempt(
  kysely: Kysely<Schema>,
  random: Random,
  { sessionBefore }: { readonly sessionBefore: string | undefined },
): Promise<string> {
  const secret = createToken("tcx_", random);
  await kysely
    .insertInto("oidc_sign_ins")
    .values({
      token_hash: tokenHash(secret),
      expires_at: sql<Timestamptz>`now() + make_interval(mins => ${ATTEMPT_MINUTES}::int)`,
      session_before: sessionBefore ?? null,
    })
    .execute();
  return secret;
}

export function proofOf(secret: string): OidcProof {
  return {
    state: derived("state", secret),
    nonce: derived("nonce", secret),
    codeVerifier: derived("code verifier", secret),
  };
}

/** 43 characters of base64url, which is what RFC 7636, section 4.1 asks of a code verifier. */
function derived(purpose: string, secret: string): string {
  return createHash("sha256").update(`${purpose}\0${secret}`, "utf8").digest("base64url");
}

/** Spends the attempt. Undefined: it is unknown, was spent, or is too old. */
export async function takeAttempt(
  kysely: Kysely<Schema>,
  secret: string,
): Promise<{ readonly sessionBefore: string | undefined } | undefined> {
  if (secret.length > TOKEN_CHARACTERS_MAX) return undefined;
  const row = await kysely
    .deleteFrom("oidc_sign_ins")
    .where("token_hash", "=", tokenHash(secret))
    .where("expires_at", ">", sql<Timestamptz>`now()`)
    .returning("session_before")
    .executeTakeFirst();
  return row === undefined ? undefined : { sessionBefore: row.session_before ?? undefined };
}

/** Of whichever kind. */
export async function endSessionBefore(transaction: Kysely<Schema>, id: string): Promise<void> {
  await transaction.deleteFrom("user_sessions").where("id_token", "=", id).execute();
  await transaction.deleteFrom("admin_sessions").where("id_token", "=", id).execute();
}
