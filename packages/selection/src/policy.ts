// What an operator may decide about selection, as data: a fleet's policy, with differences for single servers. `pool` has
// every limit; `private` has none by network or account, because there all monitors may well stand on one desk.

/** Prefix lengths in bits. */
export interface PrefixBits {
  readonly v4: number;
  readonly v6: number;
}

/** What makes one monitor's measurement better than another's. */
export type QualityPolicy =
  /** The NTP Pool's: round trip in ms times (1 + 2 × (1 - mean step)); lower is better. */
  | { readonly kind: "priority" }
  /** What the measurement is worth: loss, disagreement, and delay as a bound of the error. */
  | { readonly kind: "information" };

/** How much a further monitor of a group adds, in points of quality: the n-th adds (√n - √(n-1)) times this. */
export interface DiversityPolicy {
  readonly country: number;
  readonly network: number;
  readonly delayBand: number;
}

/** Every limit and weight of a review. */
export interface SelectionPolicy {
  readonly name: string;
  /** Active monitors of a server. */
  readonly activeTarget: number;
  /** Testing ones when the active are complete; each missing active adds one. */
  readonly testingTarget: number;
  /** Testing monitors that may become active at once, at least (as far as there are any). */
  readonly promotableMin: number;
  /** Below this number of active (testing) monitors an unhealthy one is better than none. */
  readonly activeFloor: number;
  readonly testingFloor: number;
  /** Monitor and server may not be in one such network. Null: no limit. */
  readonly sameSubnetBits: PrefixBits | null;
  /** Monitor and server may not be of one account. */
  readonly sameAccountForbidden: boolean;
  /** True: when nothing else is left, a server's own account and network may watch it. */
  readonly sameOwnerInEmergency: boolean;
  /** At most one working monitor in such a network. Null: no limit. */
  readonly diversityBits: PrefixBits | null;
  /** Active monitors of one account (X); testing, and both together, X + 1. Null: no limit. */
  readonly accountLimit: number | null;
  /** Results of a candidate before it is tested, and of a testing one before it is active. */
  readonly testingGate: number;
  readonly activeGate: number;
  /** Below this number of usable active monitors the gates give way, then the network rule, then the account rule. */
  readonly relaxBelow: {
    readonly dataGate: number;
    readonly networkDiversity: number;
    readonly accountLimit: number;
  };
  /** A candidate may become active without being tested. */
  readonly directPromotion: boolean;
  /** Changes of one kind in a review: to active, to testing, removals. Null: no limit. */
  readonly budget: number | null;
  /** The same while fewer than `shortageBelow` active monitors are usable. */
  readonly shortageBudget: number | null;
  readonly shortageBelow: number;
  readonly quality: QualityPolicy;
  readonly diversity: DiversityPolicy;
  /** How much better a newcomer must be: both, points and share of the incumbent's cost. */
  readonly hysteresisPoints: number;
  readonly hysteresisShare: number;
  /** An active monitor stays so long unless it cannot be used. */
  readonly activeDwellMs: number;
  /** Who was demoted comes back after this time only, unless it is needed. */
  readonly returnDwellMs: number;
  /** Points against a return after one reversal; twice as many after each further one. */
  readonly flapPenalty: number;
  /** Points against a newcomer for each server that it is active for. */
  readonly loadPenalty: number;
  /** Points against a newcomer whose account has the whole fleet; of a share in proportion. */
  readonly accountSharePenalty: number;
  /** A paused assignment is looked at again after this time. */
  readonly recheckMs: number;
}

/** What a policy file may change. */
export type SelectionPolicyChange = Partial<SelectionPolicy>;

const HOUR_MS = 3_600_000;

/** The NTP Pool's limits, with the objective of this package. */
export const POOL_SELECTION: SelectionPolicy = {
  name: "pool",
  activeTarget: 7,
  testingTarget: 5,
  promotableMin: 4,
  activeFloor: 5,
  testingFloor: 3,
  sameSubnetBits: { v4: 24, v6: 48 },
  sameAccountForbidden: true,
  sameOwnerInEmergency: false,
  diversityBits: { v4: 20, v6: 44 },
  accountLimit: 2,
  testingGate: 9,
  activeGate: 32,
  relaxBelow: { dataGate: 5, networkDiversity: 1, accountLimit: 1 },
  directPromotion: false,
  budget: 2,
  shortageBudget: 4,
  shortageBelow: 5,
  quality: { kind: "information" },
  // The first monitor of a country or network goes before any difference in quality among healthy ones.
  diversity: { country: 10_000, network: 10_000, delayBand: 5 },
  // The NTP Pool's is 5 and 5 %; noise of 5 % then moves eight monitors a day.
  hysteresisPoints: 5,
  hysteresisShare: 0.25,
  activeDwellMs: 6 * HOUR_MS,
  returnDwellMs: 24 * HOUR_MS,
  flapPenalty: 10,
  loadPenalty: 0.01,
  accountSharePenalty: 20,
  recheckMs: 8 * HOUR_MS,
};

/** One's own monitors for one's own servers: no limit by network or account, and no waiting. */
export const PRIVATE_SELECTION: SelectionPolicy = {
  ...POOL_SELECTION,
  name: "private",
  // Whoever is not active watches all the same.
  testingTarget: 1_000,
  promotableMin: 0,
  sameSubnetBits: null,
  sameAccountForbidden: false,
  diversityBits: null,
  accountLimit: null,
  testingGate: 0,
  activeGate: 0,
  directPromotion: true,
  budget: null,
  shortageBudget: null,
  loadPenalty: 0,
  accountSharePenalty: 0,
};

/** Only the NTP Pool's priority counts, and a change costs nothing: for comparison. */
export const PURE_PRIORITY_SELECTION: SelectionPolicy = {
  ...POOL_SELECTION,
  name: "pure_priority",
  quality: { kind: "priority" },
  diversity: { country: 0, network: 0, delayBand: 0 },
  hysteresisPoints: 0,
  hysteresisShare: 0,
  activeDwellMs: 0,
  returnDwellMs: 0,
  flapPenalty: 0,
  loadPenalty: 0,
  accountSharePenalty: 0,
};

/** The policies by name. */
export const SELECTION_POLICIES: ReadonlyMap<string, SelectionPolicy> = new Map(
  [POOL_SELECTION, PRIVATE_SELECTION, PURE_PRIORITY_SELECTION].map((policy) => [
    policy.name,
    policy,
  ]),
);
