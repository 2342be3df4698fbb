// A world in which an agent can die and be started again: the clock, the network, the servers, the control plane and
// the disk outlive it.

import { type Agent, type AgentOptions, createAgent } from "@truechimer/agent";
import { type Clock, unsafelyDeterministicRandom } from "@truechimer/base";
import { silentLogger } from "@truechimer/telemetry";
import {
  createHostClock,
  createVirtualClock,
  createVirtualNetwork,
  createVirtualServer,
  type PathQuality,
  type VirtualClock,
} from "@truechimer/testing-sim";
import {
  createLeasedControlPlane,
  type LeasedControlPlane,
  type LeasedOptions,
} from "./_leased-control-plane.ts";
import { createVirtualDisk, type VirtualDisk } from "./_memory-files.ts";
import { countingMetrics, ip, type SentRequest, virtualSocket } from "./_simulated-agent.ts";

export interface AgentWorld {
  readonly clock: VirtualClock;
  readonly plane: LeasedControlPlane;
  readonly disk: VirtualDisk;
  readonly sent: readonly SentRequest[];
  readonly lost: readonly string[];
  /** A process of its own. */
  start(options?: Partial<AgentOptions>): AgentProcess;
  readonly nowMs: () => number;
}

export interface AgentProcess {
  readonly agent: Agent;
  /** At once, in whatever it is doing. */
  kill(): void;
  /** In order. */
  stop(): Promise<void>;
}

export interface AgentWorldOptions extends Omit<LeasedOptions, "clock"> {
  readonly silent?: readonly string[];
  readonly quality?: Partial<PathQuality>;
  readonly seed?: number;
}

export const MONITOR_V4 = "203.0.113.9";
export const MONITOR_V6 = "2001:db8::9";

export function createAgentWorld(options: AgentWorldOptions): AgentWorld {
  const { silent = [], quality = {}, seed = 1, ...planeOptions } = options;
  const clock = createVirtualClock();
  const random = unsafelyDeterministicRandom(seed);
  const network = createVirtualNetwork({ clock, random, quality });
  const plane = createLeasedControlPlane({ ...planeOptions, clock });
  const disk = createVirtualDisk(clock);
  const sent: SentRequest[] = [];
  const counted = { accepted: 0, lost: [] as string[], inFlightMax: 0 };
  const startNs = clock.monotonicNs();
  const nowMs = (): number => Number(clock.monotonicNs() - startNs) / 1e6;
  for (const server of options.servers) {
    if (silent.includes(server)) continue;
    createVirtualServer({ network, host: server, clock: createHostClock({ base: clock }) });
  }

  const start = (agentOptions: Partial<AgentOptions> = {}): AgentProcess => {
    let isAlive = true;
    const own = mortalClock(clock, () => isAlive);
    const never = new Promise<never>(() => {});
    const agent = createAgent({
      apiUrl: "http://control-plane.invalid",
      monitors: [{ address: ip(MONITOR_V4), token: "tcm_secret" }],
      probeSocket: virtualSocket({ clock: own, network, random, sent, nowMs }),
      clock: own,
      random,
      logger: silentLogger,
      version: "0.1.0",
      metrics: countingMetrics(counted),
      createTransport: (interceptors) =>
        plane.createTransport([
          ...interceptors,
          (next) => async (request) => {
            if (!isAlive) return await never;
            const answer = await next(request);
            return isAlive ? answer : await never;
          },
        ]),
      queueFiles: disk.open(() => isAlive),
      allowPrivateTargets: true,
      ...agentOptions,
    });
    agent.start();
    return {
      agent,
      kill: () => {
        isAlive = false;
      },
      stop: () => clock.advanceUntil(Promise.resolve(agent[Symbol.asyncDispose]())),
    };
  };
  return { clock, plane, disk, sent, lost: counted.lost, start, nowMs };
}

/** Its timers do nothing once its process is gone. */
export function mortalClock(clock: Clock, isAlive: () => boolean): Clock {
  return {
    nowNs: () => clock.nowNs(),
    monotonicNs: () => clock.monotonicNs(),
    setTimer: (delayMs, callback) =>
      clock.setTimer(delayMs, () => {
        if (isAlive()) callback();
      }),
  };
}

/** The longest time between two counted results of a server. */
export function longestGapMs(plane: LeasedControlPlane, server: string): number {
  const times = plane.counted
    .filter((result) => result.server === server)
    .map(({ atMs }) => atMs)
    .toSorted((a, b) => a - b);
  return Math.max(...times.slice(1).map((time, index) => time - (times[index] ?? 0)));
}
