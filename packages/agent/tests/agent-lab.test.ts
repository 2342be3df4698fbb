// The agent against the lab, over real sockets from twelve vantage points: what each simulated server must look like.

import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { checkOnce, createAgent } from "@truechimer/agent";
import type { monitorV2 } from "@truechimer/api";
import { type IpAddress, parseIpAddress, systemClock, systemRandom } from "@truechimer/base";
import { createLab, type Lab, type LabServer } from "@truechimer/lab";
import { silentLogger } from "@truechimer/telemetry";
import { createProbeSocket, type ProbeSocket, type TimestampChoice } from "@truechimer/udp";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createFakeControlPlane } from "./_fake-control-plane.ts";

/** Of the servers that fail every check. All others succeed. */
const REASONS: Readonly<Record<string, string>> = {
  "silent.lab": "timeout",
  "wrong-origin.lab": "origin_mismatch",
  "rate.lab": "kiss_rate",
  "stratum16.lab": "bad_stratum",
  "leap3.lab": "not_synchronised",
};

let lab: Lab;

beforeAll(async () => {
  lab = await createLab({ clock: systemClock, random: systemRandom });
});

afterAll(() => lab[Symbol.asyncDispose]());

function ip(text: string): IpAddress {
  const address = parseIpAddress(text);
  if (!address.ok) throw new Error(address.error);
  return address.value;
}

/** The lab's lossy server may lose all samples of a check, once in a long while. */
function steadyServers(): readonly LabServer[] {
  return lab.servers.filter(({ fault, family }) => fault.kind !== "loss" && family === "v4");
}

describe.each<TimestampChoice>(["auto", "user_space"])("with %s stamps", (timestamps) => {
  let socket: ProbeSocket;

  beforeAll(async () => {
    socket = await createProbeSocket({ clock: systemClock, random: systemRandom, timestamps });
  });

  afterAll(() => socket[Symbol.asyncDispose]());

  test("every monitor reports every simulated server as what it is", async () => {
    const points = lab.vantagePoints.filter(({ family }) => family === "v4").slice(0, 4);
    const plane = createFakeControlPlane();
    plane.config = {
      samples: 2,
      privateTargetsAllowed: true,
      sampleInterval: durationFromMs(50),
      sampleTimeout: durationFromMs(1_500),
      idlePollInterval: durationFromMs(100),
    };
    const servers = steadyServers();
    for (const _ of points) {
      plane.due.push(servers.map(({ address, port }) => ({ ipBytes: ip(address).bytes, port })));
    }
    await using agent = createAgent({
      apiUrl: "http://control-plane.invalid",
      monitors: points.map(({ address, localAddress }) => ({
        address: ip(address),
        token: `tcm_${address}`,
        localAddress: localAddress === undefined ? undefined : ip(localAddress),
      })),
      probeSocket: socket,
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      version: "0.1.0",
      allowPrivateTargets: true,
      createTransport: plane.createTransport,
    });
    agent.start();
    const results = points.length * servers.length;
    await vi.waitFor(() => expect(plane.counted).toHaveLength(results), { timeout: 15_000 });

    for (const server of servers) {
      const statuses = plane.counted.filter(({ port }) => port === server.port);
      const expected = { name: server.name, reason: REASONS[server.name] ?? "" };
      for (const { reason } of statuses) expect({ name: server.name, reason }).toEqual(expected);
      expect(statuses).toHaveLength(points.length);
      if (server.fault.kind === "offset" || server.fault.kind === "none") {
        const { offsetNs } = server.fault;
        expect(statuses.map((status) => missedByNs(status, offsetNs))).toEqual(
          points.map(() => 0n),
        );
      }
    }
  });

  test("one check of each, without a control plane, says the same", async () => {
    const servers = lab.servers.filter(({ fault }) => fault.kind !== "loss");
    const targets = servers.map(({ name, address, port }) => ({
      name,
      address: ip(address),
      port,
    }));
    const ended: number[] = [];
    const results = await checkOnce(targets, {
      socket,
      clock: systemClock,
      samples: 1,
      sampleTimeoutMs: 1_500,
      onChecked: ({ tookMs }) => ended.push(tookMs),
    });
    expect(results.map(({ target, result }) => [target.name, result.outcome.reason])).toEqual(
      servers.map(({ name }) => [name, REASONS[name]]),
    );
    expect(ended).toHaveLength(servers.length);
  });
});

/** How far outside of its own bound a reported offset lies. */
function missedByNs({ offset, errorBound }: monitorV2.ServerStatus, trueNs: bigint): bigint {
  const errorNs = nsFrom(offset) - trueNs;
  const beyondNs = (errorNs < 0n ? -errorNs : errorNs) - nsFrom(errorBound);
  return beyondNs < 0n ? 0n : beyondNs;
}

function nsFrom(duration: monitorV2.ServerStatus["offset"]): bigint {
  return (duration?.seconds ?? 0n) * 1_000_000_000n + BigInt(duration?.nanos ?? 0);
}
