// On demand at the control plane alone: presence that time ends, certificates that end, the limits, and the NTP Pool's
// paths. Both transports together are tested where agents are, too (apps/truechimer).

import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { agentV1 } from "@truechimer/api";
import { createUlid, systemClock, systemRandom } from "@truechimer/base";
import { useDatabase } from "@truechimer/testing-postgres";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { refreshStreamSessions } from "../src/on-demand/session-rows.ts";
import { useOnDemand } from "./_on-demand.ts";
import { refusalOf } from "./_results.ts";
import { ip, startServer, type TestServer, useServer } from "./_test-server.ts";

const database = await useDatabase({ poolSize: 20 });
const HEARTBEAT_MS = 200;
const timing = { heartbeatMs: HEARTBEAT_MS, lookMs: 500, ntpAnswerMs: 1_500 };
const world = await useServer(database, { onDemandTiming: timing });
const { server, admin } = world;

let monitors = 0;
async function newMonitor(): Promise<{
  readonly id: bigint;
  readonly token: string;
  readonly address: string;
}> {
  monitors += 1;
  const address = `10.85.0.${monitors}`;
  const { monitorId, token } = await server.createMonitor({
    name: `m${monitors}`,
    address: ip(address),
  });
  return { id: monitorId, token, address };
}

function isThere(id: bigint): Promise<boolean> {
  return database.pool
    .query("select 1 from monitor_sessions where monitor_id = $1 and expires_at > now()", [id])
    .then(({ rows }) => rows.length > 0);
}

beforeEach(async () => {
  await database.pool.query(
    "delete from on_demand_answers; delete from on_demand_requests; delete from monitor_sessions",
  );
});

/** Two cores may have much else to do. */
function eventually(assertion: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(assertion, { timeout: 8_000 });
}

interface OpenStream {
  readonly events: agentV1.WatchResponse[];
  readonly ended: Promise<void>;
  hangUp(): void;
}

/** Everything that comes is kept. */
function openStream(
  at: TestServer,
  token: string,
  more: { readonly lastRequestId?: string } = {},
): OpenStream {
  const events: agentV1.WatchResponse[] = [];
  const hanging = new AbortController();
  const sessionId = createUlid(systemClock, systemRandom);
  const ended = (async () => {
    const watched = at
      .agentClient(token)
      .watch(
        { sessionId, version: "ntppool-agent/v4.1.5/truechimer-0.1.0", ...more },
        { signal: hanging.signal },
      );
    for await (const event of watched) events.push(event);
  })().catch(() => undefined);
  return { events, ended, hangUp: () => hanging.abort() };
}

const goodbyeOf = ({ events }: OpenStream): string | undefined => {
  const last = events.at(-1)?.event;
  return last?.case === "goodbye" ? last.value.code : undefined;
};

describe("presence", () => {
  test("is put off by the replica's heartbeats, and is over three of them after the last", async () => {
    const { id, token } = await newMonitor();
    const stream = openStream(world, token);
    await eventually(async () => expect(await isThere(id)).toBe(true));
    const { rows } = await database.pool.query<{ left_ms: number; stream_id: string }>(
      "select extract(epoch from expires_at - seen_at) * 1000 as left_ms, stream_id from monitor_sessions where monitor_id = $1",
      [id],
    );
    expect(Number(rows[0]?.left_ms)).toBeCloseTo(3 * HEARTBEAT_MS, 0);
    await eventually(() =>
      expect(
        stream.events.filter(({ event }) => event.case === "heartbeat").length,
      ).toBeGreaterThan(4),
    );
    expect(await isThere(id)).toBe(true);
    stream.hangUp();
    await eventually(async () => expect(await isThere(id)).toBe(false));
  });

  test("of a replica that died ends by itself", async () => {
    const { id, token } = await newMonitor();
    // What a replica leaves that is killed: a row that nobody puts off.
    await database.pool.query(
      `insert into monitor_sessions (monitor_id, transport, stream_id, session_id, expires_at)
       values ($1, 'stream', 'dead', 'run', now() + interval '300 ms')`,
      [id],
    );
    expect(await isThere(id)).toBe(true);
    await eventually(async () => expect(await isThere(id)).toBe(false));
    // And the agent comes back to another one.
    const stream = openStream(world, token);
    await eventually(async () => expect(await isThere(id)).toBe(true));
    stream.hangUp();
    await stream.ended;
  });

  test("of many streams is put off in one statement, which tells those that lost their place", async () => {
    const { id, token } = await newMonitor();
    const stream = openStream(world, token);
    await eventually(async () => expect(await isThere(id)).toBe(true));
    const { rows } = await database.pool.query<{ stream_id: string }>(
      "select stream_id from monitor_sessions",
    );
    const own = rows[0]?.stream_id ?? "";
    const held = await refreshStreamSessions(database, [own, "another"], { lifeMs: 1_000 });
    expect([...held]).toEqual([own]);
    await database.pool.query("update monitor_sessions set stream_id = 'stolen'");
    await stream.ended;
    expect(goodbyeOf(stream)).toBe("session_taken_over");
  });

  test("ends with the agent", async () => {
    const { id, token } = await newMonitor();
    const stream = openStream(world, token);
    await eventually(async () => expect(await isThere(id)).toBe(true));
    await database.pool.query(
      "update monitors set deleted_on = now(), is_current = false where id = $1",
      [id],
    );
    await stream.ended;
    expect(goodbyeOf(stream)).toBe("unauthenticated");
  });
});

describe("a stream", () => {
  test("ends with the certificate that it was opened with", async () => {
    const { id, token } = await newMonitor();
    const { onDemand, agent, dispose } = await useOnDemand(database, { timing, monitorId: id });
    const events: string[] = [];
    const request = create(agentV1.WatchRequestSchema, {
      sessionId: createUlid(systemClock, systemRandom),
    });
    const caller = {
      notAfterNs: systemClock.nowNs() + 300_000_000n,
      signal: new AbortController().signal,
    };
    for await (const { event } of onDemand.watch(agent, request, caller)) {
      events.push(event?.case === "goodbye" ? (event.value.code ?? "") : (event?.case ?? ""));
    }
    expect(events.at(-1)).toBe("certificate_expired");
    expect(await isThere(id)).toBe(false);
    expect(token).toMatch(/^tcm_/);
    await dispose();
  });

  test("is renewed before it can outlive a dead host, and the agent is not called away meanwhile", async () => {
    const { id } = await newMonitor();
    const { onDemand, agent, dispose } = await useOnDemand(database, {
      timing: { ...timing, streamLifeMs: 300 },
      monitorId: id,
    });
    const codes: string[] = [];
    const request = create(agentV1.WatchRequestSchema, {
      sessionId: createUlid(systemClock, systemRandom),
    });
    const caller = { notAfterNs: undefined, signal: new AbortController().signal };
    for await (const { event } of onDemand.watch(agent, request, caller)) {
      if (event?.case === "goodbye") codes.push(event.value.code ?? "");
    }
    expect(codes).toEqual(["stopped"]);
    expect(await isThere(id)).toBe(true);
    await dispose();
  });

  test("brings again what a run of the agent is not known to have, and only that", async () => {
    const { id, token, address } = await newMonitor();
    const first = openStream(world, token);
    await eventually(async () => expect(await isThere(id)).toBe(true));
    const question = (async () => {
      for await (const _ of admin.checkNow({ target: "127.86.0.1" })) void _;
    })();
    const requestOf = ({ events }: OpenStream): agentV1.OnDemandRequest | undefined =>
      events
        .map(({ event }) => (event.case === "request" ? event.value : undefined))
        .find((each) => each !== undefined);
    await eventually(() => expect(requestOf(first)).toBeDefined());
    const request = requestOf(first);
    expect(request).toMatchObject({ monId: address, port: 123, kind: { case: "ntpCheck" } });
    first.hangUp();
    await first.ended;
    // Another run knows nothing of it.
    const second = openStream(world, token, { lastRequestId: request?.id ?? "" });
    await eventually(() => expect(requestOf(second)?.id).toBe(request?.id));
    second.hangUp();
    await question;
    await second.ended;
  });
});

describe("an answer", () => {
  test.each([
    {
      name: "about another address",
      status: { ipBytes: Uint8Array.of(127, 0, 0, 9), reason: "timeout" },
      code: "bad_request",
    },
    { name: "with a reason that is none", status: { reason: "because" }, code: "bad_request" },
    {
      name: "of another year",
      status: { reason: "timeout", ts: timestampFromMs(0) },
      code: "bad_request",
    },
    { name: "that claims success without an offset", status: { reason: "" }, code: "bad_request" },
  ])("$name is refused: $code", async ({ status, code }) => {
    const { id, token, address } = await newMonitor();
    const stream = openStream(world, token);
    await eventually(async () => expect(await isThere(id)).toBe(true));
    const question = admin.checkNow({ target: "127.86.0.2" })[Symbol.asyncIterator]();
    const { value } = await question.next();
    const requestId = value?.event.case === "asked" ? value.event.value.requestId : "";
    const answer = world.agentClient(token).answer({
      requestId,
      monId: address,
      result: {
        case: "status",
        value: {
          ipBytes: Uint8Array.of(127, 86, 0, 2),
          ts: timestampFromMs(Date.now()),
          ...status,
        } as never,
      },
    });
    expect(await refusalOf(answer)).toBe(code);
    await question.return?.();
    stream.hangUp();
    await stream.ended;
  });

  test("to what nobody asked is refused", async () => {
    const { token, address } = await newMonitor();
    const answer = world.agentClient(token).answer({
      requestId: createUlid(systemClock, systemRandom),
      monId: address,
    });
    expect(await refusalOf(answer)).toBe("not_found");
  });
});

describe("a question", () => {
  const refusalOfQuestion = async (
    request: Parameters<typeof admin.checkNow>[0],
  ): Promise<string> =>
    refusalOf(
      (async () => {
        for await (const _ of admin.checkNow(request)) void _;
      })(),
    );

  test.each([
    { name: "about nothing", request: {}, code: "bad_request" },
    {
      name: "about two things",
      request: { serverId: 1n, target: "127.0.0.1" },
      code: "bad_request",
    },
    { name: "to too many", request: { target: "127.0.0.1", monitorsMax: 51 }, code: "bad_request" },
    { name: "about a server that is not there", request: { serverId: 4711n }, code: "not_found" },
    {
      name: "about a multicast address",
      request: { target: "224.0.1.1" },
      code: "address_refused",
    },
    { name: "about no target", request: { target: "a b" }, code: "bad_address" },
  ])("$name is refused: $code", async ({ request, code }) => {
    expect(await refusalOfQuestion(request)).toBe(code);
  });

  test("about one address comes at most twelve times a minute, over all replicas", async () => {
    const replica = await startServer(database, { onDemandTiming: timing });
    for (let asked = 0; asked < 12; asked += 1) {
      const at = asked % 2 === 0 ? admin : replica.admin;
      for await (const _ of at.checkNow({ target: "127.86.0.9" })) void _;
    }
    expect(await refusalOfQuestion({ target: "127.86.0.9" })).toBe("limit_exceeded");
    expect(await refusalOfQuestion({ target: "127.86.0.10" })).toBe("accepted");
    await replica.server[Symbol.asyncDispose]();
  });

  test("that nobody waits for any more leaves nothing behind", async () => {
    const { id, token } = await newMonitor();
    const stream = openStream(world, token);
    await eventually(async () => expect(await isThere(id)).toBe(true));
    for await (const { event } of admin.checkNow({ target: "127.86.0.11" })) {
      if (event.case === "asked") break;
    }
    stream.hangUp();
    await stream.ended;
  });
});

describe("the NTP Pool's paths", () => {
  const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${server.url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${world.adminKey}` },
    });

  test("need an admin's key", async () => {
    for (const [path, method] of [
      ["/check/ntp/127.0.0.1", "POST"],
      ["/monitors/online", "GET"],
    ] as const) {
      expect((await fetch(`${server.url}${path}`, { method })).status).toBe(401);
      const wrong = { authorization: "Bearer tca_wrong" };
      expect((await fetch(`${server.url}${path}`, { method, headers: wrong })).status).toBe(401);
    }
  });

  test("answer [] when nobody is there, and 400 with words when it is no address", async () => {
    const none = await ask("/check/ntp/127.86.1.1", { method: "POST" });
    expect([none.status, await none.text()]).toEqual([200, "[]"]);
    const bad = await ask("/check/ntp/time.example", { method: "POST" });
    expect([bad.status, await bad.json()]).toEqual([
      400,
      { error: expect.stringContaining("is not an IP address") },
    ]);
  });

  test("tell who is there, and who was", async () => {
    const { id, token } = await newMonitor();
    const stream = openStream(world, token);
    await eventually(async () => expect(await isThere(id)).toBe(true));
    const online = async (): Promise<unknown> => (await ask("/monitors/online")).json();
    expect(await online()).toEqual([
      {
        Name: `m${monitors}`,
        IpVersions: ["v4"],
        IpVersion: "v4",
        Version: { Version: "v4.1.5" },
        UpdatedMQ: "0001-01-01T00:00:00Z",
        LastSeen: expect.stringMatching(/^20.*Z$/),
        Online: true,
      },
    ]);
    stream.hangUp();
    await eventually(async () => expect(await online()).toMatchObject([{ Online: false }]));
  });
});
