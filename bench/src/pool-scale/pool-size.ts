// How large a pool is, and how its servers are visited.

import { POOL_PROBE_POLICY, type ProbePolicy } from "@truechimer/server";

export interface PoolSize {
  readonly name: "small" | "full";
  readonly monitors: number;
  readonly servers: number;
  /** Results in the history, over HISTORY_DAYS days. Every monitor has every server assigned. */
  readonly historyRows: number;
  /**
   * Memory of PostgreSQL for pages, a quarter of what the machine has, as is usual. At either size: the same share of the data
   * would be nonsense at the small one.
   */
  readonly sharedBuffers: string;
  readonly probe: ProbePolicy;
}

/** Today and the days before it. */
export const HISTORY_DAYS = 3;
/** Of a server's monitors, as the NTP Pool has them: 7 active, 5 testing, all others candidates. */
export const ACTIVE_MONITORS = 7;
export const TESTING_MONITORS = 5;
/** Of servers that do not answer for so long that their score is at the bottom. */
export const HOPELESS_SHARE = 0.03;

export const POOL_SIZES: readonly PoolSize[] = [
  {
    name: "small",
    monitors: 100,
    servers: 1_000,
    historyRows: 300_000,
    sharedBuffers: "6GB",
    // A hundredth of the assignments would be used up within seconds: at 2,000 calls/s each is wanted every five seconds.
    probe: {
      ...POOL_PROBE_POLICY,
      checkIntervalMs: POOL_PROBE_POLICY.checkIntervalMs / 2_000,
      testingIntervalMs: POOL_PROBE_POLICY.testingIntervalMs / 2_000,
      slowIntervalMs: POOL_PROBE_POLICY.slowIntervalMs / 2_000,
    },
  },
  {
    name: "full",
    monitors: 1_000,
    servers: 10_000,
    historyRows: 30_000_000,
    sharedBuffers: "6GB",
    probe: POOL_PROBE_POLICY,
  },
];

/** Agents that are connected, the first so many: more would make no difference but a longer start. */
export const AGENTS_MAX = 200;

/** By number, from 1. */
export function monitorAddress(monitor: number): string {
  return `198.19.${monitor >> 8}.${monitor & 255}`;
}
