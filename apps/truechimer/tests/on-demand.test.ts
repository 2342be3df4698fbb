// On demand, over both transports: one contract, with a real server twice, a real PostgreSQL and a real Mosquitto.

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createSessionTakeover } from "@truechimer/agent";
import type { agentV1, monitorV2 } from "@truechimer/api";
import { createUlid, systemClock, systemRandom } from "@truechimer/base";
import {
  agentRequestsFilter,
  createMqttSession,
  type MqttMessage,
  type MqttSession,
  mqttTopicText,
  statusMessageText,
} from "@truechimer/mqtt";
import { type Mosquitto, mosquittoAvailable, startMosquitto } from "@truechimer/testing-mosquitto";
import { useDatabase } from "@truechimer/testing-postgres";
import type { ProbeSocket } from "@truechimer/udp";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  agentService,
  checkNow,
  createProbes,
  type EnrolledMonitor,
  enrolMonitor,
  isReachable,
  type Replica,
  type StartAgentOptions,
  type StartedAgent,
  startAgent,
  startReplica,
  startTcpRelay,
  startTimeServer,
  type TimeServer,
  until,
} from "./_on-demand-world.ts";

/** What a broker should allow: each agent its own topics, the control plane everything. */
const ACCESS_LIST = [
  "user truechimer-api",
  "topic readwrite /prod/#",
  "pattern read /prod/monitors/requests/%u/+",
  "pattern write /prod/monitors/status/%u/+",
  "pattern write /prod/monitors/data/%u/#",
];

const database = await useDatabase();
const transports = mosquittoAvailable() ? (["stream", "mqtt"] as const) : (["stream"] as const);

let broker: Mosquitto | undefined;
let one: Replica;
let other: Replica;
let probeSocket: ProbeSocket;
let timeServer: TimeServer | undefined;

beforeAll(async () => {
  broker = transports.length > 1 ? await startMosquitto({ accessList: ACCESS_LIST }) : undefined;
  one = await startReplica({ database, broker });
  other = await startReplica({ database, broker });
  probeSocket = await createProbes();
  timeServer = await startTimeServer("127.83.0.1");
});

afterAll(async () => {
  await probeSocket?.[Symbol.asyncDispose]();
  await one[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
  await timeServer?.[Symbol.asyncDispose]();
  await broker?.[Symbol.asyncDispose]();
});

/** Each test has monitors of its own, and none of those before is there any more. */
let monitors = 0;
function newMonitor(): Promise<EnrolledMonitor> {
  monitors += 1;
  return enrolMonitor({ database, server: one.server }, `m${monitors}`, `10.83.0.${monitors}`);
}

/** So that the limit on questions about one address is not what is tested. */
let targets = 0;
function nextTarget(): string {
  targets += 1;
  return `127.84.0.${targets}`;
}

/** Of the test before. */
async function nobodyIsThere(): Promise<void> {
  await until(async () => {
    const { rows } = await database.pool.query(
      "select 1 from monitor_sessions where expires_at > now()",
    );
    return rows.length === 0;
  });
}

beforeEach(nobodyIsThere);

describe.each(transports)("over %s", (transport) => {
  const agentAt = (
    url: string,
    monitor: EnrolledMonitor,
    more: Partial<StartAgentOptions> = {},
  ): StartedAgent => startAgent({ url, monitor, transport, broker, probeSocket, ...more });
  const reachable = (monitor: EnrolledMonitor): Promise<true> =>
    until(async () => (await isReachable(other, monitor)) && (await isReachable(one, monitor)));
  const away = (monitor: EnrolledMonitor): Promise<true> =>
    until(async () => !(await isReachable(one, monitor)));

  test("presence comes with the agent and goes with it, at every replica", async () => {
    const monitor = await newMonitor();
    expect(await isReachable(one, monitor)).toBe(false);
    const agent = agentAt(one.url, monitor);
    await reachable(monitor);
    expect(agent.online).toBe(true);
    await agent[Symbol.asyncDispose]();
    await away(monitor);
  });

  test("a request is answered with what the server says", async () => {
    if (timeServer === undefined) return;
    const monitor = await newMonitor();
    await using _agent = agentAt(one.url, monitor);
    await reachable(monitor);
    const { asked, answers, ended } = await checkNow(one, { target: timeServer.address });
    expect([asked, ended]).toEqual([[monitor.id], { asked: 1, answered: 1 }]);
    const [answer] = answers;
    expect(answer).toMatchObject({
      monitorId: monitor.id,
      monitorName: `m${monitors}`,
      reason: "",
      stratum: 2,
      leap: 0,
    });
    // It shares our clock; user-space stamps on a busy machine are good to a tenth of a second at least.
    const offsetNs = answer?.offset?.valueNs ?? 10n ** 18n;
    expect(offsetNs < 100_000_000n && offsetNs > -100_000_000n).toBe(true);
    expect(answer?.rttNs).toBeGreaterThan(0n);
  });

  test("a server that is not there is an answer, too", async () => {
    const monitor = await newMonitor();
    await using _agent = agentAt(one.url, monitor);
    await reachable(monitor);
    const { answers } = await checkNow(one, { target: nextTarget() });
    expect(answers.map(({ reason }) => reason)).toEqual(["connection_refused"]);
  });

  test("who asks, who holds the session and who takes the answer may be different replicas", async () => {
    const monitor = await newMonitor();
    await using _agent = agentAt(other.url, monitor);
    await reachable(monitor);
    const { ended } = await checkNow(one, { target: nextTarget() });
    expect(ended).toEqual({ asked: 1, answered: 1 });
  });

  test("all that are there are asked, each is told as it comes, and no more than were wanted", async () => {
    const several = [await newMonitor(), await newMonitor(), await newMonitor()];
    await using stack = new AsyncDisposableStack();
    for (const [index, monitor] of several.entries()) {
      stack.use(agentAt(index === 0 ? one.url : other.url, monitor));
      await reachable(monitor);
    }
    const all = await checkNow(one, { target: nextTarget() });
    const ids = new Set(several.map(({ id }) => id));
    expect(new Set(all.asked)).toEqual(ids);
    expect(new Set(all.answers.map(({ monitorId }) => monitorId))).toEqual(ids);
    expect(all.ended).toEqual({ asked: 3, answered: 3 });
    const two = await checkNow(other, { target: nextTarget(), monitorsMax: 2 });
    expect(two.ended).toEqual({ asked: 2, answered: 2 });
  });

  test("ten questions at once are answered, each to whom it belongs", async () => {
    const monitor = await newMonitor();
    await using _agent = agentAt(one.url, monitor);
    await reachable(monitor);
    const asked = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        checkNow(index % 2 === 0 ? one : other, { target: nextTarget() }),
      ),
    );
    expect(asked.map(({ ended }) => ended?.answered)).toEqual(Array.from({ length: 10 }, () => 1));
  });

  test("a second answer changes nothing, and one that comes late is told so", async () => {
    const monitor = await newMonitor();
    await using quick = await startReplica({ database, broker, ntpAnswerMs: 1_500 });
    await using mute = await createMuteAgent(transport, quick, monitor);
    await reachable(monitor);
    const question = checkNow(quick, { target: nextTarget() });
    const requestId = await until(() => mute.requests[0]);
    expect(await mute.answer(requestId, "kiss_rate")).toBe("taken");
    expect(await mute.answer(requestId, "kiss_deny")).toBe("duplicate");
    expect((await question).answers.map(({ reason }) => reason)).toEqual(["kiss_rate"]);

    const { ended } = await checkNow(quick, { target: nextTarget() });
    expect(ended).toEqual({ asked: 1, answered: 0 });
    const lateId = await until(() => mute.requests[1]);
    expect(await mute.answer(lateId, "kiss_rate")).toBe("late");
    const { rows } = await database.pool.query(
      "select answered_at, reason from on_demand_answers where request_id = $1",
      [lateId],
    );
    expect(rows).toEqual([{ answered_at: null, reason: null }]);
  });

  test("an agent cannot answer what another was asked", async () => {
    const monitor = await newMonitor();
    const stranger = await newMonitor();
    await using mute = await createMuteAgent(transport, one, monitor);
    await using thief = await createMuteAgent(transport, one, stranger);
    await reachable(monitor);
    await until(() => isReachable(one, stranger));
    const question = checkNow(one, { target: nextTarget(), monitorsMax: 50 });
    const requestId = await until(() => mute.requests[0]);
    await until(() => thief.requests[0]);
    // By the stream the server refuses it, by the broker its access list.
    expect(await thief.answer(requestId, "kiss_deny", monitor)).toBe("refused");
    await thief.answer(requestId, "kiss_rstr");
    await mute.answer(requestId, "kiss_rate");
    const { answers } = await question;
    const of = ({ id }: EnrolledMonitor): string | undefined =>
      answers.find(({ monitorId }) => monitorId === id)?.reason;
    expect([of(monitor), of(stranger)]).toEqual(["kiss_rate", "kiss_rstr"]);
  });

  test("nobody who is away is asked", async () => {
    const { asked, ended } = await checkNow(one, { target: nextTarget() });
    expect([asked, ended]).toEqual([[], { asked: 0, answered: 0 }]);
  });

  test("a connection that breaks is opened again, and requests go on", async () => {
    const monitor = await newMonitor();
    const port = transport === "stream" ? Number(new URL(one.url).port) : (broker?.port ?? 0);
    await using relay = await startTcpRelay(port);
    // GetConfig names the broker, so that is where the relay must be found.
    await using relayed =
      transport === "mqtt"
        ? await startReplica({ database, broker, advertisedPort: relay.port })
        : undefined;
    const url = transport === "stream" ? `http://127.0.0.1:${relay.port}` : (relayed ?? one).url;
    const agent = agentAt(url, monitor);
    await using _agent = agent;
    await reachable(monitor);
    relay.cut();
    await until(() => !agent.online);
    await until(() => agent.online);
    await reachable(monitor);
    const { ended } = await checkNow(other, { target: nextTarget() });
    expect(ended).toEqual({ asked: 1, answered: 1 });
  });

  test("the second of two runs with one identity has the place, and the first is told", async () => {
    const monitor = await newMonitor();
    using takeover = createSessionTakeover({ clock: systemClock });
    const first = agentAt(one.url, monitor, { sessionTakeover: takeover });
    await using _first = first;
    await reachable(monitor);
    const second = agentAt(other.url, monitor);
    await using _second = second;
    await until(() => second.online && !first.online);
    // Mosquitto says why from 2.0.15 on; Debian 12 has 2.0.11.
    if (transport === "stream") await until(() => takeover.inBackOff);
    await reachable(monitor);
    const { ended } = await checkNow(one, { target: nextTarget() });
    expect(ended).toEqual({ asked: 1, answered: 1 });
    expect(second.online).toBe(true);
  });
});

describe("the stream", () => {
  test("brings what was written into a dead connection once more, and nothing twice", async () => {
    const monitor = await newMonitor();
    await using relay = await startTcpRelay(Number(new URL(one.url).port));
    const agent = startAgent({
      url: `http://127.0.0.1:${relay.port}`,
      monitor,
      transport: "stream",
      broker,
      probeSocket,
    });
    await using _agent = agent;
    await until(() => isReachable(one, monitor));
    relay.stall();
    const question = checkNow(other, { target: nextTarget() }, () => undefined);
    // It is on its way into the void; two heartbeats later the agent notices by itself.
    const { ended, answers } = await question;
    expect(ended).toEqual({ asked: 1, answered: 1 });
    expect(answers).toHaveLength(1);
  });

  test("tells at once that the configuration of one of its monitors changed", async () => {
    const monitor = await newMonitor();
    let told = 0;
    await using _agent = startAgent({
      url: one.url,
      monitor,
      transport: "stream",
      broker,
      probeSocket,
      onDemand: {
        onConfigurationChanged: () => {
          told += 1;
        },
      },
    });
    await until(() => isReachable(one, monitor));
    await database.pool.query("update monitors set last_seen = now() where id = $1", [monitor.id]);
    await database.pool.query(`update monitors set config = '{"samples": 4}' where id = $1`, [
      monitor.id,
    ]);
    await until(() => told > 0);
    expect(told).toBe(1);
  });

  test("ends when its replica stops, and the agent is not called away meanwhile", async () => {
    const monitor = await newMonitor();
    const stopping = await startReplica({ database, broker });
    const goodbyes: string[] = [];
    const events = agentService(stopping, monitor).watch({
      sessionId: createUlid(systemClock, systemRandom),
      version: "test",
    });
    const reading = (async () => {
      for await (const { event } of events) {
        if (event.case === "goodbye") goodbyes.push(event.value.code);
      }
    })();
    await until(() => isReachable(one, monitor));
    await stopping[Symbol.asyncDispose]();
    await reading;
    expect(goodbyes).toEqual(["stopped"]);
    expect(await isReachable(one, monitor)).toBe(true);
  });

  test("is not opened for an agent that is not ours, nor with nonsense", async () => {
    const monitor = await newMonitor();
    const codeOf = async (
      token: string,
      request: { sessionId: string; version: string },
    ): Promise<string> => {
      try {
        for await (const _ of agentService(one, { token }).watch(request)) return "opened";
        return "ended";
      } catch (error) {
        return (
          (error as { readonly metadata: Headers }).metadata.get("truechimer-error-code") ?? "none"
        );
      }
    };
    const sessionId = createUlid(systemClock, systemRandom);
    expect(await codeOf("tcm_wrong", { sessionId, version: "" })).toBe("unauthenticated");
    expect(await codeOf(monitor.token, { sessionId: "no ulid", version: "" })).toBe("bad_request");
  });
});

describe.skipIf(transports.length === 1)("the broker", () => {
  test("is told that the agent goes before the connection ends, and keeps that", async () => {
    const monitor = await newMonitor();
    const agent = startAgent({ url: one.url, monitor, transport: "mqtt", broker, probeSocket });
    await until(() => isReachable(one, monitor));
    await agent[Symbol.asyncDispose]();
    const heard: string[] = [];
    await using _listener = await listen(
      [`/prod/monitors/status/${monitor.tlsName}/status`],
      heard,
    );
    await until(() => heard.length > 0);
    expect(JSON.parse(heard[0] ?? "")).toMatchObject({
      Online: false,
      Version: { Version: expect.stringMatching(/^v4\.1\.5\+truechimer\./) },
    });
  });

  test("carries nonsense without harm, and a bad request is answered", async () => {
    const monitor = await newMonitor();
    await using _agent = startAgent({
      url: one.url,
      monitor,
      transport: "mqtt",
      broker,
      probeSocket,
    });
    await until(() => isReachable(one, monitor));
    const heard: string[] = [];
    const { tlsName } = monitor;
    await using session = await listen([`/prod/monitors/data/${tlsName}/#`], heard);
    const nonsense = [
      ["status", "{"],
      ["status", "null"],
      ["data", '{"NTP":{"ClockOffset":"x"}}'],
      ["data", "\0\0"],
    ] as const;
    for (const [group, payload] of nonsense) {
      const topic =
        group === "status"
          ? `/prod/monitors/status/${tlsName}/status`
          : `/prod/monitors/data/${tlsName}/x`;
      await session.publish({ topic, payload, qos: 1, retain: false });
    }
    const ask = (payload: string, id: string): Promise<void> =>
      session.publish({
        topic: `/prod/monitors/requests/${tlsName}/ntp`,
        payload,
        qos: 1,
        retain: false,
        responseTopic: `/prod/monitors/data/${tlsName}/${id}`,
      });
    await ask("{", "01JS0GQZ3V5Y3N5Q8Y4P2X7T9A");
    await ask('{"IP":"time.example"}', "01JS0GQZ3V5Y3N5Q8Y4P2X7T9B");
    const answers = await until(() => {
      const found = heard.filter((text) => text.includes('"Error":"the request makes no sense'));
      return found.length === 2 ? found : undefined;
    });
    expect(answers).toHaveLength(2);
    const { ended } = await checkNow(one, { target: nextTarget() });
    expect(ended).toEqual({ asked: 1, answered: 1 });
  });

  async function listen(subscriptions: readonly string[], heard: string[]): Promise<MqttSession> {
    const session = createMqttSession({
      url: broker?.url ?? "",
      clientId: `listener-${Math.random()}`,
      credentials: () => Promise.resolve({ username: "truechimer-api", password: "" }),
      tls: () => ({ rootPem: broker?.rootPem }),
      subscriptions,
      onMessage: ({ payload }) => heard.push(new TextDecoder().decode(payload)),
      reconnectDelayMs: () => 20,
      clock: systemClock,
    });
    session.start();
    await until(() => session.up);
    return session;
  }
});

/** An agent that says only what the test makes it say. */
interface MuteAgent extends AsyncDisposable {
  /** Ids, in the order of coming. */
  readonly requests: readonly string[];
  /** By the broker nobody is told, so what became of it is read from the rows. */
  answer(
    requestId: string,
    reason: string,
    inTheNameOf?: EnrolledMonitor,
  ): Promise<"taken" | "duplicate" | "late" | "refused">;
}

function createMuteAgent(
  transport: "stream" | "mqtt",
  replica: Replica,
  monitor: EnrolledMonitor,
): Promise<MuteAgent> {
  return transport === "stream"
    ? createMuteStreamAgent(replica, monitor)
    : createMuteMqttAgent(monitor);
}

async function createMuteStreamAgent(
  replica: Replica,
  monitor: EnrolledMonitor,
): Promise<MuteAgent> {
  const client = agentService(replica, monitor);
  const ending = new AbortController();
  const requests: agentV1.OnDemandRequest[] = [];
  const sessionId = createUlid(systemClock, systemRandom);
  const reading = (async () => {
    const events = client.watch({ sessionId, version: "mute" }, { signal: ending.signal });
    for await (const { event } of events) if (event.case === "request") requests.push(event.value);
  })().catch(() => undefined);
  return {
    get requests() {
      return requests.map(({ id }) => id);
    },
    answer: async (requestId, reason, inTheNameOf = monitor) => {
      const asked = requests.find(({ id }) => id === requestId);
      const status = {
        ipBytes: asked?.ipBytes ?? new Uint8Array(),
        ts: timestampFromMs(Date.now()),
        reason,
        error: "",
      } as Partial<monitorV2.ServerStatus>;
      try {
        const { late, duplicate } = await client.answer({
          requestId,
          monId: inTheNameOf.address.text,
          result: { case: "status", value: status as monitorV2.ServerStatus },
        });
        return late ? "late" : duplicate ? "duplicate" : "taken";
      } catch {
        return "refused";
      }
    },
    [Symbol.asyncDispose]: async () => {
      ending.abort();
      await reading;
    },
  };
}

async function createMuteMqttAgent(monitor: EnrolledMonitor): Promise<MuteAgent> {
  const { tlsName } = monitor;
  const requests: MqttMessage[] = [];
  const idOf = ({ responseTopic }: MqttMessage): string => responseTopic.split("/").at(-1) ?? "";
  const status = (online: boolean): string =>
    statusMessageText({
      online,
      version: { version: "v4.1.5", gitRevision: "", buildTime: "" },
      updatedAtNs: systemClock.nowNs(),
    });
  const presence = (online: boolean) =>
    ({
      topic: mqttTopicText({ kind: "status", environment: "prod", agent: tlsName }),
      payload: status(online),
      qos: 1,
      retain: true,
    }) as const;
  const session = createMqttSession({
    url: broker?.url ?? "",
    clientId: tlsName,
    credentials: () => Promise.resolve({ username: tlsName, password: "" }),
    tls: () => ({ rootPem: broker?.rootPem }),
    subscriptions: [agentRequestsFilter("prod", tlsName)],
    presence: {
      online: () => presence(true),
      offline: () => presence(false),
      everyMs: 300_000,
      willDelaySeconds: 30,
    },
    onMessage: (message) => requests.push(message),
    reconnectDelayMs: () => 20,
    clock: systemClock,
  });
  session.start();
  await until(() => session.up);
  const rowOf = async (
    requestId: string,
  ): Promise<{ readonly reason: string | null; readonly late: boolean } | undefined> => {
    const { rows } = await database.pool.query<{ reason: string | null; late: boolean }>(
      `select a.reason, r.expires_at <= now() as late from on_demand_answers a
       join on_demand_requests r on r.id = a.request_id where a.request_id = $1 and a.monitor_id = $2`,
      [requestId, monitor.id],
    );
    return rows[0];
  };
  return {
    get requests() {
      return requests.map(idOf);
    },
    answer: async (requestId, reason, inTheNameOf = monitor) => {
      const error = { kiss_rate: "RATE", kiss_deny: "DENY", kiss_rstr: "RSTR" }[reason] ?? "";
      const before = await rowOf(requestId);
      const publication = {
        topic: mqttTopicText({
          kind: "response",
          environment: "prod",
          agent: inTheNameOf.tlsName,
          requestId,
        }),
        payload: JSON.stringify({ NTP: kissResponse(error), Error: error }),
        qos: 1,
        retain: false,
      } as const;
      try {
        await session.publish(publication);
      } catch {
        return "refused";
      }
      if (before?.late === true) return "late";
      if (before !== undefined && before.reason !== null) {
        // A marker behind it, through the same topics, so that it was handled by then.
        return (await rowOf(requestId))?.reason === before.reason ? "duplicate" : "taken";
      }
      await until(async () => (await rowOf(requestId))?.reason === reason);
      return "taken";
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}

function kissResponse(code: string): Record<string, unknown> {
  return {
    ClockOffset: 0,
    Time: "2026-04-29T07:00:00Z",
    RTT: 1,
    Precision: 1,
    Version: 4,
    Stratum: 0,
    ReferenceID: 0,
    ReferenceTime: "2026-04-29T07:00:00Z",
    RootDelay: 0,
    RootDispersion: 0,
    RootDistance: 0,
    Leap: 0,
    MinError: 0,
    KissCode: code,
    Poll: 1,
  };
}
