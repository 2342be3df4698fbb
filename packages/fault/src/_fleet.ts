// A small fleet for tests: what each monitor sees of each server, with a little noise that one number replays.

import { unsafelyDeterministicRandom } from "@truechimer/base";
import type { CheckSeen } from "./check-seen.ts";
import { type Finding, judgeChanges, judgeFaults } from "./judge-faults.ts";
import { standingViews, type ViewWindow, viewPairs } from "./pair-view.ts";
import type { MonitorPlace, Pair, ServerPlace } from "./scope.ts";

export const MS = 1e6;
const NOISE_NS = 0.1 * MS;
const MINUTE_MS = 60_000;
const CHECKS = 30;
const RECENT = 3;

export interface Seen {
  readonly monitor: MonitorPlace;
  readonly server: ServerPlace;
  /** Minutes since the beginning; from 27 on it is now. */
  readonly minute: number;
  readonly isNow: boolean;
}

export interface FleetOptions {
  readonly monitors: readonly MonitorPlace[];
  readonly servers: readonly ServerPlace[];
  readonly hops?: (monitor: MonitorPlace, server: ServerPlace) => readonly string[];
  /** What is other than usual in a check. */
  readonly happens?: (
    seen: Seen,
  ) => Partial<CheckSeen> & { readonly addNs?: number; readonly addDelayNs?: number };
}

/** So many monitors, each in a network of its own. */
export function monitors(count: number, of: Partial<MonitorPlace> = {}): MonitorPlace[] {
  return Array.from({ length: count }, (_, number) => ({
    id: `m${number}`,
    network: `AS ${number}`,
    account: `a${number}`,
    country: "",
    ...of,
  }));
}

/** So many servers, each in a prefix of its own. */
export function servers(count: number): ServerPlace[] {
  return Array.from({ length: count }, (_, number) => ({
    id: `s${number}`,
    networks: [`prefix ${number}`],
  }));
}

export function findingsOf(options: FleetOptions): readonly Finding[] {
  const { pairs, checks } = checksOf(options);
  return judgeFaults({ pairs, views: viewPairs(checks, WINDOW) });
}

/** With what shows in the newest of these minutes alone. */
export function freshlyFoundOf(options: FleetOptions): readonly Finding[] {
  return judgeChanges({ ...checksOf(options), window: WINDOW }).findings;
}

/** What has been wrong for as long as anybody has looked. */
export function standingOf(options: FleetOptions): readonly Finding[] {
  const { pairs, checks } = checksOf(options);
  return judgeFaults({ pairs, views: standingViews(checks, WINDOW), isStanding: true });
}

/** The last three minutes are now. */
const WINDOW: ViewWindow = {
  nowMs: (CHECKS - 1) * MINUTE_MS,
  recentMs: RECENT * MINUTE_MS,
  baselineMs: CHECKS * MINUTE_MS,
};

export function checksOf(options: FleetOptions): {
  readonly pairs: readonly Pair[];
  readonly checks: readonly (readonly CheckSeen[])[];
} {
  const random = unsafelyDeterministicRandom(7);
  const pairs: Pair[] = options.servers.flatMap((server) =>
    options.monitors.map((monitor) => ({
      monitor,
      server,
      hops: options.hops?.(monitor, server) ?? [],
    })),
  );
  const checks = pairs.map(({ monitor, server }) =>
    Array.from({ length: CHECKS }, (_, minute): CheckSeen => {
      const isNow = minute >= CHECKS - RECENT;
      const what = options.happens?.({ monitor, server, minute, isNow }) ?? {};
      const noise = (): number => NOISE_NS * (random.fraction() + random.fraction() - 1);
      const { addNs = 0, addDelayNs = 0, ...fields } = what;
      return {
        atMs: minute * MINUTE_MS,
        offsetNs: noise() + addNs,
        delayNs: 20 * MS + noise() + addDelayNs,
        sent: 3,
        received: 3,
        isRateLimited: false,
        isUnfit: false,
        leap: 0,
        ...fields,
      };
    }),
  );
  return { pairs, checks };
}

/** Nothing came back. */
export const LOST: Partial<CheckSeen> = {
  offsetNs: Number.NaN,
  delayNs: Number.NaN,
  received: 0,
  leap: -1,
};

/** Fault, cause and scope of each in the order of the alphabet, as `server clock_step server s0`. */
export function told(findings: readonly Finding[]): readonly string[] {
  const lines = findings.map(({ fault, cause, scope: { kind, from, to } }) =>
    [fault, cause, kind, from, to].filter((part) => part !== "").join(" "),
  );
  return lines.toSorted();
}
