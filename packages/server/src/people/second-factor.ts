// The second factor of a user in the database: a sealed secret, the newest step that was taken, and recovery codes.

import { AppError, type Random } from "@truechimer/base";
import type { Schema, Timestamptz } from "@truechimer/database";
import { type Kysely, sql, type Transaction } from "kysely";
import type { Seal } from "../ca/seal.ts";
import type { ServerContext } from "../context.ts";
import { tokenHash } from "../http/token.ts";
import { base32 } from "./base32.ts";
import { stepOfCode } from "./one-time-password.ts";

/** RFC 4226, section 4, R6: 160 bits are recommended. */
const SECRET_BYTES = 20;
const RECOVERY_CODES = 10;
/** 80 bits, so that a copy of the hashes is of no use. */
const RECOVERY_CODE_BYTES = 10;
const RECOVERY_GROUP_CHARACTERS = 4;
const ISSUER = "Truechimer";

export interface SecondFactorUser {
  readonly id: bigint;
  readonly idToken: string;
}

/** Fails with master_key_missing. */
export function requireSeal({ seal }: Pick<ServerContext, "seal">): Seal {
  if (seal !== undefined) return seal;
  throw new AppError(
    "master_key_missing",
    "a second factor needs a master key, under which its secret is sealed: see secrets.master_key_file",
  );
}

/** One that was proposed before and not confirmed is replaced. Gives the secret; absent: one is confirmed. */
export async function proposeSecondFactor(
  transaction: Transaction<Schema>,
  { id, idToken }: SecondFactorUser,
  { seal, random }: { readonly seal: Seal; readonly random: Random },
): Promise<Uint8Array | undefined> {
  const secret = random.bytes(SECRET_BYTES);
  const sealed = seal.seal(purposeOf(idToken), secret);
  const { numInsertedOrUpdatedRows } = await transaction
    .insertInto("user_second_factors")
    .values({ user_id: id, secret: sealed })
    .onConflict((conflict) =>
      conflict
        .column("user_id")
        .doUpdateSet({ secret: sealed, created_at: sql<Timestamptz>`now()`, last_step: 0n })
        .where("user_second_factors.confirmed_at", "is", null),
    )
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n ? secret : undefined;
}

/** As apps read it: https://github.com/google/google-authenticator/wiki/Key-Uri-Format */
export function secretUri(secret: Uint8Array, name: string): string {
  const label = encodeURIComponent(`${ISSUER}:${name}`);
  return `otpauth://totp/${label}?secret=${base32(secret)}&issuer=${ISSUER}`;
}

/** Whether an app of the user makes codes that count. */
export async function hasOneTimePasswords(
  kysely: Kysely<Schema>,
  userId: bigint,
): Promise<boolean> {
  const row = await kysely
    .selectFrom("user_second_factors")
    .select("user_id")
    .where("user_id", "=", userId)
    .where("confirmed_at", "is not", null)
    .executeTakeFirst();
  return row !== undefined;
}

/** Takes a one-time password, once. `confirmed`: of one that counts already, or of one that was only proposed. */
export async function takeOneTimePassword(
  transaction: Transaction<Schema>,
  { id, idToken }: SecondFactorUser,
  options: {
    readonly code: string;
    readonly confirmed: boolean;
    readonly nowNs: bigint;
    readonly seal: Seal;
  },
): Promise<boolean> {
  const { code, confirmed, nowNs, seal } = options;
  const row = await transaction
    .selectFrom("user_second_factors")
    .select(["secret", "last_step"])
    .where("user_id", "=", id)
    .where("confirmed_at", confirmed ? "is not" : "is", null)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) return false;
  const secret = seal.unseal(purposeOf(idToken), row.secret);
  const typed = code.replaceAll(/\s/g, "");
  const step = stepOfCode(secret, typed, { nowNs, lastStep: row.last_step });
  if (step === undefined) return false;
  await transaction
    .updateTable("user_second_factors")
    .set({ last_step: step, ...(confirmed ? {} : { confirmed_at: sql<Timestamptz>`now()` }) })
    .where("user_id", "=", id)
    .execute();
  return true;
}

/** The codes before hold no more. Gives the new ones, which are told once. */
export async function makeRecoveryCodes(
  transaction: Transaction<Schema>,
  userId: bigint,
  random: Random,
): Promise<readonly string[]> {
  await transaction.deleteFrom("user_recovery_codes").where("user_id", "=", userId).execute();
  const codes = Array.from({ length: RECOVERY_CODES }, () =>
    base32(random.bytes(RECOVERY_CODE_BYTES)),
  );
  await transaction
    .insertInto("user_recovery_codes")
    .values(codes.map((code) => ({ code_hash: tokenHash(code), user_id: userId })))
    .execute();
  return codes.map(grouped);
}

/** Spends a recovery code. However it is grouped, and in any case. */
export async function takeRecoveryCode(
  transaction: Transaction<Schema>,
  userId: bigint,
  code: string,
): Promise<boolean> {
  const plain = code.replaceAll(/[\s-]/g, "").toUpperCase();
  const { numDeletedRows } = await transaction
    .deleteFrom("user_recovery_codes")
    .where("user_id", "=", userId)
    .where("code_hash", "=", tokenHash(plain))
    .executeTakeFirst();
  return numDeletedRows === 1n;
}

/** Recovery codes stand in for passkeys as well, and stay as long as there are any. */
export async function deleteOneTimePasswords(
  transaction: Kysely<Schema>,
  userId: bigint,
): Promise<void> {
  await transaction.deleteFrom("user_second_factors").where("user_id", "=", userId).execute();
}

/** Passkeys, one-time passwords and recovery codes. */
export async function deleteSecondFactors(
  transaction: Kysely<Schema>,
  userId: bigint,
): Promise<void> {
  await deleteOneTimePasswords(transaction, userId);
  await transaction.deleteFrom("user_passkeys").where("user_id", "=", userId).execute();
  await deleteRecoveryCodes(transaction, userId);
}

export async function deleteRecoveryCodes(
  transaction: Kysely<Schema>,
  userId: bigint,
): Promise<void> {
  await transaction.deleteFrom("user_recovery_codes").where("user_id", "=", userId).execute();
}

function purposeOf(idToken: string): string {
  return `second factor of user ${idToken}`;
}

/** "ABCD-EFGH-IJKL-MNOP" */
function grouped(code: string): string {
  return (code.match(new RegExp(`.{1,${RECOVERY_GROUP_CHARACTERS}}`, "g")) ?? []).join("-");
}
