// Whether the clock of the host that watches is the likelier liar: one host's monitors hold several servers to be wrong,
// none to be right, and the servers agree with each other.

import { adminV1 } from "@truechimer/api";

/** Fewer could be wrong together by chance, or by a common source. */
const SERVERS_MIN = 3;

export interface Watchers {
  readonly monitors: readonly adminV1.Monitor[];
  /** Servers within this of each other agree, the bounds apart. */
  readonly offsetLimitNs: bigint;
}

export interface Suspicion {
  readonly host: string;
  /** How many servers agree against it. */
  readonly servers: number;
  /** The middle one; positive: the servers are ahead of the host. */
  readonly offsetNs: bigint;
}

/** `watched`: the lab's servers and monitors are left out, they keep a time of their own. */
export function suspectedHost(
  watched: readonly adminV1.Server[],
  { monitors, offsetLimitNs }: Watchers,
): Suspicion | undefined {
  const host = onlyHost(monitors);
  const real = watched.filter(({ lab }) => !lab);
  const liars = real.filter(({ verdict }) => verdict === adminV1.Verdict.FALSETICKER);
  const honest = real.some(({ verdict }) => verdict === adminV1.Verdict.TRUECHIMER);
  if (host === undefined || honest || liars.length < SERVERS_MIN) return undefined;
  const offsets = liars.flatMap(({ offset }) => offset ?? []);
  if (offsets.length < liars.length || !allAgree(offsets, offsetLimitNs)) return undefined;
  const sorted = offsets.map(({ valueNs }) => valueNs).toSorted((a, b) => (a < b ? -1 : 1));
  const offsetNs = sorted[Math.floor(sorted.length / 2)] ?? 0n;
  return { host, servers: liars.length, offsetNs };
}

const WATCHING: ReadonlySet<adminV1.MonitorStatus> = new Set([
  adminV1.MonitorStatus.TESTING,
  adminV1.MonitorStatus.ACTIVE,
]);

/** A host has a monitor in each IP family, of the same name. */
function onlyHost(monitors: readonly adminV1.Monitor[]): string | undefined {
  const names = new Set(
    monitors.filter(({ lab, status }) => !lab && WATCHING.has(status)).map(({ name }) => name),
  );
  return names.size === 1 ? [...names][0] : undefined;
}

function allAgree(offsets: readonly adminV1.Offset[], limitNs: bigint): boolean {
  const lower = offsets.map(({ valueNs, boundNs = 0n }) => valueNs - boundNs);
  const upper = offsets.map(({ valueNs, boundNs = 0n }) => valueNs + boundNs);
  const highestLower = lower.reduce((a, b) => (a > b ? a : b));
  const lowestUpper = upper.reduce((a, b) => (a < b ? a : b));
  return highestLower - lowestUpper <= limitNs;
}
