// The doctor at a real Mosquitto.

import { create } from "@bufbuild/protobuf";
import type { StoredIdentity } from "@truechimer/agent";
import { monitorV2 } from "@truechimer/api";
import { systemClock } from "@truechimer/base";
import { agentClientId, createMqttSession } from "@truechimer/mqtt";
import { type Mosquitto, mosquittoAvailable, startMosquitto } from "@truechimer/testing-mosquitto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkMqtt, type MqttCheckOptions } from "./check-mqtt.ts";

const DOMAIN = "mon.truechimer.internal";
const NAME = `zurich-1gw2pjj.prod.${DOMAIN}`;
const TOKEN = "a-token";
const LIMIT_MS = 60_000;
const NO_FAMILY = { status: "", address: undefined };
const STATE: NonNullable<StoredIdentity["state"]> = {
  apiKey: "key",
  name: "zurich",
  tlsName: NAME,
  v4: NO_FAMILY,
  v6: NO_FAMILY,
  otlpLogLevel: "",
};

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function check(
  broker: Pick<Mosquitto, "port" | "rootPem">,
  { jwt = TOKEN, rootPem = broker.rootPem }: { jwt?: string; rootPem?: string } = {},
): ReturnType<typeof checkMqtt> {
  const mqttConfig = create(monitorV2.MQTTConfigSchema, {
    host: bytes("127.0.0.1"),
    port: broker.port,
    jwt: bytes(jwt),
  });
  const options: MqttCheckOptions = {
    config: create(monitorV2.GetConfigResponseSchema, { mqttConfig }),
    stored: { state: STATE, pair: undefined, rootPem },
    rootPem: undefined,
    monitorDomain: DOMAIN,
    clock: systemClock,
  };
  return checkMqtt(options);
}

test("a control plane without a broker is not asked about one", async () => {
  const config = create(monitorV2.GetConfigResponseSchema);
  const stored = { state: STATE, pair: undefined, rootPem: undefined };
  expect(await checkMqtt({ config, stored, rootPem: undefined, clock: systemClock })).toEqual([]);
});

describe.skipIf(!mosquittoAvailable())("the broker", { timeout: LIMIT_MS }, () => {
  let broker: Mosquitto;

  beforeAll(async () => {
    broker = await startMosquitto({ users: { [NAME]: TOKEN } });
  }, LIMIT_MS);

  afterAll(() => broker[Symbol.asyncDispose](), LIMIT_MS);

  test("that lets the agent in is well, and the running agent's session is left alone", async () => {
    const up = Promise.withResolvers<void>();
    let ends = 0;
    await using running = createMqttSession({
      url: broker.url,
      clientId: agentClientId(NAME, DOMAIN),
      credentials: async () => ({ username: NAME, password: TOKEN }),
      tls: () => ({ rootPem: broker.rootPem }),
      subscriptions: [],
      onMessage: () => {},
      onUp: up.resolve,
      onDown: () => {
        ends += 1;
      },
      reconnectDelayMs: () => 10,
      clock: systemClock,
    });
    running.start();
    await up.promise;
    const findings = await check(broker);
    expect(findings).toMatchObject([
      { health: "ok", found: `127.0.0.1 port ${broker.port} lets this agent in, over TLS` },
    ]);
    expect([running.up, ends]).toEqual([true, 0]);
  });

  test("that refuses the login is a problem, and says whom to tell", async () => {
    const [finding] = await check(broker, { jwt: "another" });
    expect(finding).toMatchObject({ what: "MQTT", health: "problem" });
    expect(finding?.found).toMatch(/refuses this agent's login: .*0x8[67]/);
    expect(finding?.found).not.toContain("another");
    expect(finding?.remedy).toMatch(/tokens \(JWT/);
  });

  test("whose certificate leads to another root is a problem, told apart from one that is away", async () => {
    await using other = await startMosquitto();
    const [finding] = await check(broker, { rootPem: other.rootPem });
    expect(finding).toMatchObject({ health: "problem" });
    expect(finding?.found).toMatch(/its certificate cannot be trusted \([A-Z_]+\)/);
    expect(finding?.remedy).toContain("root.pem");
  });

  test("that is away is unreachable, and everything else goes on", async () => {
    await using gone = await startMosquitto();
    await gone.kill();
    const [finding] = await check(gone);
    expect(finding).toMatchObject({ health: "unreachable" });
    expect(finding?.found).toMatch(/cannot be reached \(ECONNREFUSED\)/);
  });
});
