// The whole agent against a control plane as the NTP Pool's, over real sockets: set up beside a running agent, let in by
// a person, given a certificate, put to work, and its results taken. That control plane holds every message against the
// contract field by field, and must have found nothing wrong. The time servers are those of a virtual network.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type AgentIdentity,
  agentUserAgent,
  createAgent,
  createAgentIdentity,
  createHttpClient,
  followIdentity,
  keepRegistration,
  registerAgent,
} from "@truechimer/agent";
import {
  type Clock,
  type IpAddress,
  parseIpAddress,
  systemClock,
  systemRandom,
  unsafelyDeterministicRandom,
} from "@truechimer/base";
import { silentLogger } from "@truechimer/telemetry";
import { createPoolApi, createTestAuthority, type PoolApi } from "@truechimer/testing-pool-api";
import {
  createHostClock,
  createVirtualNetwork,
  createVirtualProbe,
  createVirtualServer,
} from "@truechimer/testing-sim";
import type { ProbeSocket } from "@truechimer/udp";
import { expect, onTestFinished, test } from "vitest";
import { nodeFileSystem } from "../../src/identity/node-file-system.ts";
import { createStateStore } from "../../src/identity/state-store.ts";

const NAME = "zurich-1gw2pjj.devel.mon.truechimer.internal";
const USER_AGENT = agentUserAgent({ version: "0.1.0", runtime: "test" });
/** Public, as the contract wants them; nothing is ever sent to them. */
const SERVERS = ["11.0.0.1", "11.0.0.2", "11.0.0.3"].map(ip);
const SILENT = ip("11.0.0.4");

function ip(text: string): IpAddress {
  const parsed = parseIpAddress(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

/** The system's wall clock counts milliseconds, and its steps would be seen; this one runs as the monotonic clock does. */
const startedNs = systemClock.nowNs() - systemClock.monotonicNs();
const smoothClock: Clock = { ...systemClock, nowNs: () => startedNs + systemClock.monotonicNs() };

/** Servers at SERVERS, each a millisecond ahead of the one before it; nobody at SILENT. */
function virtualProbeSocket(): ProbeSocket {
  const random = unsafelyDeterministicRandom(1);
  const network = createVirtualNetwork({ clock: smoothClock, random, quality: {} });
  for (const [index, { text }] of SERVERS.entries()) {
    const ahead = createHostClock({ base: smoothClock, offsetNs: BigInt(index) * 1_000_000n });
    createVirtualServer({ network, host: text, clock: ahead });
  }
  const probe = createVirtualProbe({
    network,
    random,
    clock: smoothClock,
    host: "192.0.2.1",
    timeoutMs: 100,
  });
  return {
    timestampSource: "kernel",
    exchange: ({ address, session }) => probe.exchange(address.text, session),
    counters: () => ({
      sent: 0,
      answered: 0,
      timedOut: 0,
      late: 0,
      duplicate: 0,
      spoofed: 0,
      networkErrors: 0,
      inFlight: 0,
    }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

interface Set {
  readonly pool: PoolApi;
  readonly identity: AgentIdentity;
  readonly directory: string;
}

async function useAgentBesidePool(): Promise<Set> {
  const authority = await createTestAuthority(systemClock.nowNs());
  const pool = await createPoolApi({ authority, clock: systemClock, tlsName: NAME });
  const directory = mkdtempSync(join(tmpdir(), "truechimer-pool-"));
  const identity = await createAgentIdentity({
    environment: "devel",
    stateDirectory: directory,
    hosts: { apiHost: pool.apiUrl, connectHost: pool.monitorUrl },
    rootPem: authority.rootPem,
    userAgent: USER_AGENT,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    runAsProcess: process.pid,
  });
  onTestFinished(async () => {
    await identity[Symbol.asyncDispose]();
    await pool[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true, force: true });
  });
  return { pool, identity, directory };
}

/** As `setup` does, in a process of its own: it shares the directory with the agent, and nothing else. */
async function setUp({ pool, directory }: Set): Promise<void> {
  const registration = await registerAgent({
    apiUrl: pool.apiUrl,
    families: ["v4"],
    hostname: "zurich",
    send: createHttpClient({ clock: systemClock, userAgent: USER_AGENT }),
    clock: systemClock,
    random: systemRandom,
    onProgress: ({ kind }) => {
      if (kind === "url") pool.decision = "accepted";
    },
    signal: new AbortController().signal,
    waitMsMax: 60_000,
  });
  if (registration.kind !== "accepted") throw new Error(registration.kind);
  const store = createStateStore({
    directory: join(directory, "devel"),
    files: nodeFileSystem,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
  });
  await keepRegistration(store, { serverUrl: pool.apiUrl, apiKey: registration.apiKey });
}

test("from set-up to counted results, and every message is as the contract has it", async () => {
  const set = await useAgentBesidePool();
  const { pool, identity } = set;
  identity.start();
  const live = identity.waitUntilLive(new AbortController().signal);
  pool.monitors.set("v4", { address: ip("192.0.2.1"), status: "pending" });
  await setUp(set);
  await expect.poll(() => identity.current.v4.status, { timeout: 10_000 }).toBe("pending");
  expect(identity.current).toMatchObject({ tlsName: NAME, pair: undefined });

  pool.monitors.set("v4", { address: ip("192.0.2.1"), status: "active" });
  await identity.reload();
  expect((await live).pair?.dnsNames).toEqual([NAME]);
  expect(pool.requests).toContain("/monitor/api/config?request_certificate=true");

  using followed = followIdentity(identity);
  pool.work.push(...[...SERVERS, SILENT].map((server) => ({ ip: server })));
  await using agent = createAgent({
    apiUrl: pool.monitorUrl,
    monitors: followed,
    probeSocket: virtualProbeSocket(),
    clock: smoothClock,
    random: systemRandom,
    logger: silentLogger,
    version: "0.1.0",
  });
  agent.start();
  const results = (): number => pool.submitted.reduce((sum, { list }) => sum + list.length, 0);
  await expect.poll(results, { timeout: 20_000 }).toBe(SERVERS.length + 1);
  expect(pool.problems).toEqual([]);
  expect(new Set(pool.submitted.map(({ version }) => version))).toEqual(new Set([4]));
  const statuses = pool.submitted.flatMap(({ list }) => list);
  const silent = statuses.filter(({ noResponse }) => noResponse);
  expect(silent.map(({ ipBytes, error }) => [ipBytes.toHex(), error])).toEqual([
    [SILENT.bytes.toHex(), "network: i/o timeout"],
  ]);
  for (const status of statuses.filter(({ noResponse }) => !noResponse)) {
    const index = SERVERS.findIndex(({ bytes }) => bytes.toHex() === status.ipBytes.toHex());
    const offsetMs =
      Number(status.offset?.seconds ?? 0n) * 1_000 + (status.offset?.nanos ?? 0) / 1e6;
    expect(Math.abs(offsetMs - index)).toBeLessThan(50);
  }

  pool.monitors.set("v4", { address: ip("192.0.2.1"), status: "paused" });
  await identity.reload();
  expect(followed.source.monitors[0]?.status).toBe("paused");
}, 60_000);
