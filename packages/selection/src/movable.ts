// Who may move in a review: who leaves whatever the budget, who may be removed, who may become active or testing. Worked out
// once, from the assignments as they are and the target.

import type { Field, Standing } from "./standing.ts";
import type { Target } from "./target.ts";

/** Where a monitor goes that leaves the active or the testing ones. */
export type RemovalStatus = "testing" | "candidate" | "paused";

/** Places in `Field.standings`. */
export interface Movable {
  /** Paused or deleted: they leave whatever the budget. */
  readonly forced: readonly number[];
  /** Without the forced ones. */
  readonly active: readonly number[];
  readonly testing: readonly number[];
  readonly removable: readonly number[];
  /** Of the removable: testing ones of the target that may leave for a while, so that one it has active can come. */
  readonly blockers: ReadonlySet<number>;
  /** Testing ones and, where they need not be tested, candidates: the wanted first. */
  readonly promotable: readonly number[];
  /** Candidates that the target has working. */
  readonly arrivals: readonly number[];
  /** Accounts of which all places are taken, while the target has a candidate of them active. */
  readonly fullAccounts: ReadonlySet<number>;
  /** Monitors for which a limit by network or account gave way. */
  readonly exempt: ReadonlySet<number>;
  readonly removalStatus: (place: number) => RemovalStatus;
}

/** Of the assignments as they are. */
export function movableOf(field: Field, target: Target): Movable {
  const isBlocked = (place: number): boolean => at(field, place).role === "blocked";
  const nowActive = placesOf(field, "active");
  const nowTesting = placesOf(field, "testing");
  const candidates = placesOf(field, "candidate");
  const active = nowActive.filter((place) => !isBlocked(place));
  const testing = nowTesting.filter((place) => !isBlocked(place));
  const assigned = { field, target, active, testing };
  const awaited = candidates.filter((place) => target.active.has(place));
  const fullAccounts = fullAmong(assigned, awaited);
  const blockers = blockersOf(assigned, awaited, fullAccounts);
  const successors = successorsOf(assigned, awaited);
  const conflicting = conflictingOf(assigned, successors);
  return {
    forced: [...nowActive, ...nowTesting].filter(isBlocked),
    active,
    testing,
    removable: removableOf(assigned, blockers),
    blockers,
    promotable: [
      ...testing,
      ...directOf(
        assigned,
        field.policy.directPromotion
          ? candidates
          : [...successors.values(), ...standInOf(assigned, nowActive, awaited)],
      ),
    ].filter((place) => at(field, place).usable || target.active.has(place)),
    arrivals: candidates.filter((place) => target.active.has(place) || target.testing.has(place)),
    fullAccounts,
    exempt: exemptOf(field, target),
    removalStatus: (place) => {
      const { facts, role, testable } = at(field, place);
      if (role === "excluded") return "paused";
      // Beside another of its network it could not even be tested.
      if (conflicting.has(place)) return "candidate";
      return facts.status === "active" && testable ? "testing" : "candidate";
    },
  };
}

interface Assigned {
  readonly field: Field;
  readonly target: Target;
  readonly active: readonly number[];
  readonly testing: readonly number[];
}

function at({ standings }: Field, place: number): Standing {
  return standings[place] as Standing;
}

function placesOf({ standings }: Field, status: string): readonly number[] {
  return standings.flatMap(({ facts, role }, place) =>
    facts.status === status && role !== "scorer" ? [place] : [],
  );
}

/** Active monitors and testing ones that the target does without, and the blockers. */
function removableOf(
  { field, target, active, testing }: Assigned,
  blockers: ReadonlySet<number>,
): readonly number[] {
  return [
    ...active.filter((place) => !target.active.has(place)),
    ...testing.filter((place) => !target.active.has(place) && !target.testing.has(place)),
    ...blockers,
  ].filter((place) => at(field, place).role !== "unclear");
}

function fullAmong(
  { field, active, testing }: Assigned,
  awaited: readonly number[],
): ReadonlySet<number> {
  const room = field.accountLimits.map((limit) => limit + 1);
  for (const place of [...active, ...testing]) {
    const { account } = at(field, place);
    if (account >= 0) room[account] = (room[account] as number) - 1;
  }
  const accounts = awaited.map((place) => at(field, place).account);
  return new Set(accounts.filter((account) => account >= 0 && (room[account] as number) <= 0));
}

function blockersOf(
  { field, target, active, testing }: Assigned,
  awaited: readonly number[],
  fullAccounts: ReadonlySet<number>,
): ReadonlySet<number> {
  const { activeTarget, testingTarget } = field.policy;
  const isFull = active.length + testing.length >= activeTarget + testingTarget;
  return new Set(
    testing.filter(
      (place) =>
        target.testing.has(place) &&
        ((isFull && awaited.length > 0) || fullAccounts.has(at(field, place).account)),
    ),
  );
}

/**
 * Of an active monitor: the candidate of its own network that the target has in its place. Two of one network cannot both
 * work, so the better one takes the place without being tested beside the other.
 */
function successorsOf(
  { field, target, active }: Assigned,
  awaited: readonly number[],
): ReadonlyMap<number, number> {
  const networkOf = (place: number): number => at(field, place).network;
  return new Map(
    active.flatMap((place): readonly [number, number][] => {
      const network = networkOf(place);
      if (network < 0 || target.active.has(place)) return [];
      const next = awaited.find((other) => networkOf(other) === network);
      return next === undefined ? [] : [[place, next]];
    }),
  );
}

/**
 * The candidate that becomes active without a test, because every active monitor is leaving and no testing one can follow:
 * a server that was watched does not fall to none while an eligible monitor exists.
 */
function standInOf(
  { field, target, active, testing }: Assigned,
  nowActive: readonly number[],
  awaited: readonly number[],
): readonly number[] {
  if (nowActive.length === 0) return [];
  const stays = active.some((place) => at(field, place).role === "eligible");
  const follows = testing.some((place) => at(field, place).usable || target.active.has(place));
  return stays || follows ? [] : directOf({ field, target, active, testing }, awaited).slice(0, 1);
}

/** Active monitors that another one of their network stands in the way of, here or soon. */
function conflictingOf(
  { field, target, active, testing }: Assigned,
  successors: ReadonlyMap<number, number>,
): ReadonlySet<number> {
  const networkOf = (place: number): number => at(field, place).network;
  const isWanted = (place: number): boolean =>
    target.active.has(place) || target.testing.has(place);
  const held = new Set([...active, ...testing].filter(isWanted).map(networkOf));
  held.delete(-1);
  return new Set(
    active.filter(
      (place) => successors.has(place) || (!isWanted(place) && held.has(networkOf(place))),
    ),
  );
}

/** Where not all have room, whom the target wants comes first. */
function directOf({ field, target }: Assigned, places: readonly number[]): readonly number[] {
  const costOf = (place: number): number => at(field, place).cost;
  return places.toSorted(
    (a, b) =>
      Number(target.active.has(b)) - Number(target.active.has(a)) || costOf(a) - costOf(b) || a - b,
  );
}

function exemptOf({ standings }: Field, { slack }: Target): ReadonlySet<number> {
  const ids = new Set(
    slack.flatMap(({ kind, monitorIds }) =>
      kind === "network_diversity" || kind === "account_limit" ? monitorIds : [],
    ),
  );
  if (ids.size === 0) return new Set();
  return new Set(standings.flatMap(({ facts }, place) => (ids.has(facts.id) ? [place] : [])));
}
