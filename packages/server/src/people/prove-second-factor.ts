// A second factor is shown: a one-time password, a recovery code, or the answer of a passkey. Each is taken once.

import type { Schema } from "@truechimer/database";
import type { Kysely, Transaction } from "kysely";
import type { ServerContext } from "../context.ts";
import type { PasskeySite } from "../passkeys/passkey-site.ts";
import { countPasskeys, takePasskey } from "../passkeys/passkeys.ts";
import { lockUser } from "./lock-user.ts";
import {
  hasOneTimePasswords,
  requireSeal,
  type SecondFactorUser,
  takeOneTimePassword,
  takeRecoveryCode,
} from "./second-factor.ts";

export interface FactorProof {
  /** Empty: a passkey answers. */
  readonly code: string;
  /** As the browser gives it. Empty: a code is shown. */
  readonly passkeyJson: string;
  /** Undefined: passkeys work nowhere. */
  readonly site: PasskeySite | undefined;
  readonly nowNs: bigint;
}

/** Whether a sign-in by password needs more than that. */
export async function needsSecondFactor(kysely: Kysely<Schema>, userId: bigint): Promise<boolean> {
  return (await hasOneTimePasswords(kysely, userId)) || (await countPasskeys(kysely, userId)) > 0;
}

/** The user's row is locked first, wherever it is shown. Fails with master_key_missing. */
export async function proveSecondFactor(
  context: Pick<ServerContext, "seal" | "logger">,
  transaction: Transaction<Schema>,
  user: SecondFactorUser,
  { code, passkeyJson, site, nowNs }: FactorProof,
): Promise<boolean> {
  await lockUser(transaction, user.id);
  if (passkeyJson !== "") {
    if (site === undefined) return false;
    const taken = await takePasskey(transaction, { json: passkeyJson, site, userId: user.id });
    if (taken === "counted_back") tellCountedBack(context, user.idToken);
    return typeof taken === "object";
  }
  if (await hasOneTimePasswords(transaction, user.id)) {
    const seal = requireSeal(context);
    if (await takeOneTimePassword(transaction, user, { code, confirmed: true, nowNs, seal }))
      return true;
  }
  if (!(await takeRecoveryCode(transaction, user.id, code))) return false;
  context.logger.warn({ user: user.idToken }, "a recovery code was used");
  return true;
}

/** For whoever runs the server. `user`: by id, or undefined where only the device is known. */
export function tellCountedBack(
  { logger }: Pick<ServerContext, "logger">,
  user: string | undefined,
): void {
  logger.warn(
    { user },
    "a passkey has signed fewer times than it had before: the device may have been copied",
  );
}
