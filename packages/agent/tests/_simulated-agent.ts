// An agent in virtual time: the real agent, a virtual network with servers, and the fake control plane.

import {
  type Agent,
  type AgentMetrics,
  type AgentMonitor,
  type AgentOptions,
  createAgent,
} from "@truechimer/agent";
import {
  AppError,
  type Clock,
  type IpAddress,
  parseIpAddress,
  unsafelyDeterministicRandom,
} from "@truechimer/base";
import type { NtpPacket, Sample } from "@truechimer/ntp";
import { silentLogger } from "@truechimer/telemetry";
import {
  createHostClock,
  createVirtualClock,
  createVirtualNetwork,
  createVirtualProbe,
  createVirtualServer,
  type HostClock,
  type PathQuality,
  type VirtualClock,
  type VirtualNetwork,
  type VirtualProbe,
} from "@truechimer/testing-sim";
import type { ExchangeRequest, ProbeSocket } from "@truechimer/udp";
import { createFakeControlPlane, type FakeControlPlane } from "./_fake-control-plane.ts";

export const MONITOR_ADDRESS = "203.0.113.9";

export interface SentRequest extends ExchangeRequest {
  readonly atMs: number;
  /** When its sample was there. */
  readonly endedAtMs: number;
  readonly reason: Sample["reason"];
}

export interface Counted {
  readonly accepted: number;
  readonly lost: readonly string[];
  readonly inFlightMax: number;
}

export interface Simulation {
  /** Breaks the probe socket for good. */
  readonly breakSocket: () => void;
  readonly clock: VirtualClock;
  readonly hostClock: HostClock;
  readonly network: VirtualNetwork;
  readonly plane: FakeControlPlane;
  readonly agent: Agent;
  /** Each request that was sent, with when and what came of it. */
  readonly sent: readonly SentRequest[];
  readonly counted: Counted;
  readonly addServer: (address: string, options?: ServerOptions) => void;
  readonly nowMs: () => number;
}

export interface ServerOptions {
  readonly offsetMs?: number;
  readonly distort?: (answer: NtpPacket) => NtpPacket | undefined;
}

export interface SimulationOptions extends Partial<Omit<AgentOptions, "monitors">> {
  readonly monitors?: readonly AgentMonitor[];
  readonly quality?: Partial<PathQuality>;
  readonly seed?: number;
}

export function ip(text: string): IpAddress {
  const address = parseIpAddress(text);
  if (!address.ok) throw new AppError("bad_address", address.error);
  return address.value;
}

export function simulate(options: SimulationOptions = {}): Simulation {
  const { quality = {}, seed = 1, ...agentOptions } = options;
  const clock = createVirtualClock();
  const hostClock = createHostClock({ base: clock });
  const random = unsafelyDeterministicRandom(seed);
  const network = createVirtualNetwork({ clock, random, quality });
  const plane = createFakeControlPlane();
  const startNs = clock.monotonicNs();
  const nowMs = (): number => Number(clock.monotonicNs() - startNs) / 1e6;
  const sent: SentRequest[] = [];
  const counted = { accepted: 0, lost: [] as string[], inFlightMax: 0 };
  const probeSocket = virtualSocket({ clock: hostClock, network, random, sent, nowMs });
  const agent = createAgent({
    apiUrl: "http://control-plane.invalid",
    monitors: [{ address: ip(MONITOR_ADDRESS), token: "tcm_secret" }],
    probeSocket,
    clock: hostClock,
    random,
    logger: silentLogger,
    version: "0.1.0",
    metrics: countingMetrics(counted),
    createTransport: plane.createTransport,
    // Documentation addresses are no public ones.
    allowPrivateTargets: true,
    ...agentOptions,
  });
  return {
    clock,
    hostClock,
    network,
    plane,
    agent,
    sent,
    counted,
    nowMs,
    breakSocket: () => {
      probeSocket.failure = new AppError("socket_failed", "the probe thread ended");
    },
    addServer: (address, { offsetMs = 0, distort } = {}) => {
      createVirtualServer({
        network,
        host: address,
        clock: createHostClock({ base: clock, offsetNs: BigInt(Math.round(offsetMs * 1e6)) }),
        ...(distort === undefined ? {} : { distort }),
      });
    },
  };
}

export interface VirtualSocketParts {
  readonly clock: Clock;
  readonly network: VirtualNetwork;
  readonly random: AgentOptions["random"];
  readonly sent: SentRequest[];
  readonly nowMs: () => number;
}

export interface BreakableSocket extends ProbeSocket {
  failure: AppError | undefined;
}

/** Servers listen on port 123 of the virtual network; each source address is a host of its own. */
export function virtualSocket({
  clock,
  network,
  random,
  sent,
  nowMs,
}: VirtualSocketParts): BreakableSocket {
  const probes = new Map<string, VirtualProbe>();
  let inFlight = 0;
  const probeOf = (host: string, timeoutMs: number): VirtualProbe => {
    const known =
      probes.get(host) ?? createVirtualProbe({ network, random, clock, host, timeoutMs });
    probes.set(host, known);
    return known;
  };
  const socket: BreakableSocket = {
    timestampSource: "kernel",
    failure: undefined,
    exchange: async (request, signal) => {
      if (socket.failure !== undefined) throw socket.failure;
      const atMs = nowMs();
      inFlight += 1;
      const { localAddress, timeoutMs } = request;
      const probe = probeOf(localAddress?.text ?? MONITOR_ADDRESS, timeoutMs);
      const aborted = Promise.withResolvers<never>();
      const onAbort = (): void => aborted.reject(new AppError("stopped", "aborted"));
      signal?.addEventListener("abort", onAbort, { once: true });
      try {
        const exchange = probe.exchange(request.address.text, request.session);
        const sample = await Promise.race([exchange, aborted.promise]);
        sent.push({ ...request, atMs, endedAtMs: nowMs(), reason: sample.reason });
        return sample;
      } finally {
        signal?.removeEventListener("abort", onAbort);
        inFlight -= 1;
      }
    },
    counters: () => ({
      sent: sent.length,
      answered: 0,
      timedOut: 0,
      late: 0,
      duplicate: 0,
      spoofed: 0,
      networkErrors: 0,
      inFlight,
    }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return socket;
}

export function countingMetrics(counted: {
  accepted: number;
  lost: string[];
  inFlightMax: number;
}): AgentMetrics {
  return {
    checkEnded: () => {},
    checksInFlight: (count) => {
      counted.inFlightMax = Math.max(counted.inFlightMax, count);
    },
    resultsAccepted: (count) => {
      counted.accepted += count;
    },
    resultsLost: (count, code) => {
      counted.lost.push(...Array.from({ length: count }, () => code));
    },
    callEnded: () => {},
    localClockChecked: () => {},
  };
}
