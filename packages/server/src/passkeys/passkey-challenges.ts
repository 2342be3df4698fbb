// What passkeys are asked to sign: 256 random bits, known to the database by their hash, answered once and within minutes, at
// any replica. Each is for one purpose and, but for a sign-in, for one user.

import { createHash } from "node:crypto";
import type { Random } from "@truechimer/base";
import type { PasskeyPurposeName, Schema, Timestamptz } from "@truechimer/database";
import { type Kysely, sql } from "kysely";

const CHALLENGE_BYTES = 32;
/** A person looks for the key, or takes the phone out. */
export const CHALLENGE_MINUTES = 5;

export interface ChallengeUse {
  readonly purpose: PasskeyPurposeName;
  /** Who is asked. Null: whoever answers. */
  readonly userId: bigint | null;
}

export async function createChallenge(
  kysely: Kysely<Schema>,
  random: Random,
  { purpose, userId }: ChallengeUse,
): Promise<Uint8Array<ArrayBuffer>> {
  const challenge = new Uint8Array(random.bytes(CHALLENGE_BYTES));
  await kysely
    .insertInto("passkey_challenges")
    .values({
      challenge_hash: hashOf(challenge),
      purpose,
      user_id: userId,
      expires_at: sql<Timestamptz>`now() + make_interval(mins => ${CHALLENGE_MINUTES}::int)`,
    })
    .execute();
  return challenge;
}

/** Spends it. False: it is unknown, for another purpose or user, was spent, or is too old. `challenge`: base64url. */
export async function takeChallenge(
  kysely: Kysely<Schema>,
  challenge: string,
  { purpose, userId }: ChallengeUse,
): Promise<boolean> {
  const { numDeletedRows } = await kysely
    .deleteFrom("passkey_challenges")
    .where("challenge_hash", "=", hashOf(Buffer.from(challenge, "base64url")))
    .where("purpose", "=", purpose)
    .where(sql<boolean>`user_id is not distinct from ${userId}::bigint`)
    .where("expires_at", ">", sql<Timestamptz>`now()`)
    .executeTakeFirst();
  return numDeletedRows === 1n;
}

function hashOf(challenge: Uint8Array): Buffer {
  return createHash("sha256").update(challenge).digest();
}
