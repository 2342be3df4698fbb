// Where the assignments of a server should end: the best active monitors, then the best testing ones beside them, with all
// limits held. What can be reached in one review is another question (step.ts).

import type { Choice, ChoiceProblem, OutOfTime } from "./choice-problem.ts";
import { chooseBest } from "./choose-best.ts";
import type { Field, Standing } from "./standing.ts";
import {
  activeValue,
  COUNT_VALUE,
  diversityWeights,
  GATE_VALUE,
  pointsValue,
  testingValue,
} from "./value.ts";

/** A limit that had to give way, and for how many monitors. */
export type SlackKind =
  | "data_gate"
  | "network_diversity"
  | "account_limit"
  | "health"
  | "same_owner";

/** Which limit, and whom it let in. */
export interface Slack {
  readonly kind: SlackKind;
  readonly monitorIds: readonly bigint[];
}

/** The best assignment that the limits allow, whatever it takes to get there. */
export interface Target {
  /** Places in `Field.standings`. Usable ones and, below the floor, incumbents that are better than none. */
  readonly active: ReadonlySet<number>;
  readonly testing: ReadonlySet<number>;
  /** Of `active`: those that the number of usable ones counts. */
  readonly usable: ReadonlySet<number>;
  readonly slack: readonly Slack[];
  /** What could be missing to the best choice, in points, because time ran out. 0: proven best. */
  readonly gapPoints: number;
}

/** Exact, unless time runs out; then it says by how much it may be short. */
export function targetOf(field: Field, outOfTime: OutOfTime): Target {
  const active = activeTarget(field, outOfTime);
  const testing = testingTarget(field, active.places, outOfTime);
  return {
    active: active.places,
    testing: testing.places,
    usable: active.usable,
    slack: active.slack,
    gapPoints: active.gap + testing.gap,
  };
}

interface ActiveTarget {
  readonly places: ReadonlySet<number>;
  readonly usable: ReadonlySet<number>;
  readonly slack: readonly Slack[];
  readonly gap: number;
}

function activeTarget(field: Field, outOfTime: OutOfTime): ActiveTarget {
  const { policy, standings } = field;
  const { relaxBelow } = policy;
  const usable = placesWhere(field, ({ usable: is }) => is);
  const gated = usable.filter((place) => standings[place]?.activeGateMet);
  const slack: Slack[] = [];
  let found = chooseActive(field, { places: gated, outOfTime });
  const note = (kind: SlackKind, places: readonly number[]): void => {
    if (places.length > 0) slack.push({ kind, monitorIds: idsOf(field, places) });
  };
  if (found.places.length < relaxBelow.dataGate && usable.length > gated.length) {
    const withoutGateMax = relaxBelow.dataGate - found.places.length;
    found = chooseActive(field, { places: usable, withoutGateMax, outOfTime });
    note(
      "data_gate",
      found.places.filter((place) => !standings[place]?.activeGateMet),
    );
  }
  for (const kind of ["network_diversity", "account_limit"] as const) {
    const floor =
      kind === "network_diversity" ? relaxBelow.networkDiversity : relaxBelow.accountLimit;
    if (found.places.length >= floor || usable.length <= found.places.length) continue;
    const relaxed = chooseActive(field, {
      places: usable,
      withoutGateMax: floor,
      relaxed: kind,
      capacity: floor,
      outOfTime,
    });
    const kept = new Set(found.places);
    if (relaxed.places.length > found.places.length) {
      found = relaxed;
      note(
        kind,
        relaxed.places.filter((place) => !kept.has(place)),
      );
    }
  }
  const places = new Set(found.places);
  const usablePlaces = new Set(found.places);
  const fill = (candidates: readonly number[], upTo: number): readonly number[] => {
    if (places.size >= upTo) return [];
    const added = chooseActive(field, {
      places: candidates,
      base: [...places],
      capacity: upTo - places.size,
      withoutGateMax: upTo,
      outOfTime,
    });
    for (const place of added.places) places.add(place);
    return added.places;
  };
  // A monitor that cannot be used now is better than an empty place, where it stands already.
  note(
    "health",
    fill(
      placesWhere(
        field,
        ({ facts, role, usable: is }) => facts.status === "active" && role === "eligible" && !is,
      ),
      Math.min(policy.activeFloor, policy.activeTarget),
    ),
  );
  note(
    "health",
    fill(
      placesWhere(field, ({ promotable, fresh }) => promotable && fresh),
      1,
    ),
  );
  note(
    "same_owner",
    fill(
      placesWhere(
        field,
        ({ facts, role, fresh, healthy }) =>
          role === "excluded" &&
          (facts.status === "active" ||
            (policy.sameOwnerInEmergency && facts.globalStatus === "active" && fresh && healthy)),
      ),
      1,
    ),
  );
  return { places, usable: usablePlaces, slack, gap: found.gap };
}

interface ActiveChoice {
  readonly places: readonly number[];
  readonly outOfTime: OutOfTime;
  /** Chosen already. */
  readonly base?: readonly number[];
  readonly capacity?: number;
  /** How many may be without enough data. */
  readonly withoutGateMax?: number;
  readonly relaxed?: "network_diversity" | "account_limit";
}

interface Chosen {
  readonly places: readonly number[];
  readonly gap: number;
}

function chooseActive(field: Field, options: ActiveChoice): Chosen {
  const { places, base = [], withoutGateMax = 0, relaxed, outOfTime } = options;
  const { standings, policy, accountLimits } = field;
  const items = places.map((place) => {
    const standing = standings[place] as Standing;
    return {
      value: COUNT_VALUE + activeValue(standing, field) + (standing.activeGateMet ? GATE_VALUE : 0),
      account: relaxed === "account_limit" ? -1 : standing.account,
      network: relaxed === undefined ? standing.network : -1,
      groups: standing.groups,
      restricted: !standing.activeGateMet,
    };
  });
  const problem: ChoiceProblem = {
    items,
    capacity: options.capacity ?? policy.activeTarget,
    ...roomBeside(field, base, accountLimits),
    gains: diversityWeights(field),
    restrictedMax: withoutGateMax,
  };
  return chosenPlaces(places, chooseBest(problem, outOfTime));
}

function testingTarget(
  field: Field,
  active: ReadonlySet<number>,
  outOfTime: OutOfTime,
): { readonly places: ReadonlySet<number>; readonly gap: number } {
  const { policy } = field;
  const gatesHold = active.size >= policy.relaxBelow.dataGate;
  const isOpen = ({ testingGateMet }: Standing): boolean => testingGateMet || !gatesHold;
  const eligible = placesWhere(
    field,
    (standing, place) => standing.testable && !active.has(place) && isOpen(standing),
  );
  const capacity = policy.testingTarget + policy.activeTarget - active.size;
  const chosen = chooseTesting(field, { places: eligible, active, capacity, outOfTime });
  const places = new Set(chosen.places);
  if (places.size < policy.testingFloor) {
    // A server whose pool is all but empty takes whom it can get, then keeps the unhealthy that it has.
    const others = placesWhere(
      field,
      ({ facts, role, testable }, place) =>
        role === "eligible" &&
        !active.has(place) &&
        !places.has(place) &&
        ((testable && facts.status === "candidate") || facts.status === "testing"),
    );
    const added = chooseTesting(field, {
      places: others,
      active: new Set([...active, ...places]),
      capacity: policy.testingFloor - places.size,
      outOfTime,
    });
    for (const place of added.places) places.add(place);
  }
  return { places, gap: chosen.gap };
}

interface TestingChoice {
  readonly places: readonly number[];
  readonly active: ReadonlySet<number>;
  readonly capacity: number;
  readonly outOfTime: OutOfTime;
}

function chooseTesting(field: Field, options: TestingChoice): Chosen {
  const { places, active, capacity, outOfTime } = options;
  const { standings, policy, accountLimits } = field;
  const base = [...active];
  const common = {
    ...roomBeside(
      field,
      base,
      accountLimits.map((limit) => limit + 1),
    ),
    gains: diversityWeights(field),
  };
  const itemOf = (place: number): ChoiceProblem["items"][number] => {
    const standing = standings[place] as Standing;
    return {
      value: COUNT_VALUE + testingValue(standing, field),
      account: standing.account,
      network: standing.network,
      groups: standing.groups,
      restricted: !standing.promotable,
    };
  };
  const promotable = places.filter((place) => standings[place]?.promotable);
  const others = places.length - promotable.length;
  const needed = Math.min(policy.promotableMin, capacity);
  let available = needed;
  // Only where others could crowd them out does their number matter.
  if (others > capacity - needed) {
    available = chooseBest(
      { ...common, items: promotable.map(itemOf), capacity: needed, gains: [], restrictedMax: 0 },
      outOfTime,
    ).chosen.length;
  }
  const problem = {
    ...common,
    items: places.map(itemOf),
    capacity,
    restrictedMax: capacity - available,
  };
  return chosenPlaces(places, chooseBest(problem, outOfTime));
}

function chosenPlaces(places: readonly number[], choice: Choice): Chosen {
  return {
    places: choice.chosen.map((index) => places[index] as number),
    gap: pointsValue(choice.bound - choice.value),
  };
}

/** What the monitors at `base` leave of the accounts and networks. */
function roomBeside(
  { standings }: Field,
  base: readonly number[],
  limits: readonly number[],
): Pick<ChoiceProblem, "accountRoom" | "isNetworkTaken" | "chosenBefore"> {
  const room = [...limits];
  const takenNetworks = new Set<number>();
  for (const place of base) {
    const { account, network } = standings[place] as Standing;
    if (account >= 0) room[account] = (room[account] as number) - 1;
    if (network >= 0) takenNetworks.add(network);
  }
  return {
    accountRoom: (account) => room[account] as number,
    isNetworkTaken: (network) => takenNetworks.has(network),
    chosenBefore: (grouping, group) =>
      base.filter((place) => standings[place]?.groups[grouping] === group).length,
  };
}

function placesWhere(
  { standings }: Field,
  is: (standing: Standing, place: number) => boolean,
): readonly number[] {
  return standings.flatMap((standing, place) => (is(standing, place) ? [place] : []));
}

function idsOf({ standings }: Field, places: readonly number[]): readonly bigint[] {
  return places.map((place) => (standings[place] as Standing).facts.id);
}
