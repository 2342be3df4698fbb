// Passkeys in the database: what a new one signs is looked at once, when it is added; from then on its public key decides.
// Web Authentication, Level 3, sections 7.1 (registration) and 7.2 (assertion).

import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from "@simplewebauthn/server";
import { AppError, type Clock, createUlid, type Random } from "@truechimer/base";
import type { PasskeyPurposeName, Schema, Timestamptz } from "@truechimer/database";
import { type Kysely, sql, type Transaction } from "kysely";
import { parseMadeAnswer, parseSignedAnswer, type SignedAnswer } from "./passkey-answer.ts";
import { CHALLENGE_MINUTES, createChallenge, takeChallenge } from "./passkey-challenges.ts";
import type { PasskeySite } from "./passkey-site.ts";

const SITE_NAME = "Truechimer";
/** Each is a way in; a person has a phone, a laptop and some keys. */
const PASSKEYS_MAX = 20;

export interface PasskeyUser {
  readonly id: bigint;
  readonly idToken: string;
  readonly name: string;
}

interface World {
  readonly clock: Clock;
  readonly random: Random;
}

/** How many the user has, for whichever site. */
export async function countPasskeys(kysely: Kysely<Schema>, userId: bigint): Promise<number> {
  const { count } = await kysely
    .selectFrom("user_passkeys")
    .select((is) => is.fn.countAll<bigint>().as("count"))
    .where("user_id", "=", userId)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Whether somebody who is not locked out has one of the site. */
export async function hasAnyPasskey(kysely: Kysely<Schema>, site: PasskeySite): Promise<boolean> {
  const row = await kysely
    .selectFrom("user_passkeys as p")
    .innerJoin("users as u", "u.id", "p.user_id")
    .select("p.id_token")
    .where("p.rp_id", "=", site.id)
    .where("u.disabled_at", "is", null)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** What a new passkey of the user is to sign: PublicKeyCredentialCreationOptionsJSON. */
export async function beginPasskey(
  transaction: Kysely<Schema>,
  random: Random,
  { user, site }: { readonly user: PasskeyUser; readonly site: PasskeySite },
): Promise<string> {
  await requirePlace(transaction, user.id);
  const challenge = await createChallenge(transaction, random, { purpose: "add", userId: user.id });
  const options = await generateRegistrationOptions({
    rpName: SITE_NAME,
    rpID: site.id,
    userName: user.name,
    userDisplayName: user.name,
    // What the device hands back when it is asked for no user in particular: nothing that names a person.
    userID: new Uint8Array(userHandle(user.idToken)),
    challenge,
    timeout: CHALLENGE_MINUTES * 60_000,
    attestationType: "none",
    excludeCredentials: await descriptorsOf(transaction, user.id, site),
    authenticatorSelection: { residentKey: "preferred", userVerification: "preferred" },
  });
  return JSON.stringify(options);
}

/** Gives the passkey's id. Undefined: the answer does not hold. Fails with conflict, or limit_exceeded. */
export async function addPasskey(
  transaction: Transaction<Schema>,
  { clock, random }: World,
  {
    user,
    site,
    name,
    json,
  }: {
    readonly user: Pick<PasskeyUser, "id">;
    readonly site: PasskeySite;
    readonly name: string;
    readonly json: string;
  },
): Promise<string | undefined> {
  const answer = parseMadeAnswer(json);
  if (answer === undefined) return undefined;
  const use = { purpose: "add", userId: user.id } as const;
  if (!(await takeChallenge(transaction, answer.challenge, use))) return undefined;
  const { id, rawId, type, response, challenge } = answer;
  const { clientDataJSON, attestationObject, transports = [] } = response;
  const verified = await unlessRefused(() =>
    verifyRegistrationResponse({
      response: {
        id,
        rawId,
        type,
        response: { clientDataJSON, attestationObject },
        clientExtensionResults: {},
      },
      expectedChallenge: challenge,
      expectedOrigin: site.origin,
      expectedRPID: site.id,
      requireUserVerification: false,
    }),
  );
  if (verified?.registrationInfo === undefined) return undefined;
  await requirePlace(transaction, user.id);
  const { credential, credentialBackedUp } = verified.registrationInfo;
  const idToken = createUlid(clock, random);
  const added = await transaction
    .insertInto("user_passkeys")
    .values({
      id_token: idToken,
      user_id: user.id,
      credential_id: Buffer.from(credential.id, "base64url"),
      public_key: credential.publicKey,
      rp_id: site.id,
      sign_count: BigInt(credential.counter),
      transports,
      synced: credentialBackedUp,
      name,
    })
    .onConflict((conflict) => conflict.column("credential_id").doNothing())
    .returning("id_token")
    .executeTakeFirst();
  if (added !== undefined) return added.id_token;
  throw new AppError("conflict", "this passkey was added before: use another device");
}

/** What one of the user's passkeys of the site is to sign. Undefined: there is none. */
export async function beginProof(
  kysely: Kysely<Schema>,
  random: Random,
  { userId, site }: { readonly userId: bigint; readonly site: PasskeySite },
): Promise<string | undefined> {
  const allowCredentials = await descriptorsOf(kysely, userId, site);
  if (allowCredentials.length === 0) return undefined;
  const challenge = await createChallenge(kysely, random, { purpose: "prove", userId });
  return optionsJson({ site, challenge, allowCredentials, userVerification: "discouraged" });
}

/** What whoever has a passkey of the site is to sign; the device has to know its holder, by a finger or a PIN. */
export async function beginPasskeySignIn(
  kysely: Kysely<Schema>,
  random: Random,
  site: PasskeySite,
): Promise<string> {
  const challenge = await createChallenge(kysely, random, { purpose: "sign_in", userId: null });
  return optionsJson({ site, challenge, userVerification: "required" });
}

/** Why an answer is not taken. `counted_back`: the device, or a copy of it, has signed since. */
export type PasskeyRefusal = "invalid" | "counted_back";

export interface TakenPasskey {
  readonly userId: bigint;
}

/** The answer of a passkey, once. `userId`: of this user; absent: of whoever is not locked out, who was verified by the device. */
export async function takePasskey(
  transaction: Transaction<Schema>,
  { json, site, userId }: PasskeyProof,
): Promise<TakenPasskey | PasskeyRefusal> {
  const answer = parseSignedAnswer(json);
  if (answer === undefined) return "invalid";
  const purpose: PasskeyPurposeName = userId === undefined ? "sign_in" : "prove";
  if (!(await takeChallenge(transaction, answer.challenge, { purpose, userId: userId ?? null })))
    return "invalid";
  const stored = await lockedPasskey(transaction, answer, { site, userId });
  if (stored === undefined) return "invalid";
  const { id, rawId, type, response } = answer;
  const { clientDataJSON, authenticatorData, signature } = response;
  const verified = await unlessRefused(() =>
    verifyAuthenticationResponse({
      response: {
        id,
        rawId,
        type,
        response: { clientDataJSON, authenticatorData, signature },
        clientExtensionResults: {},
      },
      expectedChallenge: answer.challenge,
      expectedOrigin: site.origin,
      expectedRPID: site.id,
      requireUserVerification: userId === undefined,
      // The count is looked at below, so that it has a reason of its own.
      credential: { id, publicKey: new Uint8Array(stored.public_key), counter: 0 },
    }),
  );
  if (verified?.verified !== true) return "invalid";
  const { newCounter, credentialBackedUp } = verified.authenticationInfo;
  const count = BigInt(newCounter);
  if ((count > 0n || stored.sign_count > 0n) && count <= stored.sign_count) return "counted_back";
  await transaction
    .updateTable("user_passkeys")
    .set({
      sign_count: count,
      synced: credentialBackedUp,
      last_used_at: sql<Timestamptz>`now()`,
    })
    .where("id_token", "=", stored.id_token)
    .execute();
  return { userId: stored.user_id };
}

export interface PasskeyProof {
  /** As the browser gives it. */
  readonly json: string;
  readonly site: PasskeySite;
  readonly userId?: bigint | undefined;
}

interface StoredPasskey {
  readonly id_token: string;
  readonly user_id: bigint;
  readonly public_key: Uint8Array;
  readonly sign_count: bigint;
}

/** With its user's row, which comes first as everywhere, so that two answers, or an answer and a lock-out, are in an order. */
async function lockedPasskey(
  transaction: Transaction<Schema>,
  { id, response: { userHandle: handle } }: SignedAnswer,
  { site, userId }: Pick<PasskeyProof, "site" | "userId">,
): Promise<StoredPasskey | undefined> {
  const credentialId = Buffer.from(id, "base64url");
  const user = await transaction
    .selectFrom("users")
    .select(["id", "id_token"])
    .where((is) =>
      is(
        "id",
        "=",
        is.selectFrom("user_passkeys").select("user_id").where("credential_id", "=", credentialId),
      ),
    )
    .where("disabled_at", "is", null)
    // Another's row is not locked beside one's own.
    .$if(userId !== undefined, (query) => query.where("id", "=", userId ?? 0n))
    .forUpdate()
    .executeTakeFirst();
  if (user === undefined) return undefined;
  // Of a sign-in without a name, section 7.2, step 6: the device has to say whom it signs for.
  const isOfUser = handle === userHandle(user.id_token).toString("base64url");
  const saysNobody = handle === null || handle === undefined;
  if (!isOfUser && (userId === undefined || !saysNobody)) return undefined;
  return transaction
    .selectFrom("user_passkeys")
    .select(["id_token", "user_id", "public_key", "sign_count"])
    .where("credential_id", "=", credentialId)
    .where("user_id", "=", user.id)
    .where("rp_id", "=", site.id)
    .forUpdate()
    .executeTakeFirst();
}

async function descriptorsOf(
  kysely: Kysely<Schema>,
  userId: bigint,
  site: PasskeySite,
): Promise<{ readonly id: string; readonly transports: string[] }[]> {
  const rows = await kysely
    .selectFrom("user_passkeys")
    .select(["credential_id", "transports"])
    .where("user_id", "=", userId)
    .where("rp_id", "=", site.id)
    .orderBy("id_token", "desc")
    .execute();
  return rows.map(({ credential_id: id, transports }) => ({
    id: Buffer.from(id).toString("base64url"),
    transports: [...transports],
  }));
}

async function optionsJson({
  site,
  ...options
}: Omit<Parameters<typeof generateAuthenticationOptions>[0], "rpID" | "timeout"> & {
  readonly site: PasskeySite;
}): Promise<string> {
  return JSON.stringify(
    await generateAuthenticationOptions({
      ...options,
      rpID: site.id,
      timeout: CHALLENGE_MINUTES * 60_000,
    }),
  );
}

function userHandle(idToken: string): Buffer {
  return Buffer.from(idToken, "utf8");
}

/** Fails with limit_exceeded. */
async function requirePlace(kysely: Kysely<Schema>, userId: bigint): Promise<void> {
  const count = await countPasskeys(kysely, userId);
  if (count < PASSKEYS_MAX) return;
  throw new AppError(
    "limit_exceeded",
    `there are ${count} passkeys: at most ${PASSKEYS_MAX}; remove one that is no longer used`,
  );
}

/** The library throws what is wrong with an answer, and asks nothing of the world. */
async function unlessRefused<Value>(verify: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await verify();
  } catch {
    return undefined;
  }
}
