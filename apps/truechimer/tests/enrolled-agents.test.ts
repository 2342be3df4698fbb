// Two agents of ours and the control plane on one machine: enrolled with one-time tokens, with certificates that are
// renewed while they probe; one is killed while the control plane is away. And hosts that ask to be let in.

import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { adminV1 } from "@truechimer/api";
import { type Clock, systemClock, systemRandom } from "@truechimer/base";
import { createLab, type Lab } from "@truechimer/lab";
import { createServer, createToken, LOCAL_POLICY, type Server } from "@truechimer/server";
import { createMetrics } from "@truechimer/telemetry";
import { useDatabase } from "@truechimer/testing-postgres";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  type AgentHome,
  type AgentProcess,
  agent,
  createAgentHome,
  startAgent,
} from "./_agent-program.ts";

const LIMIT_MS = 180_000;
const PATIENTLY = { timeout: 90_000, interval: 500 };
vi.setConfig({ testTimeout: LIMIT_MS, hookTimeout: LIMIT_MS });

const database = await useDatabase();
const MINUTE_MS = 60_000;
/** The shortest life that there is. */
const CERTIFICATE_LIFETIME_MS = 5 * MINUTE_MS;
/** So old is a certificate when it is issued: ten seconds before its last third. */
const CERTIFICATE_AGE_NS = 180_000_000_000n;
const agedClock: Clock = { ...systemClock, nowNs: () => systemClock.nowNs() - CERTIFICATE_AGE_NS };
const adminKey = createToken("tca_", systemRandom);
const masterKey = systemRandom.bytes(32);
const AGENTS = ["127.0.0.2", "127.0.0.3"] as const;

let lab: Lab;
let server: Server;
let admin: Client<typeof adminV1.AdminService>;
let metrics = createMetrics({ version: "test", processMetrics: false });

/** On the ports of before, so that whoever knew it finds it again. */
async function startServer(ports = { people: 0, agents: 0 }): Promise<void> {
  metrics = createMetrics({ version: "test", processMetrics: false });
  const interval = { checkIntervalMs: 2_000, testingIntervalMs: 2_000, slowIntervalMs: 2_000 };
  server = await createServer({
    database,
    clock: systemClock,
    authorityClock: agedClock,
    random: systemRandom,
    version: "0.0.0-test",
    listen: { host: "127.0.0.1", port: ports.people },
    policy: {
      ...LOCAL_POLICY,
      probe: {
        ...LOCAL_POLICY.probe,
        ...interval,
        sampleIntervalMs: 2_000,
        samples: 1,
        idlePollIntervalMs: 500,
      },
    },
    adminKeys: [adminKey],
    masterKey,
    agents: {
      certificateLifetimeMs: CERTIFICATE_LIFETIME_MS,
      listen: { host: "127.0.0.1", port: ports.agents },
    },
    metrics,
  });
  await server.start();
  admin = createClient(
    adminV1.AdminService,
    createConnectTransport({
      baseUrl: server.url,
      httpVersion: "1.1",
      interceptors: [
        (next) => (request) => {
          request.header.set("authorization", `Bearer ${adminKey}`);
          return next(request);
        },
      ],
    }),
  );
}

beforeAll(async () => {
  lab = await createLab({ clock: systemClock, random: systemRandom });
  await startServer();
  const honest = lab.servers.filter(
    ({ address, expectedVerdict }) => address === "127.0.0.1" && expectedVerdict === "truechimer",
  );
  const targets = honest.slice(0, 4).map(({ address, port }) => `${address}:${port}`);
  await admin.addServers({ targets });
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await lab[Symbol.asyncDispose]();
});

async function enrol(home: AgentHome, address: string): Promise<void> {
  const { secret } = await admin.createEnrolmentToken({ name: address });
  const words = [
    "enroll",
    "--server",
    server.agentsUrl ?? "",
    "--token",
    secret,
    "--address",
    address,
  ];
  const { code, err } = await agent(home, [...words, "--json"]);
  expect(err).toBe("");
  expect(code).toBe(0);
}

function run(home: AgentHome, address: string): AgentProcess {
  return startAgent(home, ["run", "--allow-private-targets", "--bind", address]);
}

interface StatusLine {
  readonly certificate: { readonly fingerprint: string } | null;
  readonly running: {
    readonly activity: {
      readonly results_accepted: number;
      readonly calls_failed: number;
      readonly results_lost: number;
      readonly checks: number;
      readonly call_failure: string | null;
    };
  } | null;
}

async function statusOf(home: AgentHome): Promise<StatusLine> {
  const { lines } = await agent(home, ["status", "--json"]);
  return lines[0] as unknown as StatusLine;
}

/** What waits on the disk for the control plane. */
async function queuedBytes({ stateDirectory }: AgentHome): Promise<number> {
  const directory = join(stateDirectory, "prod", "queue");
  const names = await readdir(directory).catch(() => []);
  const sizes = await Promise.all(
    names.map(async (name) => (await stat(join(directory, name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Results of a monitor by server and instant, as they were stored. */
async function storedResults(
  address: string,
  { from, to }: { readonly from: Date; readonly to: Date } = {
    from: new Date(0),
    to: new Date(2 ** 42),
  },
): Promise<readonly string[]> {
  const { rows } = await database.pool.query<{ key: string }>(
    `select l.server_id || ' ' || l.ts as key from log_scores l join monitors m on m.id = l.monitor_id
      where m.ip = $1 and l.ts between $2 and $3 order by l.ts`,
    [address, from, to],
  );
  return rows.map(({ key }) => key);
}

describe("two agents and a control plane", () => {
  let homes: readonly [AgentHome, AgentHome];
  let running: AgentProcess[];

  beforeAll(async () => {
    homes = [await createAgentHome(), await createAgentHome()];
    await enrol(homes[0], AGENTS[0]);
    await enrol(homes[1], AGENTS[1]);
    running = [run(homes[0], AGENTS[0]), run(homes[1], AGENTS[1])];
    await Promise.all(running.map((each) => each.event("ready")));
  });

  afterAll(async () => {
    for (const each of running) await each[Symbol.asyncDispose]();
    for (const home of homes) await home[Symbol.asyncDispose]();
  });

  test("both renew their certificates while they probe, and no request fails", async () => {
    const seen = [new Set<string>(), new Set<string>()];
    await vi.waitUntil(
      async () => {
        const statuses = await Promise.all(homes.map(statusOf));
        for (const [at, { certificate }] of statuses.entries()) {
          if (certificate !== null) seen[at]?.add(certificate.fingerprint);
        }
        const renewedTwice = seen.every(({ size }) => size >= 3);
        return (
          renewedTwice &&
          statuses.every((each) => (each.running?.activity.results_accepted ?? 0) >= 20)
        );
      },
      { timeout: LIMIT_MS - 10_000, interval: 1_000 },
    );
    for (const home of homes) {
      const activity = (await statusOf(home)).running?.activity;
      expect(activity).toMatchObject({ calls_failed: 0, call_failure: null, results_lost: 0 });
    }
    const { text } = await metrics.scrape();
    expect(text).not.toMatch(/^truechimer_access_refused_total\{.*\} [1-9]/m);
    for (const each of running) expect(each.errors()).not.toMatch(/"level":"(warn|error)"/);
  });

  test("the doctor finds a running agent well, and changes nothing about it", async () => {
    const { code, lines, err } = await agent(homes[0], ["doctor", "--json"]);
    expect(err).toBe("");
    const healths = new Map(lines.map(({ check, health }) => [check, health]));
    for (const well of ["directory", "agent", "identity", "monitors", "DNS", "API", "connection"]) {
      expect([well, healths.get(well)]).toEqual([well, "ok"]);
    }
    // As old as this test makes it, a certificate is always about to be renewed.
    expect(["ok", "warning"]).toContain(healths.get("certificate"));
    expect(code).toBe(0);
  });

  test("a second agent on the same directory is refused, and told of the first", async () => {
    const { code, err } = await agent(homes[0], ["run"]);
    expect(err).toMatch(/directory_in_use/);
    expect(code).toBe(1);
  });

  test("SIGHUP makes it look at everything, and it goes on", async () => {
    running[1]?.signal("SIGHUP");
    await vi.waitUntil(() => running[1]?.errors().includes("as SIGHUP asks"), PATIENTLY);
    expect((await statusOf(homes[1])).running).not.toBeNull();
  });

  test("what was measured while the control plane was away is there once, also after kill -9", async () => {
    const [home] = homes;
    const [address] = AGENTS;
    const people = Number(new URL(server.url).port);
    const agents = Number(new URL(server.agentsUrl ?? "").port);
    await server[Symbol.asyncDispose]();
    const awayFrom = new Date();
    const queuedBefore = await queuedBytes(home);
    // Several submissions of leased work; a result with its packets has some 300 bytes.
    await vi.waitUntil(async () => (await queuedBytes(home)) > queuedBefore + 9_000, PATIENTLY);
    running[0]?.signal("SIGKILL");
    const killed = await running[0]?.ended;
    expect(killed?.code).toBeNull();
    // It starts without its control plane, delivers what it has later, and goes on under the leases of before.
    running[0] = run(home, address);
    await running[0].event("agent");
    const queuedAtStart = await queuedBytes(home);
    await vi.waitUntil(async () => (await queuedBytes(home)) > queuedAtStart + 3_000, PATIENTLY);
    const awayUntil = new Date();
    await startServer({ people, agents });
    const measuredMeanwhile = async (): Promise<number> =>
      (await storedResults(address, { from: awayFrom, to: awayUntil })).length;
    await vi.waitUntil(async () => (await measuredMeanwhile()) >= 16, PATIENTLY);
    await vi.waitUntil(
      async () => ((await statusOf(home)).running?.activity.results_accepted ?? 0) >= 30,
      PATIENTLY,
    );
    const stored = await storedResults(address);
    expect(new Set(stored).size).toBe(stored.length);
    expect((await statusOf(home)).running?.activity.results_lost).toBe(0);
  });

  test("both end within ten seconds of SIGTERM, with exit code 0", async () => {
    const began = performance.now();
    for (const each of running) each.signal("SIGTERM");
    const outcomes = await Promise.all(running.map(({ ended }) => ended));
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0]);
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});

describe("a host that asks to be let in", () => {
  const words = ["setup", "--no-ipv6", "--hostname", "asker", "--json", "--server"];

  /** The registration that waits, once the host has shown its address. */
  async function asked(setup: AgentProcess): Promise<string> {
    const { url } = await setup.event("url");
    const id = String(url).split("/").at(-1) ?? "";
    const { registrations } = await admin.listRegistrations({});
    expect(registrations.map((each) => each.id)).toContain(id);
    return id;
  }

  test("is told when it is rejected, with the reason and exit code 1", async () => {
    await using home = await createAgentHome();
    await using setup = startAgent(home, [...words, server.url]);
    const id = await asked(setup);
    await admin.rejectRegistration({ id, reason: "not one of ours" });
    const { code, err } = await setup.ended;
    expect(err).toMatch(/enrolment_refused/);
    expect(err).toMatch(/rejected.*not one of ours/);
    expect(code).toBe(1);
  });

  test("is an agent when it is approved: it runs, and gets a certificate", async () => {
    await using home = await createAgentHome();
    await using setup = startAgent(home, [...words, server.url]);
    await admin.approveRegistration({
      id: await asked(setup),
      status: adminV1.MonitorStatus.ACTIVE,
    });
    const { code, lines } = await setup.ended;
    expect(code).toBe(0);
    expect(lines.map(({ event }) => event)).toEqual(["url", "accepted"]);
    await using running = startAgent(home, ["run", "--allow-private-targets"]);
    await vi.waitUntil(
      async () => {
        const { certificate, running: told } = await statusOf(home);
        return certificate !== null && (told?.activity.results_accepted ?? 0) > 0;
      },
      { timeout: 60_000, interval: 500 },
    );
    running.signal("SIGTERM");
    expect((await running.ended).code).toBe(0);
  });

  test("may give up: setup ends at once on SIGTERM, and says that it may be run again", async () => {
    await using home = await createAgentHome();
    await using setup = startAgent(home, [...words, server.url]);
    await setup.event("url");
    setup.signal("SIGTERM");
    const { code, lines } = await setup.ended;
    expect(lines.at(-1)).toEqual({ event: "aborted" });
    expect(code).toBe(1);
  });
});
