// What an operator may decide, with the defaults of a public pool. `LOCAL_POLICY` is what the
// all-in-one starts with.

import { POOL_SELECTION, PRIVATE_SELECTION, type SelectionPolicy } from "@truechimer/selection";

/** How one class of servers is probed. Milliseconds. */
export interface ProbePolicy {
  /** Between two checks of a server by one active monitor. */
  readonly checkIntervalMs: number;
  /** The same for a testing monitor. */
  readonly testingIntervalMs: number;
  /** The same for candidate and paused assignments, and for servers with a score of -90 or less. */
  readonly slowIntervalMs: number;
  /** Shortest time since the server's last overall score before any monitor is given it again. 0: none. */
  readonly serverIntervalMs: number;
  /** Servers in a batch at most. */
  readonly batchSize: number;
  /** NTP exchanges in a check. */
  readonly samples: number;
  /** Between two samples to one server. */
  readonly sampleIntervalMs: number;
  /** How long a sample waits for its answer. */
  readonly sampleTimeoutMs: number;
  /** When nothing was due, how long an agent waits before it asks again. Absent: the agent backs off, 3 s to 2 min. */
  readonly idlePollIntervalMs?: number;
}

export interface ServerPolicy {
  /** For real servers. The setting `monitors` in the database goes before its intervals and batch size. */
  readonly probe: ProbePolicy;
  /** For the lab's simulated servers. */
  readonly labProbe: ProbePolicy;
  /** Whether servers at private and loopback addresses may be added and probed. The lab's always are. */
  readonly privateTargetsAllowed: boolean;
  /** Whether monitors are asked for the path when requests to a real server begin to be lost or to take another way. */
  readonly tracesAtOnset: boolean;
  /** The verdict's limit on |offset|, nanoseconds. */
  readonly offsetLimitNs: bigint;
  /** Fresh witnesses below which a verdict is `unsure`. */
  readonly witnessesMin: number;
  /** Who watches a server. The setting `selection` in the database changes it. */
  readonly selection: SelectionPolicy;
  /** How long results are kept. */
  readonly retentionMs: number;
  /** How long their packets are kept. */
  readonly evidenceRetentionMs: number;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** The NTP Pool's figures. */
export const POOL_PROBE_POLICY: ProbePolicy = {
  checkIntervalMs: 9 * MINUTE_MS,
  testingIntervalMs: 45 * MINUTE_MS,
  slowIntervalMs: 120 * MINUTE_MS,
  serverIntervalMs: MINUTE_MS,
  batchSize: 10,
  samples: 3,
  sampleIntervalMs: 2 * SECOND_MS,
  sampleTimeoutMs: 3 * SECOND_MS,
};

/** A few real servers watched from one host. */
const LOCAL_PROBE_POLICY: ProbePolicy = {
  checkIntervalMs: MINUTE_MS,
  testingIntervalMs: MINUTE_MS,
  slowIntervalMs: 2 * MINUTE_MS,
  serverIntervalMs: 0,
  batchSize: 50,
  samples: 3,
  sampleIntervalMs: 2 * SECOND_MS,
  sampleTimeoutMs: 3 * SECOND_MS,
  idlePollIntervalMs: 2 * SECOND_MS,
};

/** The lab: simulated clocks on loopback, which nothing can overload. */
const LAB_PROBE_POLICY: ProbePolicy = {
  checkIntervalMs: 6 * SECOND_MS,
  testingIntervalMs: 6 * SECOND_MS,
  slowIntervalMs: 12 * SECOND_MS,
  serverIntervalMs: 0,
  batchSize: 50,
  samples: 3,
  sampleIntervalMs: 300,
  sampleTimeoutMs: SECOND_MS,
  idlePollIntervalMs: 500,
};

export const POOL_POLICY: ServerPolicy = {
  probe: POOL_PROBE_POLICY,
  labProbe: LAB_PROBE_POLICY,
  privateTargetsAllowed: false,
  tracesAtOnset: true,
  offsetLimitNs: 25_000_000n,
  witnessesMin: 3,
  selection: POOL_SELECTION,
  retentionMs: 400 * DAY_MS,
  evidenceRetentionMs: 35 * DAY_MS,
};

/** For `truechimer up`: one witness is enough, the local network may be watched, and all monitors may be in it. */
export const LOCAL_POLICY: ServerPolicy = {
  ...POOL_POLICY,
  probe: LOCAL_PROBE_POLICY,
  privateTargetsAllowed: true,
  witnessesMin: 1,
  selection: PRIVATE_SELECTION,
};

/** At this score or below a server is only looked at now and then. */
export const SLOW_SCORE = -90;
/** Data older than this many intervals are stale. */
export const FRESH_INTERVALS = 3;
