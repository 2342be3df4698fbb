// What GetConfig says of the broker, and the token in it: the claims that the broker's plug-in reads.

import { useDatabase } from "@truechimer/testing-postgres";
import { decodeProtectedHeader, jwtVerify } from "jose";
import { expect, test } from "vitest";
import { ip, useServer } from "./_test-server.ts";

const database = await useDatabase();
// Nothing listens there; the hub tries again, and nobody waits for it.
const mqtt = { url: "mqtt://127.0.0.1:9", advertised: { host: "mqtt.example", port: 8883 } };
const masterKey = new Uint8Array(32).fill(7);
const NAME = "zurich-1gw2pjj.prod.mon.truechimer.internal";
const OTHER = "oslo-1gw2pjk.prod.mon.truechimer.internal";
const { server, monitorClient } = await useServer(database, { mqtt, masterKey });

async function configOf(
  tlsName: string | null,
  address: string,
): Promise<Awaited<ReturnType<ReturnType<typeof monitorClient>["getConfig"]>>> {
  const { token, monitorId } = await server.createMonitor({ name: address, address: ip(address) });
  await database.pool.query("update monitors set tls_name = $1 where id = $2", [
    tlsName,
    monitorId,
  ]);
  return monitorClient(token).getConfig({ monId: address });
}

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

test("an agent with a name is told where the broker is, and gets a token for its own topics", async () => {
  const { mqttConfig } = await configOf(NAME, "10.0.0.1");
  expect([text(mqttConfig?.host), mqttConfig?.port, text(mqttConfig?.prefix)]).toEqual([
    "mqtt.example",
    8883,
    "/prod/monitors",
  ]);
  const token = text(mqttConfig?.jwt);
  expect(decodeProtectedHeader(token).alg).toBe("HS384");
  const [, body = ""] = token.split(".");
  const claims = JSON.parse(Buffer.from(body, "base64url").toString()) as {
    readonly iat: number;
    readonly nbf: number;
    readonly exp: number;
  };
  expect(claims).toEqual({
    sub: NAME,
    subs: [`/prod/monitors/requests/${NAME}/+`],
    publ: [
      `/prod/monitors/status/${NAME}/status`,
      `/prod/monitors/status/${NAME}/api-test`,
      `/prod/monitors/data/${NAME}/+`,
      `/prod/monitors/data/${NAME}/+/+`,
    ],
    iat: claims.iat,
    nbf: claims.iat - 30,
    exp: claims.iat + 6 * 3_600,
  });
});

test("another secret does not verify it", async () => {
  const { mqttConfig } = await configOf(OTHER, "10.0.0.2");
  const wrong = jwtVerify(text(mqttConfig?.jwt), new Uint8Array(48).fill(1));
  await expect(wrong).rejects.toMatchObject({ code: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED" });
});

test("a monitor without a name is told of no broker", async () => {
  expect((await configOf(null, "10.0.0.4")).mqttConfig).toBeUndefined();
});
