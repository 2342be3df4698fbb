// A session with a real broker: what is said on coming and going, and what happens when it is pushed off, cut, or refused.

import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { systemClock } from "@truechimer/base";
import { type Mosquitto, mosquittoAvailable, startMosquitto } from "@truechimer/testing-mosquitto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  createMqttSession,
  MQTT_SESSION_TAKEN_OVER,
  type MqttMessage,
  type MqttPresence,
  type MqttSession,
  type MqttSessionOptions,
} from "../src/index.ts";

const available = mosquittoAvailable();
const WITHIN_MS = 10_000;

/** Resolves as soon as `reached` gives something. */
async function until<Value>(reached: () => Value | undefined | false): Promise<Value> {
  const deadlineMs = performance.now() + WITHIN_MS;
  while (performance.now() < deadlineMs) {
    const value = reached();
    if (value !== undefined && value !== false) return value;
    await delay(5);
  }
  throw new Error("it did not come to pass");
}

function session(
  broker: Mosquitto,
  clientId: string,
  options: Partial<MqttSessionOptions> = {},
): MqttSession {
  return createMqttSession({
    url: broker.url,
    clientId,
    credentials: async () => ({ username: clientId, password: "any" }),
    tls: () => ({ rootPem: broker.rootPem }),
    subscriptions: [],
    onMessage: () => undefined,
    reconnectDelayMs: () => 20,
    clock: systemClock,
    ...options,
  });
}

/** Subscribed to everything; what it heard. */
function listener(broker: Mosquitto): { session: MqttSession; heard: MqttMessage[] } {
  const heard: MqttMessage[] = [];
  const own = session(broker, `listener-${Math.random()}`, {
    subscriptions: ["#"],
    onMessage: (message) => heard.push(message),
  });
  own.start();
  return { session: own, heard };
}

const text = ({ payload }: MqttMessage): string => new TextDecoder().decode(payload);

describe.skipIf(!available)("a session", () => {
  let broker: Mosquitto;
  beforeAll(async () => {
    broker = await startMosquitto();
  });
  afterAll(() => broker[Symbol.asyncDispose]());

  const presence = (topic: string): MqttPresence => ({
    online: () => ({ topic, payload: "here", qos: 1, retain: true, expirySeconds: 86_400 }),
    offline: () => ({ topic, payload: "gone", qos: 1, retain: true, expirySeconds: 86_400 }),
    everyMs: 300_000,
    willDelaySeconds: 0,
  });

  test("says that it is there, keeps that for later listeners, and says that it goes", async () => {
    const own = session(broker, "coming", { presence: presence("coming/status") });
    own.start();
    await until(() => own.up);
    const late = listener(broker);
    const kept = await until(() => late.heard.find(({ topic }) => topic === "coming/status"));
    expect([text(kept), kept.retained]).toEqual(["here", true]);
    await own[Symbol.asyncDispose]();
    await until(() => late.heard.some((heard) => text(heard) === "gone"));
    await late.session[Symbol.asyncDispose]();
    const later = listener(broker);
    const left = await until(() => later.heard.find(({ topic }) => topic === "coming/status"));
    expect([text(left), left.retained]).toEqual(["gone", true]);
    await later.session[Symbol.asyncDispose]();
  });

  test("carries response topic and user properties both ways", async () => {
    const { session: own, heard } = listener(broker);
    await until(() => own.up);
    await own.publish({
      topic: "question",
      payload: "?",
      qos: 0,
      retain: false,
      responseTopic: "answer/1",
      userProperties: { ID: "1", TraceID: "" },
    });
    const question = await until(() => heard.find(({ topic }) => topic === "question"));
    expect(question).toMatchObject({
      responseTopic: "answer/1",
      userProperties: { ID: "1", TraceID: "" },
      retained: false,
    });
    await own[Symbol.asyncDispose]();
  });

  test("that another one pushes off asks for its delay before it comes back", async () => {
    const told: string[] = [];
    const first = session(broker, "twin", {
      onDown: () => told.push("down"),
      reconnectDelayMs: () => {
        told.push("delay");
        return 3_600_000;
      },
    });
    first.start();
    await until(() => first.up);
    const second = session(broker, "twin");
    second.start();
    await until(() => told.length === 2);
    expect(told).toEqual(["down", "delay"]);
    await first[Symbol.asyncDispose]();
    await until(() => second.up);
    await second[Symbol.asyncDispose]();
  });

  test("whose connection is cut is spoken for by its will", async () => {
    const { session: own, heard } = listener(broker);
    await until(() => own.up);
    const cut = session(broker, "cut", {
      presence: presence("cut/status"),
      reconnectDelayMs: () => 3_600_000,
    });
    cut.start();
    await until(() => heard.some((each) => text(each) === "here"));
    cut.reconnect();
    await until(() => heard.some((each) => each.topic === "cut/status" && text(each) === "gone"));
    await cut[Symbol.asyncDispose]();
    await own[Symbol.asyncDispose]();
  });

  test("refuses to publish while there is no connection", async () => {
    const own = session(broker, "quiet");
    await expect(
      own.publish({ topic: "x", payload: "", qos: 1, retain: false }),
    ).rejects.toMatchObject({ code: "peer_unreachable" });
    await own[Symbol.asyncDispose]();
  });

  test("does not trust a broker of another authority", async () => {
    await using other = await startMosquitto();
    const failures: string[] = [];
    const own = session(broker, "wary", {
      tls: () => ({ rootPem: other.rootPem }),
      onFailure: ({ code }) => failures.push(code),
    });
    own.start();
    await until(() => failures.length > 1);
    expect([own.up, failures[0]]).toEqual([false, "peer_unreachable"]);
    await own[Symbol.asyncDispose]();
  });
});

// Mosquitto says why it ends a session from 2.0.15 on; Debian 12 has 2.0.11.
test("a DISCONNECT is told with its reason before the session asks for its delay", async () => {
  const CONNACK = Buffer.from([0x20, 0x03, 0x00, 0x00, 0x00]);
  const DISCONNECT = Buffer.from([0xe0, 0x02, MQTT_SESSION_TAKEN_OVER, 0x00]);
  const broker = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.end(Buffer.concat([CONNACK, DISCONNECT])));
  });
  broker.listen(0, "127.0.0.1");
  await once(broker, "listening");
  const { port } = broker.address() as AddressInfo;
  const told: string[] = [];
  const own = createMqttSession({
    url: `mqtt://127.0.0.1:${port}`,
    clientId: "twin",
    credentials: async () => ({ username: "twin", password: "" }),
    subscriptions: [],
    onMessage: () => undefined,
    onDisconnect: (code) => told.push(`disconnect 0x${code.toString(16)}`),
    onDown: () => told.push("down"),
    reconnectDelayMs: () => {
      told.push("delay");
      return 3_600_000;
    },
    clock: systemClock,
  });
  own.start();
  await until(() => told.length === 3);
  expect(told).toEqual(["disconnect 0x8e", "down", "delay"]);
  await own[Symbol.asyncDispose]();
  broker.close();
});

describe.skipIf(!available)("a broker with accounts", () => {
  test("is told the password anew at every attempt", async () => {
    await using broker = await startMosquitto({ users: { agent: "second" } });
    const passwords = ["first", "second"];
    const failures: string[] = [];
    const own = session(broker, "agent", {
      credentials: async () => ({ username: "agent", password: passwords.shift() ?? "" }),
      onFailure: ({ code }) => failures.push(code),
    });
    own.start();
    await until(() => own.up);
    expect(failures).toEqual(["forbidden"]);
    await own[Symbol.asyncDispose]();
  });

  test("that comes back after a crash is found again", async () => {
    await using broker = await startMosquitto();
    const events: string[] = [];
    const own = session(broker, "patient", {
      onUp: () => events.push("up"),
      onDown: () => events.push("down"),
    });
    own.start();
    await until(() => events.includes("up"));
    await broker.kill();
    await until(() => events.includes("down"));
    await broker.restart();
    await until(() => events.length === 3);
    expect(events).toEqual(["up", "down", "up"]);
    await own[Symbol.asyncDispose]();
  });
});
