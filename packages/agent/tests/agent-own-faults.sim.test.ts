// What is the agent's own doing must never be told of a server.

import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { silentAgentMetrics } from "@truechimer/agent";
import { judgeExchange } from "@truechimer/ntp";
import type { ProbeSocket } from "@truechimer/udp";
import { describe, expect, test } from "vitest";
import { ip, simulate } from "./_simulated-agent.ts";

const GOOD = "192.0.2.1";
const DUE = [{ ipBytes: ip(GOOD).bytes }];
const CONFIG = { privateTargetsAllowed: true, sampleInterval: durationFromMs(2_000) };

/** On a host without sockets to spare. */
const SPEECHLESS: ProbeSocket = {
  timestampSource: "kernel",
  exchange: ({ address, port }) =>
    Promise.resolve(
      judgeExchange(
        {
          request: new Uint8Array(48),
          t1: undefined,
          response: undefined,
          t4: undefined,
          sourceAddress: undefined,
          sourcePort: undefined,
          destinationAddress: address.text,
          destinationPort: port,
          clockStepNs: undefined,
        },
        { silenceReason: "local_socket_failed" },
      ),
    ),
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

describe("a broken probe socket", () => {
  test("ends the taking of work, and blames no server", async () => {
    const { agent, addServer, breakSocket, clock, plane } = simulate();
    addServer(GOOD);
    plane.config = CONFIG;
    agent.start();
    await clock.advance(1_000);
    breakSocket();
    await clock.advance(1);
    plane.due.push(DUE);
    const callsBefore = plane.calls.getServers;
    await clock.advance(600_000);
    expect(plane.calls.getServers - callsBefore).toBeLessThanOrEqual(1);
    expect(plane.counted).toEqual([]);
  });
});

describe("a host that cannot send", () => {
  test("blames no server, and counts its own fault", async () => {
    const ended: string[] = [];
    const { agent, clock, plane } = simulate({
      probeSocket: SPEECHLESS,
      metrics: { ...silentAgentMetrics, checkEnded: ({ reason }) => void ended.push(reason) },
    });
    plane.config = CONFIG;
    plane.due.push(DUE);
    agent.start();
    await clock.advance(30_000);
    expect(ended).toEqual(["local_socket_failed"]);
    expect(plane.received).toEqual([]);
  });
});
