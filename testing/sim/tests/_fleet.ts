// A fleet in one process: monitors that check every server once an interval over the virtual network, their scores, and
// the verdicts that follow. One seed decides all of it.

import { type Random, sleep, type UnixNs, unsafelyDeterministicRandom } from "@truechimer/base";
import type { CheckResult } from "@truechimer/ntp";
import {
  nextScore,
  scoreStep,
  VERDICT_POLICY_POOL,
  type Verdict,
  type VerdictPolicy,
  verdictOf,
  type Witness,
} from "@truechimer/scoring";
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
  type VirtualServerOptions,
} from "@truechimer/testing-sim";

export interface FleetOptions {
  readonly seed: number;
  readonly startNs?: UnixNs;
  readonly monitors: number;
  readonly servers: readonly FleetServerOptions[];
  readonly quality?: Partial<PathQuality>;
  readonly intervalMs?: number;
  readonly policy?: VerdictPolicy;
}

export interface FleetServerOptions {
  readonly host: string;
  readonly offsetNs?: bigint;
  readonly driftNsPerSecond?: bigint;
  readonly distort?: VirtualServerOptions["distort"];
}

/** One check as it happened, beside the truth. */
export interface CheckRecord {
  readonly server: string;
  readonly monitor: string;
  readonly result: CheckResult;
  /** Server's clock minus monitor's clock at the end of the check. */
  readonly trueOffsetNs: bigint;
}

export interface VerdictRecord extends Verdict {
  readonly server: string;
  readonly atMs: number;
}

export interface Fleet {
  readonly clock: VirtualClock;
  readonly network: VirtualNetwork;
  /** By name: "monitor-1" and on. */
  readonly monitorClocks: ReadonlyMap<string, HostClock>;
  readonly checks: readonly CheckRecord[];
  /** A verdict on each server after each round, oldest first. */
  readonly verdicts: readonly VerdictRecord[];
  /** Scores by server, one a monitor. */
  scores(server: string): readonly number[];
  /** Lets every monitor check every server so many times. */
  run(rounds: number): Promise<void>;
}

const INTERVAL_MS_DEFAULT = 64_000;

interface Pair {
  readonly monitor: string;
  readonly probe: VirtualProbe;
  readonly monitorClock: HostClock;
  readonly server: string;
  readonly serverClock: HostClock;
  readonly firstDelayMs: number;
  witness: Witness;
  score: number;
}

export function createFleet(options: FleetOptions): Fleet {
  const {
    seed,
    quality = {},
    intervalMs = INTERVAL_MS_DEFAULT,
    policy = VERDICT_POLICY_POOL,
  } = options;
  const random = unsafelyDeterministicRandom(seed);
  const clock = createVirtualClock(
    options.startNs === undefined ? {} : { startNs: options.startNs },
  );
  const network = createVirtualNetwork({ clock, random, quality });
  const monitorClocks = new Map<string, HostClock>();
  const checks: CheckRecord[] = [];
  const verdicts: VerdictRecord[] = [];
  const pairs = createPairs({ options, clock, network, random, monitorClocks, intervalMs });

  const checkOnce = async (pair: Pair): Promise<void> => {
    await sleep(clock, pair.firstDelayMs);
    const result = await pair.probe.check(pair.server);
    const trueOffsetNs = pair.serverClock.offsetNs() - pair.monitorClock.offsetNs();
    checks.push({ server: pair.server, monitor: pair.monitor, result, trueOffsetNs });
    take(pair, result, clock.nowNs());
  };

  const judgeAll = (): void => {
    const nowNs = clock.nowNs();
    for (const [server, ofServer] of Map.groupBy(pairs, (pair) => pair.server)) {
      const witnesses = ofServer.map(({ witness }) => witness);
      const atMs = Number(clock.monotonicNs() / 1_000_000n);
      verdicts.push({ server, atMs, ...verdictOf({ nowNs, witnesses, policy }) });
    }
  };

  return {
    clock,
    network,
    monitorClocks,
    checks,
    verdicts,
    scores: (server) => pairs.filter((pair) => pair.server === server).map(({ score }) => score),
    run: async (rounds) => {
      for (let round = 0; round < rounds; round += 1) {
        const checked = Promise.all(pairs.map(checkOnce));
        await clock.advance(intervalMs);
        await checked;
        judgeAll();
      }
    },
  };
}

interface PairsInput {
  readonly options: FleetOptions;
  readonly clock: VirtualClock;
  readonly network: VirtualNetwork;
  readonly random: Random;
  readonly monitorClocks: Map<string, HostClock>;
  readonly intervalMs: number;
}

function createPairs({
  options,
  clock,
  network,
  random,
  monitorClocks,
  intervalMs,
}: PairsInput): Pair[] {
  const servers = options.servers.map(({ host, distort, ...clockOptions }) => {
    const serverClock = createHostClock({ base: clock, ...clockOptions });
    createVirtualServer({ network, host, clock: serverClock, ...(distort && { distort }) });
    return { host, serverClock };
  });
  return Array.from({ length: options.monitors }, (_, index) => {
    const monitor = `monitor-${index + 1}`;
    const monitorClock = createHostClock({ base: clock });
    monitorClocks.set(monitor, monitorClock);
    const probe = createVirtualProbe({ network, random, clock: monitorClock, host: monitor });
    return servers.map(({ host, serverClock }) => ({
      monitor,
      probe,
      monitorClock,
      server: host,
      serverClock,
      // Checks take at most 13 s: three timeouts and two gaps.
      firstDelayMs: random.fraction() * (intervalMs - 14_000),
      witness: {
        monitorId: monitor,
        checkedAtNs: undefined,
        reason: undefined,
        answer: undefined,
        watchingSinceNs: clock.nowNs(),
        intervalNs: BigInt(intervalMs) * 1_000_000n,
      },
      score: 0,
    }));
  }).flat();
}

/** What the control plane does with a result. */
function take(pair: Pair, { outcome }: CheckResult, atNs: UnixNs): void {
  const step = scoreStep(outcome);
  pair.score = nextScore(pair.score, step);
  if (!step.counts) return;
  const { reason, offsetNs, boundNs } = outcome;
  const isGood = reason === undefined && offsetNs !== undefined && boundNs !== undefined;
  pair.witness = {
    ...pair.witness,
    checkedAtNs: atNs,
    reason,
    answer: isGood ? { atNs, offsetNs, boundNs } : pair.witness.answer,
  };
}
