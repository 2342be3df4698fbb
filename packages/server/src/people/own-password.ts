// What somebody who is signed in, or about to be, shows once more: the password, and a code. Failures count, so that who
// has stolen a session guesses no longer than others.

import { AppError } from "@truechimer/base";
import type { Schema } from "@truechimer/database";
import type { Kysely } from "kysely";
import type { ServerContext } from "../context.ts";
import { limitExceeded } from "../limits/verdict.ts";
import { nameKey } from "./user-name.ts";

type CheckContext = Pick<ServerContext, "database" | "limits" | "passwords">;

/** Not so of who signs in at a provider alone. */
export async function hasPassword(kysely: Kysely<Schema>, userId: bigint): Promise<boolean> {
  const user = await kysely
    .selectFrom("users")
    .select("password_hash")
    .where("id", "=", userId)
    .executeTakeFirst();
  return (user?.password_hash ?? null) !== null;
}

/** Gives the user's name. Fails with bad_request, forbidden, or limit_exceeded. */
export async function checkOwnPassword(
  { database, limits, passwords }: CheckContext,
  userId: bigint,
  password: string,
): Promise<string> {
  const user = await database.kysely
    .selectFrom("users")
    .select(["name", "password_hash"])
    .where("id", "=", userId)
    .executeTakeFirstOrThrow();
  if (user.password_hash === null) {
    throw new AppError(
      "bad_request",
      `"${user.name}" has no password here: signing in is the provider's, and so is a second factor`,
    );
  }
  const key = nameKey(user.name);
  const closed = limits.closed("sign_in_failures", key);
  if (closed !== undefined) throw limitExceeded(closed);
  const verdict = await passwords.check(password, user.password_hash);
  if (verdict.right) return user.name;
  const failure = await limits.take("sign_in_failures", key);
  if (!failure.passed) throw limitExceeded(failure);
  throw new AppError("forbidden", "the current password is wrong");
}

interface CodeOwner {
  readonly idToken: string;
}

/** Before a code is looked at. */
export function refuseClosedCodes(
  { limits }: Pick<ServerContext, "limits">,
  { idToken }: CodeOwner,
): void {
  const closed = limits.closed("code_failures", idToken);
  if (closed !== undefined) throw limitExceeded(closed);
}

/** After a code was wrong. Gives what the caller is told, with this code of ours. */
export async function countCodeFailure(
  { limits, metrics }: Pick<ServerContext, "limits" | "metrics">,
  { idToken }: CodeOwner,
  errorCode: "unauthenticated" | "forbidden",
): Promise<AppError> {
  metrics.accessRefused.inc({ reason: "code" });
  const failure = await limits.take("code_failures", idToken);
  return failure.passed
    ? new AppError(errorCode, "the code is wrong, or was used before")
    : limitExceeded(failure);
}
