// Traceroutes that batches ask for: beside the checks, a few at a time, told once, and none that outlives a stop.

import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import type { monitorV2 } from "@truechimer/api";
import { describe, expect, test } from "vitest";
import { ip, type Simulation, type SimulationOptions, simulate } from "./_simulated-agent.ts";
import { createVirtualTracer, type VirtualTracer } from "./_virtual-tracer.ts";

const GOOD = "192.0.2.1";
const OTHER = "192.0.2.2";
const CONFIG = {
  samples: 1,
  privateTargetsAllowed: true,
  sampleInterval: durationFromMs(2_000),
  idlePollInterval: durationFromMs(1_000),
};

interface Tracing extends Simulation {
  readonly tracer: VirtualTracer;
}

function simulateTracing(takesMs: number, options: SimulationOptions = {}): Tracing {
  const tracer = createVirtualTracer(() => simulation.clock, takesMs);
  const simulation = simulate({ tracer, ...options });
  simulation.addServer(GOOD);
  simulation.addServer(OTHER);
  simulation.plane.config = CONFIG;
  return { ...simulation, tracer };
}

function check(text: string): { readonly ipBytes: Uint8Array } {
  return { ipBytes: ip(text).bytes };
}

function trace(text: string): { readonly ipBytes: Uint8Array; readonly trace: true } {
  return { ...check(text), trace: true };
}

function tracesOf(counted: readonly monitorV2.ServerStatus[]): readonly monitorV2.ServerStatus[] {
  return counted.filter(({ traceroute }) => traceroute !== undefined);
}

describe("a traceroute that a batch asks for", () => {
  test("comes back with its ticket, its times and every hop, beside the check of the same server", async () => {
    const { agent, clock, plane } = simulateTracing(10_000);
    plane.due.push([trace(GOOD), check(GOOD)]);
    agent.start();
    await clock.advance(5_000);
    expect(plane.counted).toMatchObject([{ reason: "", noResponse: false, stratum: 1 }]);
    await clock.advance(10_000);
    expect(plane.received.map(({ version }) => version)).toEqual([5, 5]);
    expect(plane.received[1]?.batchId).toEqual(plane.received[0]?.batchId);
    const [status] = tracesOf(plane.counted);
    expect(status).toMatchObject({
      ipBytes: ip(GOOD).bytes,
      port: 123,
      responses: [],
      noResponse: false,
      traceroute: { reached: true, reason: "" },
    });
    const { startedAt, hops } = status?.traceroute ?? {};
    expect((status?.ts?.seconds ?? 0n) - (startedAt?.seconds ?? 0n)).toBe(10n);
    expect(hops).toMatchObject([
      {
        hopLimit: 1,
        answers: [
          { ipBytes: ip("192.0.2.254").bytes, rtt: { nanos: 1_500 }, icmpType: 11, icmpCode: 0 },
          { ipBytes: new Uint8Array() },
        ],
      },
      { hopLimit: 2, answers: [{ ipBytes: ip(GOOD).bytes, rtt: { nanos: 9_000 } }] },
    ]);
  });

  test("is sent again under the same id until it is counted", async () => {
    const { agent, clock, plane } = simulateTracing(1_000);
    plane.due.push([trace(GOOD)]);
    let answers = 0;
    plane.afterCounting = () => {
      answers += 1;
      if (answers < 3) throw new ConnectError("connection reset", Code.Unavailable);
    };
    agent.start();
    await clock.advance(60_000);
    expect(new Set(plane.received.map(({ submissionId }) => submissionId)).size).toBe(1);
    expect(plane.received.length).toBeGreaterThanOrEqual(3);
    expect(tracesOf(plane.counted)).toHaveLength(1);
  });

  test("takes its turn: two at a time, each server once in line, and checks go on as ever", async () => {
    const { agent, clock, plane, tracer } = simulateTracing(30_000);
    const targets = Array.from({ length: 20 }, (_, index) => `192.0.2.${100 + index}`);
    plane.due.push([...targets, ...targets].map(trace), [check(GOOD)], [check(OTHER)]);
    agent.start();
    await clock.advance(10_000);
    expect(plane.counted).toHaveLength(2);
    expect(tracer.underWay).toBe(2);
    await clock.advance(20 * 15_000);
    expect(tracer.underWayMax).toBe(2);
    expect(tracer.asked.map(({ address }) => address.text)).toEqual(targets);
    expect(tracesOf(plane.counted)).toHaveLength(20);
  });

  test("beyond a hundred in line is left out", async () => {
    const { agent, clock, plane, tracer } = simulateTracing(1_000);
    plane.due.push(Array.from({ length: 150 }, (_, index) => trace(`198.51.100.${index + 1}`)));
    agent.start();
    await clock.advance(100_000);
    expect(tracer.asked).toHaveLength(100);
  });

  test("that takes for ever is given up, and makes room", async () => {
    const { agent, clock, plane, tracer } = simulateTracing(3_600_000);
    plane.due.push([trace(GOOD), trace(OTHER), trace("192.0.2.3")]);
    agent.start();
    await clock.advance(119_000);
    expect(tracer.asked).toHaveLength(2);
    await clock.advance(2_000);
    expect(tracer.asked).toHaveLength(3);
    expect(plane.counted).toEqual([]);
  });

  test("to a private address is refused on the control plane's word alone, and says so", async () => {
    const { agent, clock, plane, tracer } = simulateTracing(1_000, { allowPrivateTargets: false });
    plane.due.push([trace(GOOD)]);
    agent.start();
    await clock.advance(5_000);
    expect(tracer.asked).toEqual([]);
    expect(plane.counted).toMatchObject([
      { traceroute: { reason: "address_refused", hops: [], reached: false } },
    ]);
  });

  test("where the host cannot make any says so", async () => {
    const { agent, clock, plane } = simulate();
    plane.config = CONFIG;
    plane.due.push([trace(GOOD)]);
    agent.start();
    await clock.advance(5_000);
    expect(plane.counted).toMatchObject([{ traceroute: { reason: "traceroute_unsupported" } }]);
  });
});

test("a stop ends traceroutes at once, those in line too, and tells nothing of them", async () => {
  const { agent, clock, nowMs, plane, tracer } = simulateTracing(30_000);
  plane.due.push(Array.from({ length: 10 }, (_, index) => trace(`192.0.2.${100 + index}`)));
  agent.start();
  await clock.advance(5_000);
  const startedMs = nowMs();
  await clock.advanceUntil(Promise.resolve(agent[Symbol.asyncDispose]()));
  expect(nowMs() - startedMs).toBeLessThan(1_000);
  expect(tracer).toMatchObject({ underWay: 0, asked: [{}, {}] });
  expect(plane.received).toEqual([]);
  await clock.advance(2_000);
  expect(clock.timersPending()).toBe(0);
});

describe("a control plane of the NTP Pool", () => {
  const PUBLIC = "8.8.4.4";

  test("gets no traceroute, even if it asks for one; its checks it gets", async () => {
    const { agent, addServer, clock, plane, tracer } = simulateTracing(1_000);
    addServer(PUBLIC);
    plane.config = { samples: 1 };
    plane.versionMax = 4;
    plane.due.push([trace(PUBLIC), check(PUBLIC)]);
    agent.start();
    await clock.advance(30_000);
    expect(tracer.asked).toEqual([]);
    expect(plane.counted).toMatchObject([{ noResponse: false }]);
  });

  test("that takes the place of ours is not given what was traced for ours", async () => {
    const { agent, clock, counted, plane } = simulateTracing(20_000);
    plane.due.push([trace(PUBLIC)]);
    agent.start();
    await clock.advance(5_000);
    plane.config = { samples: 1 };
    plane.versionMax = 4;
    await clock.advance(120_000);
    expect(plane.counted).toEqual([]);
    expect(plane.received.every(({ version }) => version === 5)).toBe(true);
    expect(counted.lost).toEqual(["unsupported_version"]);
  });
});
