// The limits as callers meet them: three replicas over real HTTP on one database, status, codes and headers.

import { adminV1 } from "@truechimer/api";
import { systemRandom } from "@truechimer/base";
import { useDatabase } from "@truechimer/testing-postgres";
import { describe, expect, test } from "vitest";
import { createToken, RATE_LIMITS, type ServerOptions } from "../src/index.ts";
import { askHttp, type HttpAnswer, newCsr, newUlid } from "./_agents.ts";
import { startReplicas } from "./_replicas.ts";
import { refusalOf } from "./_results.ts";
import { ip, startServer, type TestServer, useServer } from "./_test-server.ts";

const database = await useDatabase({ poolSize: 30 });
const LIST = "/truechimer.admin.v1.AdminService/ListServers";
const GET_CONFIG = "/monitor.v2.MonitorService/GetConfig";
const JSON_TYPE = { "content-type": "application/json" };

interface Call {
  readonly path?: string;
  readonly key?: string;
  readonly body?: unknown;
  readonly from?: string;
  readonly forwardedFor?: string;
}

/** Each test comes from an address of its own: what one has spent is not the other's. */
function call(at: TestServer, { path = LIST, key, body = {}, from, forwardedFor }: Call) {
  return askHttp(`${at.server.url}${path}`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: {
      ...JSON_TYPE,
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(forwardedFor === undefined ? {} : { "x-forwarded-for": forwardedFor }),
    },
    ...(from === undefined ? {} : { localAddress: from }),
  });
}

function countOf(answers: readonly HttpAnswer[], status: number): number {
  return answers.filter((answer) => answer.status === status).length;
}

async function replicas(options: Partial<ServerOptions>): Promise<readonly TestServer[]> {
  return [
    await useServer(database, options),
    await useServer(database, options),
    await useServer(database, options),
  ];
}

describe("of callers who were let in", () => {
  test("exactly as many calls of one API key pass, at three replicas and over a restart", async () => {
    const options = { rateLimits: { admin_calls: { max: 60 } } };
    const [a, b, c] = await replicas(options);
    if (a === undefined || b === undefined || c === undefined) throw new Error("no replicas");
    const restarted = await startServer(database, options);
    const key = await a.server.issueAdminKey("grafana");
    const ask = (at: TestServer) => call(at, { key });
    const first = await Promise.all(Array.from({ length: 20 }, () => ask(restarted)));
    await restarted.server[Symbol.asyncDispose]();
    const again = await useServer(database, options);
    const second = await Promise.all(
      Array.from({ length: 300 }, (_, at) => ask([a, b, c, again][at % 4] ?? a)),
    );
    const answers = [...first, ...second];
    expect([countOf(answers, 200), countOf(answers, 429)]).toEqual([60, 260]);
    const refused = answers.find(({ status }) => status === 429);
    expect(JSON.parse(refused?.body ?? "")).toMatchObject({ code: "resource_exhausted" });
    expect(refused?.headers["truechimer-error-code"]).toBe("limit_exceeded");
    expect(Number(refused?.headers["retry-after"])).toBeGreaterThan(0);
    expect(refused?.headers["ratelimit"]).toMatch(/^"admin_calls";r=0;t=\d+$/);
    // Another key has an allowance of its own.
    expect((await call(a, { key: a.adminKey })).status).toBe(200);
  });

  test("every answer says what is left", async () => {
    const at = await useServer(database, { rateLimits: { admin_calls: { max: 50 } } });
    const key = await at.server.issueAdminKey("told");
    const lefts: number[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      const { headers } = await call(at, { key });
      expect(headers["ratelimit-policy"]).toBe('"admin_calls";q=50;w=600');
      const [, left] = /^"admin_calls";r=(\d+);t=\d+$/.exec(String(headers["ratelimit"])) ?? [];
      lefts.push(Number(left));
    }
    expect(lefts).toEqual([49, 48, 47, 46, 45]);
  });

  test("an agent in a loop is told to wait, and its neighbour is not", async () => {
    const at = await useServer(database, { rateLimits: { agent_calls: { max: 10 } } });
    const one = await at.server.createMonitor({ name: "loop", address: ip("10.0.7.1") });
    const other = await at.server.createMonitor({ name: "calm", address: ip("10.0.7.2") });
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => call(at, { path: GET_CONFIG, key: one.token })),
    );
    expect([countOf(answers, 200), countOf(answers, 429)]).toEqual([10, 30]);
    expect(await refusalOf(at.monitorClient(one.token).getServers({}))).toBe("limit_exceeded");
    const calm = await call(at, { path: GET_CONFIG, key: other.token });
    expect([calm.status, calm.headers["ratelimit-policy"]]).toEqual([
      200,
      '"agent_calls";q=10;w=600',
    ]);
  });
});

describe("failed logins", () => {
  const settings = { rateLimits: { login_failures: { max: 12 } } };

  test("count alone, over three replicas; beyond the limit nothing is looked up for that address", async () => {
    const all = await replicas(settings);
    const from = "127.0.3.1";
    const [first] = all;
    const inUse = (await first?.server.issueAdminKey("in use from there")) ?? "";
    expect((await call(first ?? noReplica(), { key: inUse, from })).status).toBe(200);
    const key = createToken("tca_", systemRandom);
    const answers = await Promise.all(
      Array.from({ length: 150 }, (_, at) =>
        call(all[at % 3] ?? noReplica(), { key, from, path: at % 2 === 0 ? LIST : GET_CONFIG }),
      ),
    );
    expect([countOf(answers, 401), countOf(answers, 429)]).toEqual([12, 138]);
    const [a] = all;
    if (a === undefined) throw new Error("no replica");
    const good = await a.server.issueAdminKey("behind the same address");
    expect((await call(a, { key: good, from })).status).toBe(429);
    // Whoever was at work there goes on.
    expect((await call(a, { key: inUse, from })).status).toBe(200);
    expect((await call(a, { key: good, from: "127.0.3.2" })).status).toBe(200);
  });

  test("of a hundred that succeed none counts", async () => {
    const at = await useServer(database, settings);
    const from = "127.0.3.3";
    const key = await at.server.issueAdminKey("diligent");
    const answers = await Promise.all(Array.from({ length: 100 }, () => call(at, { key, from })));
    expect(countOf(answers, 200)).toBe(100);
    expect((await call(at, { key: "tca_wrong", from })).status).toBe(401);
  });

  test("a page whose session has ended asks on, and locks nobody out", async () => {
    const at = await useServer(database, settings);
    const answers: HttpAnswer[] = [];
    for (let turn = 0; turn < 20; turn += 1) {
      answers.push(await call(at, { from: "127.0.3.4" }));
    }
    expect(countOf(answers, 401)).toBe(20);
  });

  test("one-time keys and enrolment tokens that nobody has made count, too", async () => {
    const at = await useServer(database, settings);
    const from = "127.0.3.5";
    for (let turn = 0; turn < 6; turn += 1) {
      const { status } = await askHttp(`${at.server.url}/?key=tco_${turn}`, { localAddress: from });
      expect(status).toBe(303);
    }
    const enrolling = {
      path: "/truechimer.agent.v1.AgentService/Enroll",
      from,
      body: {
        token: `tce_${"x".repeat(43)}`,
        hostname: "basel",
        csrDer: Buffer.from(await newCsr()).toString("base64"),
        addresses: ["192.0.2.1"],
        enrolmentId: newUlid(),
      },
    };
    const withKey = await useServer(database, {
      ...settings,
      masterKey: new Uint8Array(32).fill(3),
    });
    const statuses: number[] = [];
    for (let turn = 0; turn < 8; turn += 1) {
      statuses.push((await call(withKey, enrolling)).status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 401, 429, 429]);
  });

  test("behind a proxy that is trusted each caller is counted apart; no other is believed", async () => {
    const from = "127.0.3.6";
    const key = "tca_wrong";
    const trusting = await useServer(database, { ...settings, agents: { trustedProxies: [from] } });
    const through = (forwardedFor: string) => call(trusting, { key, from, forwardedFor });
    for (let turn = 0; turn < 12; turn += 1) {
      expect((await through("2001:db8:1:2::a")).status).toBe(401);
    }
    // The same /64 is the same caller.
    expect((await through("2001:db8:1:2:ffff::b")).status).toBe(429);
    expect((await through("2001:db8:1:3::a")).status).toBe(401);
    const strict = await useServer(database, settings);
    const statuses: number[] = [];
    for (let turn = 0; turn < 13; turn += 1) {
      const forwardedFor = `198.51.100.${turn}`;
      statuses.push((await call(strict, { key, from: "127.0.3.7", forwardedFor })).status);
    }
    expect(statuses.at(-1)).toBe(429);
  });
});

test("of processes that are killed: exactly as many failures are told as such, by all together", async () => {
  const MAX = 100;
  const cluster = await startReplicas(database.url, ["api", "api", "api"]);
  try {
    const ask = async (): Promise<number> => {
      const url = cluster.anyUrl(systemRandom);
      try {
        const { status } = await askHttp(`${url}${LIST}`, {
          method: "POST",
          body: "{}",
          headers: { ...JSON_TYPE, authorization: "Bearer tca_wrong" },
          localAddress: "127.0.3.20",
        });
        return status;
      } catch (error) {
        // Of a process that was killed: it has counted and not told, or was not there any more to count.
        return (error as { readonly code?: string }).code === "ECONNREFUSED" ? -1 : 0;
      }
    };
    const statuses: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      const asked = Array.from({ length: 60 }, ask);
      if (round === 1 || round === 3) cluster.killOne(systemRandom);
      statuses.push(...(await Promise.all(asked)));
    }
    const told = statuses.filter((status) => status === 401).length;
    const lost = statuses.filter((status) => status === 0).length;
    expect(told).toBeLessThanOrEqual(MAX);
    expect(told + lost).toBeGreaterThanOrEqual(MAX);
    expect(statuses).toContain(429);
    expect(lost).toBeLessThan(MAX);
    expect(cluster.killed).toBe(2);
    const { rows } = await database.pool.query<{ used: bigint }>(
      "select used from rate_limit_windows where limit_name = 'login_failures' and used = $1",
      [MAX],
    );
    expect(rows).toHaveLength(1);
  } finally {
    await cluster[Symbol.asyncDispose]();
  }
}, 120_000);

describe("of strangers", () => {
  test("an address has so many requests before anything is looked up", async () => {
    const at = await useServer(database, { rateLimits: { address_requests: { max: 30 } } });
    const from = "127.0.3.8";
    const answers = await Promise.all(Array.from({ length: 80 }, () => call(at, { from })));
    expect([countOf(answers, 401), countOf(answers, 429)]).toEqual([30, 50]);
    const page = await askHttp(`${at.server.url}/`, { localAddress: from });
    expect([page.status, page.headers["retry-after"]]).toEqual([
      429,
      expect.stringMatching(/^\d+$/),
    ]);
    for (const path of ["/healthz/live", "/healthz/ready", "/metrics"]) {
      const { status } = await askHttp(`${at.server.url}${path}`, { localAddress: from });
      expect(status).toBe(200);
    }
    const { text } = { text: (await askHttp(`${at.server.url}/metrics`)).body };
    expect(text).toContain(
      'truechimer_rate_limit_requests_total{limit="address_requests",outcome="refused"} 51',
    );
  });

  test("agents that were let in lately are not held up by them", async () => {
    const at = await useServer(database, { rateLimits: { address_requests: { max: 5 } } });
    const from = "127.0.3.9";
    const { token } = await at.server.createMonitor({ name: "inside", address: ip("10.0.7.3") });
    expect((await call(at, { path: GET_CONFIG, key: token, from })).status).toBe(200);
    for (let turn = 0; turn < 20; turn += 1) await call(at, { key: "x", from });
    expect((await call(at, { path: GET_CONFIG, key: token, from })).status).toBe(200);
  });
});

test("people see every limit, as it is set, with what passed and was refused in the hour, of all replicas", async () => {
  const rateLimits = { check_now: { max: 7, windowMs: 30_000 } };
  const [a, b] = [
    await useServer(database, { rateLimits }),
    await startServer(database, { rateLimits }),
  ];
  const outcomes: string[] = [];
  for (const [turn, at] of [a, b, a, b, a, b, a, b, a, b].entries()) {
    const asked = (async (): Promise<void> => {
      for await (const _ of at.admin.checkNow({ target: `127.87.0.${turn}` })) void _;
    })();
    outcomes.push(await refusalOf(asked));
  }
  expect(outcomes.filter((outcome) => outcome === "accepted")).toHaveLength(7);
  await b.server[Symbol.asyncDispose]();
  const { rateLimits: listed } = await a.admin.listRateLimits({});
  expect(listed.map(({ name }) => name)).toEqual(RATE_LIMITS.map(({ name }) => name).toSorted());
  for (const { reason, withoutDatabaseReason, each } of listed) {
    expect([reason, withoutDatabaseReason, each]).not.toContain("");
  }
  expect(listed.find(({ name }) => name === "check_now")).toMatchObject({
    max: 7n,
    window: { seconds: 30n },
    scope: adminV1.RateLimitScope.CLUSTER,
    counts: adminV1.RateLimitUnit.REQUESTS,
    passedLastHour: 7n,
    refusedLastHour: 3n,
  });
});

function noReplica(): never {
  throw new Error("no replica");
}
