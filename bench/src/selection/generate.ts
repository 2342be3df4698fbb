// Random servers as the NTP Pool's own selector was measured with them: 12 to 61 monitors, accounts from 3 to n + 2, N
// networks, priorities 1 to 300, a fifth active, a fifth testing. Frozen: only the plans change anything.

import { type Random, unsafelyDeterministicRandom } from "@truechimer/base";
import type { AssignmentStatus, GlobalStatus, MonitorFacts, Snapshot } from "@truechimer/selection";

export interface Configuration {
  readonly name: string;
  /** Networks (/20) that addresses are drawn from. */
  readonly networks: number;
  readonly unhealthyShare: number;
  /** Share of monitors that are testing, pending or paused in the fleet. */
  readonly badGlobalShare: number;
  /** Share of monitors of the server's own account. */
  readonly sameAccountShare: number;
}

export const CONFIGURATIONS: readonly Configuration[] = [
  configuration("all healthy, N=4000", { networks: 4_000 }),
  configuration("all healthy, N=40", { networks: 40 }),
  configuration("10 % unhealthy, N=4000", { networks: 4_000, unhealthyShare: 0.1 }),
  configuration("10 % unhealthy + 10 % bad global + 5 % same account, N=40", {
    networks: 40,
    unhealthyShare: 0.1,
    badGlobalShare: 0.1,
    sameAccountShare: 0.05,
  }),
  configuration("40 % unhealthy, N=4000", { networks: 4_000, unhealthyShare: 0.4 }),
  configuration("60 % globally testing/pending/paused, N=4000", {
    networks: 4_000,
    badGlobalShare: 0.6,
  }),
];

export const SEED = 42;
const SERVER_ACCOUNT = 999n;
const MONITORS_MIN = 12;
const MONITORS_SPAN = 50;
const PRIORITY_MAX = 300;
const ACCOUNTS_MIN = 3;
const BAD_GLOBALS: readonly GlobalStatus[] = ["testing", "pending", "paused"];
const INTERVAL_MS = 540_000;

function configuration(name: string, values: Partial<Configuration>): Configuration {
  return {
    name,
    networks: 4_000,
    unhealthyShare: 0,
    badGlobalShare: 0,
    sameAccountShare: 0,
    ...values,
  };
}

/** The scenario with this number; the same for the same seed. */
export function generateSnapshot(of: Configuration, number: number, nowMs: number): Snapshot {
  const random = unsafelyDeterministicRandom(SEED * 1_000_003 + number);
  const monitors = MONITORS_MIN + whole(random, MONITORS_SPAN);
  const accounts = ACCOUNTS_MIN + whole(random, monitors);
  return {
    server: { id: BigInt(number), accountId: SERVER_ACCOUNT, ip: "198.51.100.1" },
    monitors: Array.from({ length: monitors }, (_, index) =>
      generateMonitor(of, { random, accounts, nowMs, id: BigInt(index + 1) }),
    ),
  };
}

interface MonitorOptions {
  readonly random: Random;
  readonly accounts: number;
  readonly nowMs: number;
  readonly id: bigint;
}

function generateMonitor(of: Configuration, options: MonitorOptions): MonitorFacts {
  const { random, accounts, nowMs, id } = options;
  const isBad = random.fraction() < of.badGlobalShare;
  const own = random.fraction() < of.sameAccountShare;
  const unhealthy = random.fraction() < of.unhealthyShare;
  const network = whole(random, of.networks);
  const drawn = random.fraction();
  const status: AssignmentStatus = drawn < 0.2 ? "active" : drawn < 0.4 ? "testing" : "candidate";
  const priority = 1 + whole(random, PRIORITY_MAX);
  return {
    id,
    type: "monitor",
    globalStatus: isBad ? (BAD_GLOBALS[whole(random, BAD_GLOBALS.length)] ?? "paused") : "active",
    accountId: own ? SERVER_ACCOUNT : BigInt(1 + whole(random, accounts)),
    ip: `10.${network >>> 4}.${(network & 15) << 4}.${1 + (Number(id) % 250)}`,
    country: "",
    network: "",
    status,
    reversals: 0,
    measured: {
      count: 200,
      weight: 200,
      meanStep: unhealthy ? -1 : 1,
      lossShare: 0,
      delayMs: priority,
      lastCheckAtMs: nowMs,
    },
    intervalMs: INTERVAL_MS,
    online: true,
    badEverywhere: false,
    activeServers: 0,
    accountShare: 0,
  };
}

function whole(random: Random, below: number): number {
  return Math.floor(random.fraction() * below);
}
