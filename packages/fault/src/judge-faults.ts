// Whose fault what is seen now is: for all servers and monitors at once, because only what a monitor sees of its other
// servers, and what others see of this one, tells them apart.

import { type Channel, type ChannelName, countChannel, shiftChannel } from "./channel.ts";
import type { CheckSeen } from "./check-seen.ts";
import { type Explained, explain } from "./explain.ts";
import type { Fault, FaultCause } from "./fault.ts";
import { FRESH_PARTS, type PairView, type ViewWindow, viewParts } from "./pair-view.ts";
import { median } from "./robust.ts";
import { type Pair, pairAt, type Scope, scopesOf } from "./scope.ts";
import { withoutWander } from "./wander.ts";

/** One symptom of a finding. */
export interface Symptom {
  readonly channel: ChannelName;
  /** Nanoseconds, or a share from 0 to 1. */
  readonly effect: number;
}

/** One thing that is wrong, and whose fault it is. */
export interface Finding {
  readonly fault: Fault;
  readonly cause: FaultCause;
  readonly scope: Scope;
  readonly symptoms: readonly Symptom[];
  /** How surely, in natural units of log likelihood. */
  readonly gain: number;
  /** Those of its pairs that show it, and those with data that do not. */
  readonly shownBy: readonly number[];
  readonly notShownBy: readonly number[];
}

/** Who watches whom, and what they see. */
export interface FaultQuestion {
  readonly pairs: readonly Pair[];
  /** Of each pair, in the same order. */
  readonly views: readonly PairView[];
  /** They are `standingViews`. */
  readonly isStanding?: boolean;
}

/** Less than a factor of e³ between the best explanation and the best one of another fault decides nothing. */
const MARGIN_MIN = 3;
/** A leap second is a second; as much as this next to it counts as one. */
const LEAP_STEP_NS = 1e9;
const LEAP_STEP_TOLERANCE_NS = 1e8;
/**
 * Shifts of fewer times the noise of a single check are nobody's fault, though they are set aside. All monitors' clocks
 * wander by a little.
 */
const SIGMAS_MIN: Readonly<Record<Scope["kind"], number>> = {
  server: 1.2,
  monitor: 3,
  account: 3,
  network: 3,
  servers: 1.5,
  part: 1.5,
  pair: 2,
};
/** All clocks stand a little apart. */
const STANDING_OFFSET_MIN_NS = 1e6;
/** Nearly everything lost is an outage. */
const OUTAGE_SHARE = 0.9;

/** The strongest finding first. `scopes`: those of these pairs, when they are asked about again and again. */
export function judgeFaults(
  question: FaultQuestion,
  scopes: readonly Scope[] = scopesOf(question.pairs),
): readonly Finding[] {
  return mergeFindings(
    faultChannels(question, scopes).flatMap((channel) => findingsIn(channel, question, scopes)),
  );
}

/** Of a single channel. */
function findingsIn(
  channel: Channel,
  question: FaultQuestion,
  scopes: readonly Scope[],
): readonly Finding[] {
  const { views, isStanding = false } = question;
  return explain({
    channel,
    pairs: views.length,
    scopes,
    isPossible: (scope, effect) => isPossible(channel.name, scope, effect, views),
    faultOf: (scope) => faultFrom(channel.name, scope.kind),
  })
    .filter(({ scope, sigmas }) => sigmas >= SIGMAS_MIN[scope.kind])
    .filter(({ effect }) => !isStanding || channel.name !== "offset" || isStandingOffset(effect))
    .map((each) => findingOf(channel.name, each, question));
}

/** What one cause does in several channels is one finding; the strongest first. */
function mergeFindings(found: readonly Finding[]): readonly Finding[] {
  return merged(found).toSorted((a, b) => b.gain - a.gain);
}

function isStandingOffset(effect: number): boolean {
  return Math.abs(effect) >= STANDING_OFFSET_MIN_NS;
}

/** What has been wrong for long, besides what has just changed: of the same cause once. */
export function withStanding(
  changed: readonly Finding[],
  standing: readonly Finding[],
): readonly Finding[] {
  const isTold = (each: Finding): boolean =>
    changed.some((other) => isSameScope(other.scope, each.scope) && sharesChannel(other, each));
  return [...changed, ...standing.filter((each) => !isTold(each))];
}

/** What reaches all of a server, a monitor, or those of one network or account shows in many pairs at once. */
const WHOLE: ReadonlySet<Scope["kind"]> = new Set([
  "server",
  "servers",
  "monitor",
  "account",
  "network",
]);
/** Of a part of the network as many pairs must show it. */
const FRESH_PAIRS_MIN = 6;
/** So surely, in natural units of log likelihood, that few checks of each pair are enough. */
const FRESH_GAIN_MIN = 12;

/** What of all checks has changed. */
export interface ChangeQuestion {
  readonly pairs: readonly Pair[];
  /** Of each pair, in the order of time. */
  readonly checks: readonly (readonly CheckSeen[])[];
  readonly window: ViewWindow;
}

/**
 * What is otherwise now than it was, the newest parts of what counts as now looked at by themselves too. The views are those
 * of all that counts as now.
 */
export function judgeChanges(
  { pairs, checks, window }: ChangeQuestion,
  scopes: readonly Scope[] = scopesOf(pairs),
): { readonly views: readonly PairView[]; readonly findings: readonly Finding[] } {
  const parts = viewParts(checks, window, [1, ...FRESH_PARTS]);
  const [changed = [], ...fresh] = parts.map((views) => judgeFaults({ pairs, views }, scopes));
  return { views: parts[0] as readonly PairView[], findings: fresh.reduce(withFresh, changed) };
}

/**
 * What shows surely in the newest checks alone, before the middle of those that count as now has moved; what is known by
 * more of them already is left as it is, but for what they tell of a piece of it alone.
 */
function withFresh(changed: readonly Finding[], fresh: readonly Finding[]): readonly Finding[] {
  const isSure = (each: Finding): boolean =>
    (WHOLE.has(each.scope.kind) || isWidePart(each)) &&
    each.fault !== "cannot_tell" &&
    each.gain >= FRESH_GAIN_MIN;
  const givesWay = (known: Finding, newer: Finding): boolean =>
    sharesChannel(known, newer) && isWithin(known, newer);
  const isNew = (newer: Finding): boolean =>
    changed.every((known) => givesWay(known, newer) || overlap(known, newer) < OVERLAP_MIN);
  const added = fresh.filter((each) => isSure(each) && isNew(each)).map(withoutDrift);
  return [...changed.filter((known) => !added.some((newer) => givesWay(known, newer))), ...added];
}

/** A piece of what is known to reach further. */
function isWithin(one: Finding, whole: Finding): boolean {
  const pairs = new Set(whole.scope.pairs);
  return (
    one.fault === whole.fault &&
    one.scope.pairs.length < pairs.size &&
    one.scope.pairs.every((pair) => pairs.has(pair))
  );
}

function isWidePart({ scope, shownBy }: Finding): boolean {
  return scope.kind === "part" && shownBy.length >= FRESH_PAIRS_MIN;
}

/** Two checks on either side of a step look like a drift. */
function withoutDrift(finding: Finding): Finding {
  return finding.cause === "clock_drift" ? { ...finding, cause: "clock_step" } : finding;
}

function sharesChannel(one: Finding, other: Finding): boolean {
  return one.symptoms.some(({ channel }) => other.symptoms.some((own) => own.channel === channel));
}

function isSameScope(one: Scope, other: Scope): boolean {
  return one.kind === other.kind && one.from === other.from && one.to === other.to;
}

/** In the order in which they are looked at. */
function faultChannels(
  { views, isStanding = false }: Pick<FaultQuestion, "views" | "isStanding">,
  scopes: readonly Scope[],
): readonly Channel[] {
  const offsets = views.map(({ offset }) => offset);
  return [
    shiftChannel("offset", isStanding ? offsets : withoutWander(offsets, scopes), {
      slack: views.map(({ offsetSlackNs }) => offsetSlackNs),
      isWhole: isStanding,
    }),
    shiftChannel(
      "delay",
      views.map(({ wholeDelay }) => wholeDelay),
    ),
    countChannel(
      "loss",
      views.map(({ loss }) => loss),
    ),
    countChannel(
      "loss",
      views.map(({ lossLately }) => lossLately),
    ),
    countChannel(
      "rate",
      views.map(({ rate }) => rate),
    ),
    countChannel(
      "unfit",
      views.map(({ unfit }) => unfit),
    ),
    countChannel(
      "leap",
      views.map(({ leap }) => leap),
    ),
  ];
}

function isPossible(
  channel: ChannelName,
  scope: Scope,
  effect: number,
  views: readonly PairView[],
): boolean {
  if (channel !== "offset" || faultFrom(channel, scope.kind) !== "path") return true;
  const half = median(
    scope.pairs.map((pair) => (views[pair] as PairView).halfDelayNs).filter((each) => each >= 0),
  );
  return Math.abs(effect) <= half;
}

type From = Readonly<Record<Scope["kind"], Fault>>;

const OF_THE_WAY: From = {
  server: "server",
  monitor: "monitor",
  account: "monitor",
  network: "path",
  servers: "path",
  part: "path",
  pair: "path",
};

/** What an answer says is not changed on the way; whoever says it to some alone may be another. */
const IN_THE_ANSWER: From = {
  server: "server",
  servers: "server",
  monitor: "cannot_tell",
  account: "cannot_tell",
  network: "cannot_tell",
  part: "cannot_tell",
  pair: "cannot_tell",
};

/** The table of expected faults. */
const FAULT_FROM: Readonly<Record<ChannelName, From>> = {
  // Clocks that are off together share a source of time; what a path can do to an offset is set aside before.
  offset: { ...OF_THE_WAY, network: "monitor", servers: "server" },
  delay: OF_THE_WAY,
  loss: OF_THE_WAY,
  // Who alone is asked to come less often comes too often.
  rate: {
    server: "server",
    servers: "server",
    monitor: "monitor",
    account: "monitor",
    network: "monitor",
    part: "monitor",
    pair: "monitor",
  },
  unfit: IN_THE_ANSWER,
  leap: IN_THE_ANSWER,
};

function faultFrom(channel: ChannelName, kind: Scope["kind"]): Fault {
  return FAULT_FROM[channel][kind];
}

function findingOf(
  channel: ChannelName,
  { scope, effect, gain, margin, shownBy, notShownBy }: Explained,
  question: FaultQuestion,
): Finding {
  const sure = margin >= MARGIN_MIN && hasWitnesses(channel, { scope, effect }, question);
  return {
    fault: sure ? faultFrom(channel, scope.kind) : "cannot_tell",
    cause: causeOf(channel, scope, effect, question),
    scope,
    symptoms: [{ channel, effect }],
    gain,
    shownBy,
    notShownBy,
  };
}

/**
 * No server is blamed on the word of one network, but for an offset that no path can have made, by a monitor that has seen
 * another server right since.
 */
function hasWitnesses(
  channel: ChannelName,
  { scope, effect }: Pick<Explained, "scope" | "effect">,
  { pairs, views }: FaultQuestion,
): boolean {
  if (faultFrom(channel, scope.kind) !== "server") return true;
  const networks = new Set(scope.pairs.map((pair) => pairAt(pairs, pair).monitor.network));
  if (networks.size >= 2) return true;
  return channel === "offset" && isSeenRightElsewhere({ scope, effect }, { pairs, views });
}

function isSeenRightElsewhere(
  { scope, effect }: Pick<Explained, "scope" | "effect">,
  { pairs, views }: Pick<FaultQuestion, "pairs" | "views">,
): boolean {
  const viewOf = (pair: number): PairView => views[pair] as PairView;
  const witnesses = scope.pairs.filter((pair) => isBeyondPaths(viewOf(pair), effect));
  const byMonitor = Map.groupBy(witnesses, (pair) => pairAt(pairs, pair).monitor.id);
  const reached = new Set(scope.pairs);
  return pairs.some(({ monitor }, other) => {
    const seen = reached.has(other) ? undefined : byMonitor.get(monitor.id);
    return seen?.some((pair) => hasSeenRightSince(viewOf(other), viewOf(pair))) ?? false;
  });
}

/** What a change of the way does shows in the round trip, before or after it. */
function isBeyondPaths({ halfDelayNs }: PairView, effect: number): boolean {
  return Math.abs(effect) > 2 * halfDelayNs;
}

/** Were it the monitor's own clock, its newest check of another server would be as far off. */
function hasSeenRightSince({ newest: right }: PairView, { newest: wrong }: PairView): boolean {
  return right.atMs > wrong.sinceMs && Math.abs(right.offsetNs) < Math.abs(wrong.offsetNs) / 2;
}

function causeOf(
  channel: ChannelName,
  scope: Scope,
  effect: number,
  { views, isStanding = false }: FaultQuestion,
): FaultCause {
  const fault = faultFrom(channel, scope.kind);
  switch (channel) {
    case "offset":
      if (fault === "monitor") return "monitor_clock";
      if (fault === "path") return "path_change";
      if (Math.abs(Math.abs(effect) - LEAP_STEP_NS) < LEAP_STEP_TOLERANCE_NS) return "leap_error";
      if (isStanding) return "clock_off";
      return isDrift(scope, views) ? "clock_drift" : "clock_step";
    case "delay":
      return fault === "server" ? "overload" : "path_change";
    case "loss":
      return effect >= OUTAGE_SHARE ? "outage" : fault === "server" ? "overload" : "loss";
    case "rate":
      return "rate_limiting";
    case "unfit":
      return "unfit";
    case "leap":
      return "leap_error";
  }
}

/** So many pairs do not see noise move the same way. */
const MOVING_PAIRS_MIN = 3;

/** Whether most pairs see it still moving the way it has moved; where few see it, by as much as it has come to. */
function isDrift(scope: Scope, views: readonly PairView[]): boolean {
  const seen = scope.pairs
    .map((pair) => views[pair] as PairView)
    .filter(({ slope, offset }) => !Number.isNaN(slope) && !Number.isNaN(offset.by));
  const moving = seen.filter(({ slope, offset }) => Math.sign(slope) === Math.sign(offset.by));
  if (moving.length <= seen.length * 0.8) return false;
  return seen.length >= MOVING_PAIRS_MIN || moving.some(hasRunAway);
}

function hasRunAway({ slope, offset, newest }: PairView): boolean {
  const seconds = (newest.atMs - newest.sinceMs) / 1_000;
  return Math.abs(slope) * seconds > Math.abs(offset.by) / 4;
}

/** What one cause does in several channels is one finding. */
function merged(found: readonly Finding[]): readonly Finding[] {
  const result: Finding[] = [];
  const refusals = found.filter(({ cause }) => cause === "rate_limiting" || cause === "unfit");
  for (const each of found) {
    const channel = each.symptoms[0]?.channel;
    // What gets no answer of use where others are told why is not told apart from them.
    if (channel === "loss" && refusals.some((refusal) => overlap(refusal, each) >= OVERLAP_MIN)) {
      continue;
    }
    const place = result.findIndex((other) => isOneCause(other, each));
    const other = result[place];
    if (other === undefined) result.push(each);
    else result[place] = together(other, each);
  }
  return result;
}

/** One cause that shows twice. An outage within what is counted now goes before the loss of a longer time. */
function together(one: Finding, other: Finding): Finding {
  const [first, second] = one.gain >= other.gain ? [one, other] : [other, one];
  const isNew = ({ channel }: Symptom): boolean =>
    !first.symptoms.some((symptom) => symptom.channel === channel);
  const added = second.symptoms.filter(isNew);
  return {
    ...first,
    fault: first.fault === "cannot_tell" ? second.fault : first.fault,
    cause: second.cause === "outage" ? "outage" : first.cause,
    symptoms: [...first.symptoms, ...added],
    gain: first.gain + (added.length > 0 ? second.gain : 0),
  };
}

const OVERLAP_MIN = 0.3;

function isOneCause(one: Finding, other: Finding): boolean {
  if (one.scope !== other.scope) return false;
  const channels = new Set([...one.symptoms, ...other.symptoms].map(({ channel }) => channel));
  const isStrained = [...channels].every((channel) => channel === "loss" || channel === "delay");
  const isOverload = one.scope.kind === "server" && isStrained;
  return one.cause === other.cause || channels.size === 1 || isOverload;
}

/** Pairs of both, of the pairs of either. */
function overlap(one: Finding, other: Finding): number {
  const pairs = new Set(one.scope.pairs);
  const both = other.scope.pairs.filter((pair) => pairs.has(pair)).length;
  return both / (pairs.size + other.scope.pairs.length - both);
}
