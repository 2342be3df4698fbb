// One review's step towards the target: of all sets of changes that the budgets allow, the one that leaves, in this order,
// the most usable active monitors; a floor of active ones at all; the least of broken limits; and the shortest way to the
// target. Removals are searched by branch and bound; what is promoted beside them is the best choice for each.

import { type Choosable, chooseBest, type OutOfTime } from "./choose-best.ts";
import type { Field, Standing } from "./standing.ts";
import type { Target } from "./target.ts";
import { COUNT_VALUE, testingValue } from "./value.ts";

/** How many changes of each kind a review may make. */
export interface Budget {
  readonly toActive: number;
  readonly toTesting: number;
  readonly removals: number;
}

/** Where a monitor goes that leaves the active or the testing ones. */
export interface Removal {
  readonly place: number;
  readonly to: "testing" | "candidate" | "paused";
}

/** Places that change. */
export interface Step {
  /** Paused or deleted: they leave whatever the budget. */
  readonly forced: readonly number[];
  readonly removed: readonly Removal[];
  readonly toActive: readonly number[];
  readonly toTesting: readonly number[];
  readonly budget: Budget;
  /** False: time ran out, and a better set of changes may exist. */
  readonly proven: boolean;
}

/** How much a broken limit counts. */
const WEIGHTS = { excluded: 8, limit: 4, network: 4, retiring: 2, unfit: 2, size: 1 } as const;
/** Goes before any quality, and after the number. */
const TARGET_VALUE = 1e11;
const PROMOTABLE_VALUE = 1e10;

/** Higher is better, the first difference decides. */
type Score = readonly [
  usable: number,
  working: number,
  violations: number,
  progress: number,
  activeProgress: number,
  cost: number,
];

export function stepTowards(field: Field, target: Target, outOfTime: OutOfTime): Step {
  return new StepSearch(field, target, outOfTime).run();
}

interface Outcome {
  readonly removed: readonly number[];
  readonly toActive: readonly number[];
  readonly toTesting: readonly number[];
  readonly score: Score;
}

class StepSearch {
  readonly #field: Field;
  readonly #target: Target;
  readonly #outOfTime: OutOfTime;
  readonly #forced: readonly number[];
  readonly #active: readonly number[];
  readonly #testing: readonly number[];
  readonly #activeAccounts: ReadonlyMap<number, number>;
  readonly #activeNetworks: ReadonlyMap<number, number>;
  readonly #budget: Budget;
  readonly #removable: readonly number[];
  readonly #promotable: readonly number[];
  readonly #arrivals: readonly number[];
  /** Of an active monitor: the candidate of its own network that the target has in its place. */
  readonly #successors: ReadonlyMap<number, number>;
  /** Active monitors that another one of their network stands in the way of, here or soon. */
  readonly #conflicting: ReadonlySet<number>;
  /** Accounts of which all places are taken, while the target has a candidate of them active. */
  readonly #fullAccounts: ReadonlySet<number>;
  /** Testing monitors of the target that may leave for a while, so that one that the target has active can come. */
  readonly #blockers: ReadonlySet<number>;
  /** Upper bound of what the removal of each removable mends. */
  readonly #mends: readonly number[];
  /** Monitors for which a limit gave way. */
  readonly #exempt: ReadonlySet<bigint>;
  #best: Outcome | undefined;
  #stopped = false;

  constructor(field: Field, target: Target, outOfTime: OutOfTime) {
    this.#field = field;
    this.#target = target;
    this.#outOfTime = outOfTime;
    const working = this.#placesOf("active").concat(this.#placesOf("testing"));
    this.#forced = working.filter((place) => this.#at(place).role === "blocked");
    const forced = new Set(this.#forced);
    this.#active = this.#placesOf("active").filter((place) => !forced.has(place));
    this.#testing = this.#placesOf("testing").filter((place) => !forced.has(place));
    this.#activeAccounts = countsOf(this.#active.map((place) => this.#at(place).account));
    this.#activeNetworks = countsOf(this.#active.map((place) => this.#at(place).network));
    this.#budget = this.#budgetOf();
    this.#exempt = new Set(
      target.slack.flatMap(({ kind, monitorIds }) =>
        kind === "network_diversity" || kind === "account_limit" ? monitorIds : [],
      ),
    );
    const candidates = this.#placesOf("candidate");
    const awaited = candidates.filter((place) => target.active.has(place));
    this.#successors = this.#successorsAmong(awaited);
    this.#conflicting = this.#conflictingActive();
    // Where not all have room, whom the target wants comes first.
    const direct = (
      field.policy.directPromotion ? candidates : [...this.#successors.values()]
    ).toSorted(
      (a, b) =>
        Number(target.active.has(b)) - Number(target.active.has(a)) ||
        this.#at(a).cost - this.#at(b).cost ||
        a - b,
    );
    this.#promotable = [...this.#testing, ...direct].filter(
      (place) => this.#at(place).usable || target.active.has(place),
    );
    this.#arrivals = candidates.filter(
      (place) => target.active.has(place) || target.testing.has(place),
    );
    const room = this.#workingRoom([...this.#active, ...this.#testing]);
    this.#fullAccounts = new Set(
      awaited
        .map((place) => this.#at(place).account)
        .filter((account) => (room[account] ?? 1) <= 0),
    );
    const { activeTarget, testingTarget } = field.policy;
    const isFull = this.#active.length + this.#testing.length >= activeTarget + testingTarget;
    this.#blockers = new Set(
      this.#testing.filter(
        (place) =>
          target.testing.has(place) &&
          ((isFull && awaited.length > 0) || this.#fullAccounts.has(this.#at(place).account)),
      ),
    );
    const counts = this.#violationCounts(this.#active, this.#working([]));
    const removable = [
      ...this.#active.filter((place) => !target.active.has(place)),
      ...this.#testing.filter((place) => !target.active.has(place) && !target.testing.has(place)),
      ...this.#blockers,
    ].filter((place) => this.#at(place).role !== "unclear" && this.#at(place).role !== "scorer");
    const mends = new Map(removable.map((place) => [place, this.#mendsAtMost(place, counts)]));
    const mend = (place: number): number => mends.get(place) ?? 0;
    this.#removable = removable.toSorted(
      (a, b) => mend(b) - mend(a) || this.#at(b).cost - this.#at(a).cost || b - a,
    );
    this.#mends = this.#removable.map(mend);
  }

  run(): Step {
    const { removals } = this.#budget;
    this.#consider(this.#removable.slice(0, removals));
    if (this.#removable.length > 0) this.#consider([]);
    this.#branch([], 0);
    const { removed = [], toActive = [], toTesting = [] } = this.#best ?? {};
    return {
      forced: this.#forced,
      removed: removed.map((place) => ({ place, to: this.#removalStatus(place) })),
      toActive,
      toTesting,
      budget: this.#budget,
      proven: !this.#stopped,
    };
  }

  #removalStatus(place: number): Removal["to"] {
    const { facts, role, testable } = this.#at(place);
    if (role === "excluded") return "paused";
    // Beside another of its network it could not even be tested.
    if (this.#conflicting.has(place)) return "candidate";
    return facts.status === "active" && testable ? "testing" : "candidate";
  }

  /** Two of one network cannot both work, so the better one takes the place without being tested beside the other. */
  #successorsAmong(awaited: readonly number[]): ReadonlyMap<number, number> {
    return new Map(
      this.#active.flatMap((place): readonly [number, number][] => {
        const { network } = this.#at(place);
        if (network < 0 || this.#target.active.has(place)) return [];
        const next = awaited.find((other) => this.#at(other).network === network);
        return next === undefined ? [] : [[place, next]];
      }),
    );
  }

  #conflictingActive(): ReadonlySet<number> {
    const working = [...this.#active, ...this.#testing];
    const held = new Set(
      working
        .filter((place) => this.#target.active.has(place) || this.#target.testing.has(place))
        .map((place) => this.#at(place).network),
    );
    held.delete(-1);
    return new Set(
      this.#active.filter(
        (place) =>
          this.#successors.has(place) ||
          (!this.#target.active.has(place) &&
            !this.#target.testing.has(place) &&
            held.has(this.#at(place).network)),
      ),
    );
  }

  #budgetOf(): Budget {
    const { policy } = this.#field;
    const usable = this.#active.filter((place) => this.#at(place).usable).length;
    const each =
      (usable < policy.shortageBelow ? policy.shortageBudget : policy.budget) ??
      Number.POSITIVE_INFINITY;
    // Whoever was paused is replaced at once.
    const replaced = this.#forced.length;
    return { toActive: each + replaced, toTesting: each + replaced, removals: each };
  }

  #at(place: number): Standing {
    return this.#field.standings[place] as Standing;
  }

  #placesOf(status: string): number[] {
    return this.#field.standings.flatMap(({ facts, role }, place) =>
      facts.status === status && role !== "scorer" ? [place] : [],
    );
  }

  #branch(removed: readonly number[], from: number): void {
    const left = Math.min(this.#budget.removals - removed.length, this.#removable.length - from);
    if (left <= 0 || this.#stopped) return;
    if (this.#best !== undefined && !isAbove(this.#boundOf(removed, from, left), this.#best.score))
      return;
    if (this.#outOfTime()) {
      this.#stopped = true;
      return;
    }
    const next = [...removed, this.#removable[from] as number];
    this.#consider(next);
    this.#branch(next, from + 1);
    this.#branch(removed, from + 1);
  }

  #consider(removed: readonly number[]): void {
    const outcome = this.#outcomeOf(removed);
    if (this.#best === undefined || isAbove(outcome.score, this.#best.score)) this.#best = outcome;
  }

  #outcomeOf(removed: readonly number[]): Outcome {
    const gone = new Set(removed);
    const activeLeft = this.#active.filter((place) => !gone.has(place));
    const working = this.#working(removed);
    const toActive = this.#chooseActive(activeLeft, working);
    const activeAfter = [...activeLeft, ...toActive];
    const toTesting = this.#chooseTesting(working, toActive, activeAfter);
    const usable = activeAfter.filter((place) => this.#at(place).usable).length;
    const eligible = activeAfter.filter((place) => this.#at(place).role === "eligible").length;
    const towards = toActive.filter((place) => this.#target.active.has(place)).length;
    const violations = this.#violationsOf(activeAfter, [...working, ...toTesting]);
    const demoted = removed.filter((place) => this.#at(place).facts.status === "active").length;
    return {
      removed,
      toActive,
      toTesting,
      score: [
        Math.min(this.#target.usable.size, usable),
        Math.min(this.#floor(), eligible),
        -violations,
        this.#removalProgress(removed, towards) + towards + this.#arrivalProgress(toTesting),
        demoted + towards,
        this.#costOf(removed) - this.#costOf(toActive) - this.#costOf(toTesting),
      ],
    };
  }

  /** No set of changes that contains these removals, and `left` of the later ones at most, is above it. */
  #boundOf(removed: readonly number[], from: number, left: number): Score {
    const { toActive, toTesting } = this.#budget;
    const usable = this.#active.filter((place) => this.#at(place).usable).length;
    const towards = this.#promotable.filter((place) => this.#target.active.has(place)).length;
    const gone = new Set(removed);
    const now = this.#violationsOf(
      this.#active.filter((place) => !gone.has(place)),
      this.#working(removed),
    );
    let mended = 0;
    let costs = 0;
    for (let place = from; place < from + left; place += 1) mended += this.#mends[place] ?? 0;
    const later = this.#removable.slice(from);
    for (const cost of later
      .map((place) => this.#costOf([place]))
      .toSorted((a, b) => b - a)
      .slice(0, left)) {
      costs += cost;
    }
    const status = (place: number): boolean => this.#at(place).facts.status === "active";
    const demoted = removed.filter(status).length + Math.min(left, later.filter(status).length);
    const promoted = Math.min(toActive, towards);
    return [
      Math.min(this.#target.usable.size, usable + Math.min(toActive, this.#promotable.length)),
      this.#floor(),
      -Math.max(0, now - mended),
      this.#removalProgress(removed, promoted + left) +
        left +
        promoted +
        this.#arrivalProgress(
          this.#arrivals
            .toSorted((a, b) => this.#arrivalProgress([b]) - this.#arrivalProgress([a]))
            .slice(0, Math.min(toTesting, this.#arrivals.length)),
        ),
      demoted + promoted,
      this.#costOf(removed) + costs,
    ];
  }

  #floor(): number {
    return Math.min(this.#field.policy.activeFloor, this.#target.active.size);
  }

  /**
   * A removal brings the target nearer. Not so that of a monitor that must come back, or of a usable active one whose
   * place is not needed yet: for one that the target has, or by one that it keeps out.
   */
  #removalProgress(removed: readonly number[], towards: number): number {
    let sum = 0;
    const usableNow = this.#active.filter((place) => this.#at(place).usable).length;
    let unneeded = -towards - Math.max(0, usableNow - this.#target.usable.size);
    for (const place of removed) {
      sum += this.#blockers.has(place) ? -1 : 1;
      const { facts, usable, account } = this.#at(place);
      if (facts.status === "active" && usable && !this.#fullAccounts.has(account)) unneeded += 1;
    }
    return sum - 2 * Math.max(0, unneeded);
  }

  #arrivalProgress(places: readonly number[]): number {
    let sum = 0;
    for (const place of places) sum += this.#target.active.has(place) ? 2 : 1;
    return sum;
  }

  #costOf(places: readonly number[]): number {
    let sum = 0;
    for (const place of places) sum += Math.round(this.#at(place).cost * 100);
    return sum;
  }

  /** Active or testing once these are removed; whoever goes from active to testing still works. */
  #working(removed: readonly number[]): readonly number[] {
    const gone = new Set(removed);
    return [...this.#active, ...this.#testing].filter(
      (place) => !gone.has(place) || this.#removalStatus(place) === "testing",
    );
  }

  #chooseActive(activeLeft: readonly number[], working: readonly number[]): readonly number[] {
    const { policy, accountLimits, standings } = this.#field;
    const workingSet = new Set(working);
    const workingNetworks = new Set(working.map((place) => this.#at(place).network));
    const left = new Set(activeLeft);
    const room = this.#workingRoom(working);
    const workingBefore = this.#active.length + this.#testing.length;
    let free = Math.max(policy.activeTarget + policy.testingTarget, workingBefore) - working.length;
    const possible = this.#promotable.filter((place) => {
      const { facts, network, account } = this.#at(place);
      if (left.has(place)) return false;
      if (facts.status === "testing") return workingSet.has(place);
      if (free <= 0 || (network >= 0 && workingNetworks.has(network))) return false;
      if (account >= 0) {
        room[account] = (room[account] ?? 0) - 1;
        if ((room[account] ?? 0) < 0) return false;
      }
      free -= 1;
      return true;
    });
    const chosen: number[] = [];
    const add = (places: readonly number[], most: number): void => {
      const used = [...activeLeft, ...chosen];
      const usableUsed = used.filter((place) => this.#at(place).usable).length;
      const capacity = Math.min(
        most,
        this.#budget.toActive - chosen.length,
        Math.max(
          policy.activeTarget - used.length,
          // Of too many a useless one may make room for one of use: they are no more than before.
          Math.min(this.#active.length - used.length, this.#target.usable.size - usableUsed),
        ),
      );
      if (capacity <= 0 || places.length === 0) return;
      // As many as the limit allows, or as there were before: nothing is made worse.
      const accounts = countsOf(used.map((place) => this.#at(place).account));
      const accountRoom = accountLimits.map(
        (limit, account) =>
          Math.max(limit, this.#activeAccounts.get(account) ?? 0) - (accounts.get(account) ?? 0),
      );
      const networks = countsOf(used.map((place) => this.#at(place).network));
      const takenNetworks = new Set(
        [...networks]
          .filter(([network, count]) => count >= (this.#activeNetworks.get(network) ?? 1))
          .map(([network]) => network),
      );
      const items = places.map((place): Choosable => {
        const { facts, account, network, cost } = this.#at(place);
        const exempt = this.#exempt.has(facts.id);
        return {
          value:
            COUNT_VALUE +
            (this.#target.active.has(place) ? TARGET_VALUE : 0) -
            Math.round(cost * 100),
          account: exempt ? -1 : account,
          network: exempt ? -1 : network,
          groups: [],
          restricted: false,
        };
      });
      const problem = {
        items,
        capacity,
        accountRoom,
        takenNetworks,
        gains: [],
        groupCounts: [],
        restrictedMax: 0,
      };
      for (const index of chooseBest(problem, this.#outOfTime).chosen)
        chosen.push(places[index] as number);
    };
    const usable = possible.filter((place) => standings[place]?.usable);
    add(
      usable.filter((place) => standings[place]?.activeGateMet),
      Number.POSITIVE_INFINITY,
    );
    const ready = [...activeLeft, ...chosen].filter((place) => standings[place]?.usable).length;
    add(
      usable.filter((place) => !standings[place]?.activeGateMet),
      policy.relaxBelow.dataGate - ready,
    );
    // The last resort: whoever the target takes although it is of little use.
    if (activeLeft.length + chosen.length === 0) {
      add(
        possible.filter((place) => !standings[place]?.usable),
        1,
      );
    }
    return chosen;
  }

  #chooseTesting(
    working: readonly number[],
    toActive: readonly number[],
    activeAfter: readonly number[],
  ): readonly number[] {
    const { policy } = this.#field;
    const all = new Set([...working, ...toActive]);
    const room = policy.activeTarget + policy.testingTarget - all.size;
    const capacity = Math.min(this.#budget.toTesting, room);
    const possible = this.#arrivals.filter((place) => !all.has(place));
    if (capacity <= 0 || possible.length === 0) return [];
    const after = new Set(activeAfter);
    const promotable = [...all].filter(
      (place) => !after.has(place) && this.#at(place).promotable,
    ).length;
    const items = possible.map((place): Choosable => {
      const standing = this.#at(place);
      const wanted = this.#target.active.has(place) ? TARGET_VALUE : 0;
      const needed =
        promotable < policy.promotableMin && standing.promotable ? PROMOTABLE_VALUE : 0;
      return {
        value: COUNT_VALUE + wanted + needed + testingValue(standing, this.#field),
        account: standing.account,
        network: standing.network,
        groups: [],
        restricted: false,
      };
    });
    const problem = {
      items,
      capacity,
      accountRoom: this.#workingRoom([...all]),
      takenNetworks: new Set([...all].map((place) => this.#at(place).network)),
      gains: [],
      groupCounts: [],
      restrictedMax: 0,
    };
    return chooseBest(problem, this.#outOfTime).chosen.map((index) => possible[index] as number);
  }

  #workingRoom(working: readonly number[]): number[] {
    const room = this.#field.accountLimits.map((limit) => limit + 1);
    for (const place of working) {
      const { account } = this.#at(place);
      if (account >= 0) room[account] = (room[account] ?? 0) - 1;
    }
    return room;
  }

  #violationCounts(active: readonly number[], working: readonly number[]): Counts {
    return {
      active: countsOf(active.map((place) => this.#at(place).account)),
      working: countsOf(working.map((place) => this.#at(place).account)),
      networks: countsOf(working.map((place) => this.#at(place).network)),
    };
  }

  #violationsOf(active: readonly number[], working: readonly number[]): number {
    const { policy, accountLimits } = this.#field;
    const counts = this.#violationCounts(active, working);
    const over = (count: number, limit: number): number => Math.max(0, count - limit);
    const all = policy.activeTarget + policy.testingTarget;
    let sum = WEIGHTS.size * (over(active.length, policy.activeTarget) + over(working.length, all));
    for (const [account, count] of counts.active) {
      sum += WEIGHTS.limit * over(count, accountLimits[account] ?? 0);
    }
    for (const [account, count] of counts.working) {
      sum += WEIGHTS.limit * over(count, (accountLimits[account] ?? 0) + 1);
    }
    for (const count of counts.networks.values()) sum += WEIGHTS.network * over(count, 1);
    for (const place of working) sum += this.#unfitness(place);
    return sum;
  }

  /** Of a working monitor that the target does without. */
  #unfitness(place: number): number {
    if (this.#target.active.has(place) || this.#target.testing.has(place)) return 0;
    const { role, healthy, fresh } = this.#at(place);
    if (role === "excluded") return WEIGHTS.excluded;
    if (role === "retiring") return WEIGHTS.retiring;
    return healthy && fresh ? 0 : WEIGHTS.unfit;
  }

  #mendsAtMost(place: number, counts: Counts): number {
    const { policy, accountLimits } = this.#field;
    const { account, network, facts } = this.#at(place);
    const leaves = this.#removalStatus(place) !== "testing";
    const limit = account < 0 ? Number.POSITIVE_INFINITY : (accountLimits[account] ?? 0);
    let sum = leaves ? this.#unfitness(place) : 0;
    if (facts.status === "active") {
      if (this.#active.length > policy.activeTarget) sum += WEIGHTS.size;
      if ((counts.active.get(account) ?? 0) > limit) sum += WEIGHTS.limit;
    }
    if (!leaves) return sum;
    if (this.#active.length + this.#testing.length > policy.activeTarget + policy.testingTarget) {
      sum += WEIGHTS.size;
    }
    if ((counts.working.get(account) ?? 0) > limit + 1) sum += WEIGHTS.limit;
    if (network >= 0 && (counts.networks.get(network) ?? 0) > 1) sum += WEIGHTS.network;
    return sum;
  }
}

interface Counts {
  readonly active: ReadonlyMap<number, number>;
  readonly working: ReadonlyMap<number, number>;
  readonly networks: ReadonlyMap<number, number>;
}

/** How often each number comes; those below 0 are none. */
function countsOf(numbers: readonly number[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const number of numbers) if (number >= 0) counts.set(number, (counts.get(number) ?? 0) + 1);
  return counts;
}

function isAbove(score: Score, other: Score): boolean {
  for (const [index, value] of score.entries()) {
    const difference = value - (other[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}
