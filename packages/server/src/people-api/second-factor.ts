// BeginSecondFactor, ConfirmSecondFactor, RemoveSecondFactor, RenewRecoveryCodes: a second factor of the caller's own.

import { create } from "@bufbuild/protobuf";
import { peopleV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import { inTransaction, type Schema } from "@truechimer/database";
import type { Transaction } from "kysely";
import { recordAct } from "../audit/record-act.ts";
import { passkeySite } from "../passkeys/passkey-site.ts";
import { base32 } from "../people/base32.ts";
import { type ActingContext, type CallerWithSession, requireSession } from "../people/caller.ts";
import { lockUser } from "../people/lock-user.ts";
import { checkOwnPassword, countCodeFailure, refuseClosedCodes } from "../people/own-password.ts";
import { needsSecondFactor, proveSecondFactor } from "../people/prove-second-factor.ts";
import {
  deleteOneTimePasswords,
  deleteRecoveryCodes,
  makeRecoveryCodes,
  proposeSecondFactor,
  requireSeal,
  type SecondFactorUser,
  secretUri,
  takeOneTimePassword,
} from "../people/second-factor.ts";
import { endUserSessions } from "../people/user-sessions.ts";

export async function beginSecondFactor(
  context: ActingContext,
  { password }: peopleV1.BeginSecondFactorRequest,
): Promise<peopleV1.BeginSecondFactorResponse> {
  const { database, random, caller } = context;
  const user = signedIn(caller);
  const seal = requireSeal(context);
  await checkOwnPassword(context, user.id, password);
  const secret = await inTransaction(database, async (transaction) => {
    await lockUser(transaction, user.id);
    const proposed = await proposeSecondFactor(transaction, user, { seal, random });
    if (proposed === undefined) {
      throw new AppError("conflict", "there is a second factor already: remove that one first");
    }
    await recordAct(transaction, caller, {
      act: "second_factor_proposed",
      object: `user ${user.idToken}`,
    });
    return proposed;
  });
  return create(peopleV1.BeginSecondFactorResponseSchema, {
    secret: base32(secret),
    uri: secretUri(secret, user.name),
  });
}

export async function confirmSecondFactor(
  context: ActingContext,
  { code }: peopleV1.ConfirmSecondFactorRequest,
): Promise<peopleV1.ConfirmSecondFactorResponse> {
  const { database, random, clock, caller } = context;
  const user = signedIn(caller);
  const seal = requireSeal(context);
  refuseClosedCodes(context, user);
  const nowNs = clock.nowNs();
  const codes = await inTransaction(database, async (transaction) => {
    await lockUser(transaction, user.id);
    const isFirst = !(await needsSecondFactor(transaction, user.id));
    const taken = { code, confirmed: false, nowNs, seal };
    if (!(await takeOneTimePassword(transaction, user, taken))) return undefined;
    const ended = await endUserSessions(transaction, user.id, { but: user.sessionId });
    await recordAct(transaction, caller, {
      act: "second_factor_confirmed",
      object: `user ${user.idToken}`,
      after: { sessions_ended: ended },
    });
    // Who has passkeys has codes already.
    return isFirst ? makeRecoveryCodes(transaction, user.id, random) : [];
  });
  if (codes === undefined) throw await countCodeFailure(context, user, "forbidden");
  return create(peopleV1.ConfirmSecondFactorResponseSchema, { recoveryCodes: [...codes] });
}

export async function removeSecondFactor(
  context: ActingContext,
  proof: peopleV1.RemoveSecondFactorRequest,
  publicUrl: string,
): Promise<peopleV1.RemoveSecondFactorResponse> {
  await withBothFactors(context, { ...proof, publicUrl }, async (transaction, user) => {
    await deleteOneTimePasswords(transaction, user.id);
    await dropUselessRecoveryCodes(transaction, user.id);
    await recordAct(transaction, context.caller, {
      act: "second_factor_removed",
      object: `user ${user.idToken}`,
    });
  });
  return create(peopleV1.RemoveSecondFactorResponseSchema);
}

export async function renewRecoveryCodes(
  context: ActingContext,
  proof: peopleV1.RenewRecoveryCodesRequest,
  publicUrl: string,
): Promise<peopleV1.RenewRecoveryCodesResponse> {
  const codes = await withBothFactors(
    context,
    { ...proof, publicUrl },
    async (transaction, user) => {
      const made = await makeRecoveryCodes(transaction, user.id, context.random);
      await recordAct(transaction, context.caller, {
        act: "recovery_codes_renewed",
        object: `user ${user.idToken}`,
      });
      return made;
    },
  );
  return create(peopleV1.RenewRecoveryCodesResponseSchema, { recoveryCodes: [...codes] });
}

/** Codes that stand in for nothing are none. */
export async function dropUselessRecoveryCodes(
  transaction: Transaction<Schema>,
  userId: bigint,
): Promise<void> {
  if (!(await needsSecondFactor(transaction, userId)))
    await deleteRecoveryCodes(transaction, userId);
}

export interface BothFactors {
  readonly password: string;
  readonly code: string;
  readonly passkeyJson: string;
  readonly publicUrl: string;
  /** Whether the password is enough for a user without a second factor. Default: no. */
  readonly whereThereIsOne?: boolean;
}

/** In the transaction that spends the proof. Nothing is done, and the failure is counted, when one of the two is wrong. */
export async function withBothFactors<Value>(
  context: ActingContext,
  { password, code, passkeyJson, publicUrl, whereThereIsOne = false }: BothFactors,
  work: (transaction: Transaction<Schema>, user: SignedIn) => Promise<Value>,
): Promise<Value> {
  const { database, clock, caller } = context;
  const user = signedIn(caller);
  await checkOwnPassword(context, user.id, password);
  refuseClosedCodes(context, user);
  const proof = { code, passkeyJson, site: passkeySite(publicUrl), nowNs: clock.nowNs() };
  const done = await inTransaction(database, async (transaction) => {
    await lockUser(transaction, user.id);
    const isRight =
      (whereThereIsOne && !(await needsSecondFactor(transaction, user.id))) ||
      (await proveSecondFactor(context, transaction, user, proof));
    return isRight ? { value: await work(transaction, user) } : undefined;
  });
  if (done === undefined) throw await countCodeFailure(context, user, "forbidden");
  return done.value;
}

export interface SignedIn extends SecondFactorUser {
  readonly name: string;
  readonly sessionId: CallerWithSession["sessionId"];
}

export function signedIn(caller: ActingContext["caller"]): SignedIn {
  requireSession(caller);
  const { userId, sessionId, actor } = caller;
  if (userId === undefined) {
    throw new AppError(
      "bad_request",
      "this session was opened with a one-time key: it has no second factor",
    );
  }
  return { id: userId, idToken: actor.id, name: actor.name, sessionId };
}
