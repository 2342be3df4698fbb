// The keys that sign the agents' tokens: made once by whichever replica needs one first, sealed in the database, the
// same in all replicas. ES384 for the API, whose public half anybody may read; HS384 for MQTT, whose secret the broker
// has, too.

import { AppError, type Random } from "@truechimer/base";
import type { Database, TokenAlgorithmName, TokenPurposeName } from "@truechimer/database";
import {
  calculateJwkThumbprint,
  exportJWK,
  exportPKCS8,
  generateKeyPair,
  importPKCS8,
  type JSONWebKeySet,
  type JWTPayload,
  SignJWT,
} from "jose";
import { createSeal, type Seal } from "./seal.ts";

export interface SigningKeys {
  /** A token of ours (ES384, with the key's `kid`). The claims are the caller's, all of them. */
  signToken(claims: JWTPayload): Promise<string>;
  /** The public keys, for `/.well-known/jwks.json` and for checking tokens (jose's `createLocalJWKSet`). */
  jwks(): Promise<JSONWebKeySet>;
  /** The secret of MQTT tokens (HS384), which the broker has, too. */
  mqttSecret(): Promise<Uint8Array>;
}

export interface SigningKeysOptions {
  readonly database: Database;
  readonly random: Random;
  /** 32 bytes. */
  readonly masterKey: Uint8Array;
}

/** As many as the hash has, so that guessing the secret is no easier than forging the hash. RFC 7518, section 3.2. */
const MQTT_SECRET_BYTES = 48;
const MQTT_KEY_ID_BYTES = 8;
/** Retired keys that are still published; a token lives for hours, a key for years. */
const KEYS_MAX = 20;

/** Nothing is read or made before the first call. */
export function createSigningKeys(options: SigningKeysOptions): SigningKeys {
  const { database, random, masterKey } = options;
  const world: KeyWorld = { database, random, seal: createSeal({ masterKey, random }) };
  const apiKey = remembered(() => openApiKey(world));
  const mqttSecret = remembered(async () => {
    const { id, sealedKey } = await ensureKey(world, "mqtt_token", newMqttKey);
    return world.seal.unseal(keyPurpose("mqtt_token", id), sealedKey);
  });
  const jwks = remembered(async () => {
    await apiKey();
    return readPublicKeys(world);
  });
  return {
    signToken: async (claims) => {
      const { id, key } = await apiKey();
      return new SignJWT(claims)
        .setProtectedHeader({ alg: "ES384", kid: id, typ: "JWT" })
        .sign(key);
    },
    jwks,
    mqttSecret,
  };
}

interface KeyWorld {
  readonly database: Database;
  readonly random: Random;
  readonly seal: Seal;
}

interface StoredKey {
  readonly id: string;
  readonly sealedKey: Uint8Array;
}

interface NewKey {
  readonly id: string;
  readonly algorithm: TokenAlgorithmName;
  /** PKCS #8 as PEM, or the secret itself. */
  readonly secret: Uint8Array;
  /** As JSON. Null: there is no public half. */
  readonly publicKey: string | null;
}

/** One answer for all callers; a failure is not remembered. */
function remembered<Value>(open: () => Promise<Value>): () => Promise<Value> {
  let known: Promise<Value> | undefined;
  return () => {
    known ??= open().catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
}

async function openApiKey(
  world: KeyWorld,
): Promise<{ readonly id: string; readonly key: CryptoKey }> {
  const { id, sealedKey } = await ensureKey(world, "api_token", newApiKey);
  const pem = Buffer.from(world.seal.unseal(keyPurpose("api_token", id), sealedKey)).toString();
  return { id, key: await importPKCS8(pem, "ES384") };
}

/** The key of this purpose that signs. Of two replicas that make one at once, the database keeps the first. */
async function ensureKey(
  world: KeyWorld,
  purpose: TokenPurposeName,
  create: (random: Random) => Promise<NewKey>,
): Promise<StoredKey> {
  const present = await readSigningKey(world, purpose);
  if (present !== undefined) return present;
  const { id, algorithm, secret, publicKey } = await create(world.random);
  await world.database.kysely
    .insertInto("signing_keys")
    .values({
      id,
      purpose,
      algorithm,
      sealed_key: world.seal.seal(keyPurpose(purpose, id), secret),
      public_key: publicKey,
    })
    .onConflict((conflict) =>
      conflict.column("purpose").where("retired_at", "is", null).doNothing(),
    )
    .execute();
  const made = await readSigningKey(world, purpose);
  if (made === undefined) throw new AppError("internal", `there is no signing key for ${purpose}`);
  return made;
}

async function readSigningKey(
  { database }: KeyWorld,
  purpose: TokenPurposeName,
): Promise<StoredKey | undefined> {
  const row = await database.kysely
    .selectFrom("signing_keys")
    .select(["id", "sealed_key"])
    .where("purpose", "=", purpose)
    .where("retired_at", "is", null)
    .executeTakeFirst();
  return row === undefined ? undefined : { id: row.id, sealedKey: row.sealed_key };
}

async function readPublicKeys({ database }: KeyWorld): Promise<JSONWebKeySet> {
  const rows = await database.kysely
    .selectFrom("signing_keys")
    .select("public_key")
    .where("purpose", "=", "api_token")
    .orderBy("created_at", "desc")
    .limit(KEYS_MAX)
    .execute();
  return {
    keys: rows.flatMap(({ public_key }) => (public_key === null ? [] : [public_key])),
  } as JSONWebKeySet;
}

/** Its id is the hash of its public half. RFC 7638, section 3. */
async function newApiKey(): Promise<NewKey> {
  const { privateKey, publicKey } = await generateKeyPair("ES384", { extractable: true });
  const jwk = await exportJWK(publicKey);
  const id = await calculateJwkThumbprint(jwk);
  return {
    id,
    algorithm: "ES384",
    secret: Buffer.from(await exportPKCS8(privateKey)),
    publicKey: JSON.stringify({ ...jwk, kid: id, alg: "ES384", use: "sig" }),
  };
}

function newMqttKey(random: Random): Promise<NewKey> {
  return Promise.resolve({
    id: Buffer.from(random.bytes(MQTT_KEY_ID_BYTES)).toString("hex"),
    algorithm: "HS384",
    secret: random.bytes(MQTT_SECRET_BYTES),
    publicKey: null,
  });
}

/** What the sealed key is for: it does not open under another name. */
function keyPurpose(purpose: TokenPurposeName, id: string): string {
  return `signing key ${purpose} ${id}`;
}
