// BeginSecondFactor, ConfirmSecondFactor, RemoveSecondFactor, RenewRecoveryCodes: a second factor of the caller's own.

import { create } from "@bufbuild/protobuf";
import { peopleV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import { inTransaction, type Schema } from "@truechimer/database";
import type { Transaction } from "kysely";
import { recordAct } from "../audit/record-act.ts";
import { base32 } from "../people/base32.ts";
import { type ActingContext, type CallerWithSession, requireSession } from "../people/caller.ts";
import { checkOwnPassword, countCodeFailure, refuseClosedCodes } from "../people/own-password.ts";
import {
  deleteSecondFactor,
  makeRecoveryCodes,
  proposeSecondFactor,
  requireSeal,
  type SecondFactorUser,
  secretUri,
  takeOneTimePassword,
  takeRecoveryCode,
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
    // A sign-in that has not seen the factor yet is over, and its session is ended below, or it sees the factor.
    await transaction
      .selectFrom("users")
      .select("id")
      .where("id", "=", user.id)
      .forUpdate()
      .executeTakeFirstOrThrow();
    const taken = { code, confirmed: false, nowNs, seal };
    if (!(await takeOneTimePassword(transaction, user, taken))) return undefined;
    const ended = await endUserSessions(transaction, user.id, { but: user.sessionId });
    await recordAct(transaction, caller, {
      act: "second_factor_confirmed",
      object: `user ${user.idToken}`,
      after: { sessions_ended: ended },
    });
    return makeRecoveryCodes(transaction, user.id, random);
  });
  if (codes === undefined) throw await countCodeFailure(context, user, "forbidden");
  return create(peopleV1.ConfirmSecondFactorResponseSchema, { recoveryCodes: [...codes] });
}

export async function removeSecondFactor(
  context: ActingContext,
  proof: peopleV1.RemoveSecondFactorRequest,
): Promise<peopleV1.RemoveSecondFactorResponse> {
  await withBothFactors(context, proof, async (transaction, user) => {
    await deleteSecondFactor(transaction, user.id);
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
): Promise<peopleV1.RenewRecoveryCodesResponse> {
  const codes = await withBothFactors(context, proof, async (transaction, user) => {
    const made = await makeRecoveryCodes(transaction, user.id, context.random);
    await recordAct(transaction, context.caller, {
      act: "recovery_codes_renewed",
      object: `user ${user.idToken}`,
    });
    return made;
  });
  return create(peopleV1.RenewRecoveryCodesResponseSchema, { recoveryCodes: [...codes] });
}

/** In the transaction that spends the code. Nothing is done, and the failure is counted, when one of the two is wrong. */
async function withBothFactors<Value>(
  context: ActingContext,
  { password, code }: { readonly password: string; readonly code: string },
  work: (transaction: Transaction<Schema>, user: SignedIn) => Promise<Value>,
): Promise<Value> {
  const { database, clock, caller } = context;
  const user = signedIn(caller);
  const seal = requireSeal(context);
  await checkOwnPassword(context, user.id, password);
  refuseClosedCodes(context, user);
  const nowNs = clock.nowNs();
  const done = await inTransaction(database, async (transaction) => {
    const isRight =
      (await takeOneTimePassword(transaction, user, { code, confirmed: true, nowNs, seal })) ||
      (await takeRecoveryCode(transaction, user.id, code));
    return isRight ? { value: await work(transaction, user) } : undefined;
  });
  if (done === undefined) throw await countCodeFailure(context, user, "forbidden");
  return done.value;
}

interface SignedIn extends SecondFactorUser {
  readonly name: string;
  readonly sessionId: CallerWithSession["sessionId"];
}

function signedIn(caller: ActingContext["caller"]): SignedIn {
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
