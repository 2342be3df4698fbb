// BeginPasskeySignIn, SignInWithPasskey: whoever holds a passkey gets in by it alone. The device knows its holder, by a finger
// or a PIN, so that it is two factors in one: what the person has, and what the person is or knows.

import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { signInV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import { inTransaction, type Timestamptz } from "@truechimer/database";
import { sql } from "kysely";
import type { ServerContext } from "../context.ts";
import { limitExceeded } from "../limits/verdict.ts";
import { beginPasskeySignIn as begin, takePasskey } from "../passkeys/passkeys.ts";
import { tellCountedBack } from "../people/prove-second-factor.ts";
import { requireSite } from "../people-api/passkeys.ts";
import { type Door, doorOf } from "./door.ts";
import { letIn } from "./let-in.ts";

export async function beginPasskeySignIn(
  { database, limits, random }: ServerContext,
  call: HandlerContext,
): Promise<signInV1.BeginPasskeySignInResponse> {
  const { addressKey, publicUrl } = doorOf(call);
  const site = requireSite(publicUrl);
  const verdict = await limits.take("passkey_sign_ins", addressKey);
  if (!verdict.passed) throw limitExceeded(verdict);
  return create(signInV1.BeginPasskeySignInResponseSchema, {
    optionsJson: await begin(database.kysely, random, site),
  });
}

export async function signInWithPasskey(
  context: ServerContext,
  { passkeyJson: json }: signInV1.SignInWithPasskeyRequest,
  call: HandlerContext,
): Promise<signInV1.SignInWithPasskeyResponse> {
  const door = doorOf(call);
  const site = requireSite(door.publicUrl);
  const before = await door.sessionBefore();
  const outcome = await inTransaction(context.database, async (transaction) => {
    const taken = await takePasskey(transaction, { json, site });
    if (typeof taken === "string") return taken;
    const user = await transaction
      .updateTable("users")
      .set({ signed_in_at: sql<Timestamptz>`now()` })
      .where("id", "=", taken.userId)
      .where("disabled_at", "is", null)
      .returning(["id", "id_token", "name", "role", "account_id"])
      .executeTakeFirst();
    if (user === undefined) return "invalid";
    return {
      session: await letIn(context, transaction, { origin: door, user, before, by: "passkey" }),
    };
  });
  if (typeof outcome === "string") {
    if (outcome === "counted_back") tellCountedBack(context, undefined);
    throw await refused(context, door);
  }
  await context.auditHead.keep();
  door.setSession(call, outcome.session);
  return create(signInV1.SignInWithPasskeyResponseSchema);
}

/** The same words whatever was wrong. */
async function refused(
  { limits, metrics, logger }: ServerContext,
  { addressKey, openedFrom }: Door,
): Promise<AppError> {
  metrics.accessRefused.inc({ reason: "passkey" });
  logger.warn({ from: openedFrom }, "a sign-in with a passkey failed");
  const verdict = await limits.take("login_failures", addressKey);
  if (!verdict.passed) return limitExceeded(verdict);
  return new AppError(
    "unauthenticated",
    "the passkey is not known here, or its answer does not hold or came too late: try again, or sign in with name and password",
  );
}
