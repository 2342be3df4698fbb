import { type IpAddress, ok, parseIpAddress, refused } from "@truechimer/base";
import { silentLogger } from "@truechimer/telemetry";
import { createVirtualClock, type VirtualClock } from "@truechimer/testing-sim";
import type { Tracer } from "@truechimer/udp";
import { beforeEach, describe, expect, test } from "vitest";
import { silentAgentMetrics } from "../agent-metrics.ts";
import { createConfigHolder } from "../config-holder.ts";
import type { MonitorConfig } from "../monitor-config.ts";
import type { MonitorContext } from "../monitor-context.ts";
import { createServerPace } from "../server-pace.ts";
import { createSlots } from "../slots.ts";
import { createWorkGate } from "../work-gate.ts";
import { createRequestRunner, type RequestRunner } from "./carry-out-requests.ts";
import type { OnDemandOutcome, OnDemandRequest } from "./on-demand-transport.ts";

const NAT_V4 = ip("10.1.2.3");
const config: MonitorConfig = {
  samples: 3,
  sampleIntervalMs: 2_000,
  sampleTimeoutMs: 3_000,
  idlePollIntervalMs: undefined,
  privateTargetsAllowed: false,
  baseChecks: [],
  address: undefined,
  natAddress: undefined,
  broker: undefined,
  otlpLogLevel: undefined,
  peerIsTruechimer: true,
};

function ip(text: string): IpAddress {
  const address = parseIpAddress(text);
  if (!address.ok) throw new Error(address.error);
  return address.value;
}

interface Sent {
  readonly to: string;
  readonly from: string | undefined;
}

/** A socket that never answers; it remembers what was sent. */
function silentMonitor(
  clock: VirtualClock,
  { address, sent, natAddress }: { address: string; sent: Sent[]; natAddress?: IpAddress },
): MonitorContext {
  const holder = createConfigHolder();
  holder.set({ ...config, natAddress });
  const never = new AbortController().signal;
  const gate = createWorkGate({ status: "active", signals: { stopping: never, probing: never } });
  return {
    address: ip(address),
    config: holder,
    gate,
    clock,
    pace: createServerPace(clock),
    checkSlots: createSlots(100),
    metrics: silentAgentMetrics,
    localAddress: undefined,
    socket: {
      exchange: (
        order: { readonly address: IpAddress; readonly localAddress?: IpAddress },
        signal: AbortSignal,
      ) => {
        sent.push({ to: order.address.text, from: order.localAddress?.text });
        return new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
        });
      },
    },
  } as unknown as MonitorContext;
}

let clock: VirtualClock;
let answers: { readonly id: string; readonly outcome: OnDemandOutcome }[];
let sent: Sent[];
let monitors: MonitorContext[];
let runner: RequestRunner;
const stop = new AbortController();

beforeEach(() => {
  clock = createVirtualClock();
  answers = [];
  sent = [];
  monitors = [
    silentMonitor(clock, { address: "192.0.2.1", sent, natAddress: NAT_V4 }),
    silentMonitor(clock, { address: "2001:db8::1", sent }),
  ];
  runner = createRequestRunner({
    clock,
    logger: silentLogger,
    monitors: () => monitors,
    tracer: undefined,
    signal: stop.signal,
  });
});

function request(id: string, target: string, more: Partial<OnDemandRequest> = {}): OnDemandRequest {
  return {
    id,
    kind: "check",
    monitorAddress: undefined,
    expiresAtNs: undefined,
    target: ok({ address: ip(target), port: 123 }),
    answer: (outcome) => {
      answers.push({ id, outcome });
      return Promise.resolve();
    },
    ...more,
  };
}

const texts = (): readonly string[] =>
  answers.map(({ outcome }) => (outcome.kind === "refused" ? outcome.text : outcome.kind));

describe("requests", () => {
  test("a family is asked with its own configuration", async () => {
    runner.take(request("a", "8.8.8.8"));
    runner.take(request("b", "2600::1"));
    await clock.advance(10);
    expect(sent).toEqual([
      { to: "8.8.8.8", from: NAT_V4.text },
      { to: "2600::1", from: undefined },
    ]);
  });

  test("one that comes again is carried out once; one to another monitor of the agent is another", async () => {
    const other = silentMonitor(clock, { address: "192.0.2.2", sent });
    monitors.push(other);
    const monitorAddress = ip("192.0.2.2");
    runner.take(request("a", "8.8.8.8", { monitorAddress: ip("192.0.2.1") }));
    runner.take(request("a", "8.8.8.8", { monitorAddress: ip("192.0.2.1") }));
    runner.take(request("a", "8.8.8.8", { monitorAddress }));
    await clock.advance(10);
    expect(sent).toHaveLength(2);
  });

  test("one that is not done in its time is answered then, once", async () => {
    runner.take(request("a", "8.8.8.8"));
    await clock.advance(4_900);
    expect(answers).toEqual([]);
    await clock.advance(5_000);
    await runner.settled();
    expect(texts()).toEqual(["it was not done within 5000 ms"]);
    expect(clock.timersPending()).toBe(0);
  });

  test("the time that the control plane gives counts, if it is less", async () => {
    runner.take(request("a", "8.8.8.8", { expiresAtNs: clock.nowNs() + 2_000_000_000n }));
    await clock.advance(1_500);
    await runner.settled();
    expect(texts()).toEqual(["it was not done within 1500 ms"]);
  });

  test.each([
    {
      name: "nonsense",
      more: { target: refused("no address") },
      text: "the request makes no sense: no address",
    },
    {
      name: "an unknown kind",
      more: { kind: "unknown" as const },
      text: "this agent does not know that kind of request",
    },
    {
      name: "a monitor of somebody else",
      more: { monitorAddress: ip("192.0.2.99") },
      text: "no monitor of this agent can answer it",
    },
    {
      name: "one that ended before it came",
      more: { expiresAtNs: 1n },
      text: "it came too late: check the agent's clock",
    },
    {
      name: "a private address",
      more: { target: ok({ address: ip("10.0.0.1"), port: 123 }) },
      text: "not looked at: private address 10.0.0.1",
    },
    {
      name: "a traceroute that the host cannot make",
      more: { kind: "traceroute" as const },
      text: "this agent's host cannot make traceroutes",
    },
  ])("$name is answered at once, and nothing is sent", async ({ more, text }) => {
    runner.take(request("a", "8.8.8.8", more));
    await runner.settled();
    expect([texts(), sent]).toEqual([[text], []]);
  });

  test("more than fifty at once are refused, and none holds up the next", async () => {
    for (let index = 0; index < 60; index += 1) {
      runner.take(request(`r${index}`, `8.8.${index}.8`));
    }
    await clock.advance(10);
    expect([sent.length, texts().length]).toEqual([50, 10]);
    expect(new Set(texts())).toEqual(new Set(["more than 50 requests at once"]));
    await clock.advance(6_000);
    await runner.settled();
    expect(new Set(answers.map(({ id }) => id)).size).toBe(60);
    expect(answers).toHaveLength(60);
  });

  test("an answer whose connection breaks is sent again, three times at most", async () => {
    let attempts = 0;
    const answer = (): Promise<void> => {
      attempts += 1;
      return Promise.reject(new Error("broken"));
    };
    runner.take(request("a", "8.8.8.8", { kind: "unknown", answer }));
    await clock.advance(5_000);
    await runner.settled();
    expect(attempts).toBe(3);
  });

  test("a traceroute is sent from the address that the family has", async () => {
    const asked: unknown[] = [];
    const tracer = {
      traceroute: (order: unknown) => {
        asked.push(order);
        return Promise.resolve({ startedAtNs: 0n, hops: [], reached: true, reason: undefined });
      },
    } as unknown as Tracer;
    const tracing = createRequestRunner({
      clock,
      logger: silentLogger,
      monitors: () => monitors,
      tracer,
      signal: stop.signal,
    });
    tracing.take(request("a", "8.8.8.8", { kind: "traceroute" }));
    await tracing.settled();
    expect(asked).toEqual([{ address: ip("8.8.8.8"), port: 123, localAddress: NAT_V4 }]);
    expect(answers.map(({ outcome }) => outcome.kind)).toEqual(["traceroute"]);
  });
});
