// GetSignInOptions, SignIn, LookUpLink, UseLink: how a person gets in. Whether there is a user of that name is told by
// neither the answer nor the time that it takes.

import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { signInV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import { inTransaction, type Timestamptz } from "@truechimer/database";
import { sql } from "kysely";
import { recordAct } from "../audit/record-act.ts";
import type { ServerContext } from "../context.ts";
import { limitExceeded } from "../limits/verdict.ts";
import { OIDC_PATH } from "../oidc/oidc-settings.ts";
import { passkeySite } from "../passkeys/passkey-site.ts";
import { beginProof, hasAnyPasskey } from "../passkeys/passkeys.ts";
import { countCodeFailure, refuseClosedCodes } from "../people/own-password.ts";
import { PASSWORD_CHARACTERS_MAX, requireGoodPassword } from "../people/password-rules.ts";
import { needsSecondFactor, proveSecondFactor } from "../people/prove-second-factor.ts";
import { hasOneTimePasswords } from "../people/second-factor.ts";
import { linkedUser, spendUserLink } from "../people/user-links.ts";
import { nameKey } from "../people/user-name.ts";
import { endUserSessions, whatUserMay } from "../people/user-sessions.ts";
import { type Door, doorOf } from "./door.ts";
import { letIn } from "./let-in.ts";

/** Longer than any name that there is. */
const NAME_CHARACTERS_MAX = 400;

export async function getSignInOptions(
  { database, oidc }: ServerContext,
  publicUrl: string,
): Promise<signInV1.GetSignInOptionsResponse> {
  const row = await database.kysely
    .selectFrom("users")
    .select("id")
    .where("password_hash", "is not", null)
    .where("disabled_at", "is", null)
    .limit(1)
    .executeTakeFirst();
  const site = passkeySite(publicUrl);
  return create(signInV1.GetSignInOptionsResponseSchema, {
    byName: row !== undefined,
    byPasskey: site !== undefined && (await hasAnyPasskey(database.kysely, site)),
    passkeyOrigin: site?.origin ?? "",
    ...(oidc === undefined
      ? {}
      : { providerUrl: `${publicUrl}${OIDC_PATH}`, providerName: oidc.settings.name }),
  });
}

const WRONG = "the name or the password is wrong";

export async function signIn(
  context: ServerContext,
  { name, password, code, passkeyJson }: signInV1.SignInRequest,
  call: HandlerContext,
): Promise<signInV1.SignInResponse> {
  const { database, limits, passwords } = context;
  const door = doorOf(call);
  const key = nameKey(name.slice(0, NAME_CHARACTERS_MAX));
  const closed = limits.closed("sign_in_failures", key);
  if (closed !== undefined) throw limitExceeded(closed);
  // What nobody can have set is not worth hashing, whoever it is for.
  const isLong = Array.from(password).length > PASSWORD_CHARACTERS_MAX;
  const user = await database.kysely
    .selectFrom("users")
    .select(["id", "id_token", "password_hash", "password_set_at"])
    .where("name_key", "=", key)
    .where("disabled_at", "is", null)
    .executeTakeFirst();
  const stored = user?.password_hash ?? null;
  const verdict = isLong ? ({ right: false } as const) : await passwords.check(password, stored);
  if (!verdict.right || user === undefined || stored === null)
    throw await failed(context, door, key);
  const renewed = verdict.outdated ? await passwords.hash(password) : stored;
  const needsCode = await needsSecondFactor(database.kysely, user.id);
  if (needsCode && code === "" && passkeyJson === "") return askForMore(context, door, user.id);
  const owner = { id: user.id, idToken: user.id_token };
  if (needsCode) refuseClosedCodes(context, owner);
  const nowNs = context.clock.nowNs();
  const before = await door.sessionBefore();
  const session = await inTransaction(database, async (transaction) => {
    const proof = { code, passkeyJson, site: door.passkeySite, nowNs };
    if (needsCode && !(await proveSecondFactor(context, transaction, owner, proof)))
      return "wrong code";
    // Locked out, or reset, while the password was looked at: then it was the wrong one. A hash that was only made anew by
    // somebody who signed in at the same time is of the same password.
    const row = await transaction
      .updateTable("users")
      .set({
        signed_in_at: sql<Timestamptz>`now()`,
        password_hash: sql<string>`case when password_hash = ${stored} then ${renewed} else password_hash end`,
      })
      .where("id", "=", user.id)
      .where("password_hash", "is not", null)
      .where(
        sql<boolean>`password_set_at is not distinct from ${user.password_set_at}::timestamptz`,
      )
      .where("disabled_at", "is", null)
      .returning(["id", "id_token", "name", "role", "account_id"])
      .executeTakeFirst();
    if (row === undefined) return undefined;
    // Confirmed since it was looked at; the user's row, which both lock, puts the two in an order.
    if (!needsCode && (await needsSecondFactor(transaction, row.id))) return "code needed";
    return letIn(context, transaction, {
      origin: door,
      user: row,
      before,
      by: "name and password",
    });
  });
  if (session === "code needed") return askForMore(context, door, user.id);
  if (session === "wrong code") throw await countCodeFailure(context, owner, "unauthenticated");
  if (session === undefined) throw await failed(context, door, key);
  await context.auditHead.keep();
  door.setSession(call, session);
  return create(signInV1.SignInResponseSchema);
}

/** The password was right: what else is to be shown. */
async function askForMore(
  { database: { kysely }, random }: ServerContext,
  { passkeySite: site }: Door,
  userId: bigint,
): Promise<signInV1.SignInResponse> {
  return create(signInV1.SignInResponseSchema, {
    codeNeeded: true,
    passkeyOptionsJson:
      site === undefined ? "" : ((await beginProof(kysely, random, { userId, site })) ?? ""),
    hasOneTimePasswords: await hasOneTimePasswords(kysely, userId),
  });
}

/** Counts for the name and for the address. Gives what the caller is told. */
async function failed(
  { limits, metrics, logger }: ServerContext,
  { addressKey, openedFrom }: Door,
  key: string,
): Promise<AppError> {
  metrics.accessRefused.inc({ reason: "password" });
  logger.warn({ from: openedFrom }, "a sign-in failed");
  const [ofName, ofAddress] = await Promise.all([
    limits.take("sign_in_failures", key),
    limits.take("login_failures", addressKey),
  ]);
  if (!ofAddress.passed) return limitExceeded(ofAddress);
  return ofName.passed ? new AppError("unauthenticated", WRONG) : limitExceeded(ofName);
}

export async function lookUpLink(
  context: ServerContext,
  { secret }: signInV1.LookUpLinkRequest,
  call: HandlerContext,
): Promise<signInV1.LookUpLinkResponse> {
  const user = await linkedUser(context.database.kysely, secret);
  if (user === undefined) throw await linkRefused(context, doorOf(call));
  return create(signInV1.LookUpLinkResponseSchema, { name: user.name });
}

export async function useLink(
  context: ServerContext,
  { secret, password }: signInV1.UseLinkRequest,
  call: HandlerContext,
): Promise<signInV1.UseLinkResponse> {
  const { database, passwords } = context;
  const door = doorOf(call);
  const found = await linkedUser(database.kysely, secret);
  if (found === undefined) throw await linkRefused(context, door);
  requireGoodPassword(password, found.name);
  const hash = await passwords.hash(password);
  const before = await door.sessionBefore();
  const session = await inTransaction(database, async (transaction) => {
    if (!(await spendUserLink(transaction, secret))) return undefined;
    const user = await transaction
      .updateTable("users")
      .set({
        password_hash: hash,
        password_set_at: sql<Timestamptz>`now()`,
        signed_in_at: sql<Timestamptz>`now()`,
      })
      .where("id", "=", found.id)
      .where("disabled_at", "is", null)
      .returning(["id", "id_token", "name", "role", "account_id"])
      .executeTakeFirst();
    if (user === undefined) return undefined;
    await endUserSessions(transaction, user.id);
    await recordAct(transaction, whatUserMay(user), {
      act: "password_set",
      object: `user ${user.id_token}`,
      after: { name: user.name, by: "one-time link" },
    });
    return letIn(context, transaction, { origin: door, user, before, by: "name and password" });
  });
  if (session === undefined) throw await linkRefused(context, door);
  await context.auditHead.keep();
  door.setSession(call, session);
  return create(signInV1.UseLinkResponseSchema);
}

async function linkRefused(
  { limits, metrics }: ServerContext,
  { addressKey }: Door,
): Promise<AppError> {
  metrics.accessRefused.inc({ reason: "link_refused" });
  const verdict = await limits.take("login_failures", addressKey);
  if (!verdict.passed) return limitExceeded(verdict);
  return new AppError(
    "unauthenticated",
    "the one-time link is unknown, used or too old: ask an admin for a new one",
  );
}
