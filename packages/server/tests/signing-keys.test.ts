// The keys of tokens on a real database.

import { systemRandom } from "@truechimer/base";
import { useDatabase } from "@truechimer/testing-postgres";
import { createLocalJWKSet, jwtVerify } from "jose";
import { expect, test } from "vitest";
import { createSigningKeys, type SigningKeys } from "../src/ca/signing-keys.ts";
import { MASTER_KEY, OTHER_MASTER_KEY } from "./_master-key.ts";

const database = await useDatabase();

function replica(masterKey = MASTER_KEY): SigningKeys {
  return createSigningKeys({ database, random: systemRandom, masterKey });
}

test("a token of one replica is good at another, by the published keys", async () => {
  const [one, other] = [replica(), replica()];
  const [token, jwks] = await Promise.all([
    one.signToken({ sub: "zurich", aud: "monitor-api" }),
    other.jwks(),
  ]);
  const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(jwks));
  expect(payload).toEqual({ sub: "zurich", aud: "monitor-api" });
  expect(protectedHeader).toMatchObject({ alg: "ES384", typ: "JWT" });
  expect(jwks.keys).toEqual([
    {
      kty: "EC",
      crv: "P-384",
      x: expect.any(String),
      y: expect.any(String),
      kid: protectedHeader.kid,
      alg: "ES384",
      use: "sig",
    },
  ]);
});

test("replicas that begin at once have one MQTT secret of 384 bits", async () => {
  const secrets = await Promise.all(Array.from({ length: 4 }, () => replica().mqttSecret()));
  expect(new Set(secrets.map((secret) => Buffer.from(secret).toString("hex"))).size).toBe(1);
  expect(secrets[0]).toHaveLength(48);
});

test("another master key is refused, and the right one works after it", async () => {
  const right = replica();
  await right.mqttSecret();
  await right.jwks();
  const wrong = replica(OTHER_MASTER_KEY);
  await expect(wrong.mqttSecret()).rejects.toMatchObject({ code: "master_key_wrong" });
  await expect(wrong.signToken({})).rejects.toMatchObject({ code: "master_key_wrong" });
  expect(await right.signToken({})).toMatch(/^eyJ/);
});
