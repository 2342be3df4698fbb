// What one monitor sees of one server now, beside what it has been seeing: the standing asymmetry of a path and the
// standing difference of two clocks fall out of the difference.

import type { CheckSeen } from "./check-seen.ts";
import { median, medianInPlace, spreadInPlace } from "./robust.ts";

/** A value that varies: how far it is now from where it was, and how exactly that is known. */
export interface Shift {
  /** Now minus before. NaN: not known. */
  readonly by: number;
  /** Standard error of `by`. */
  readonly error: number;
  /** Standard deviation of a single check. */
  readonly noise: number;
  /** Of the checks now, the least that one of them is off on the side of `by`; 0: not all are on one side. */
  readonly least: number;
}

/** So many of so many. */
export interface Count {
  readonly hits: number;
  readonly of: number;
  /** Share of hits that was usual before, above 0. */
  readonly usual: number;
}

/** One monitor's view of one server. */
export interface PairView {
  /** Nanoseconds. */
  readonly offset: Shift;
  /** Nanoseconds. Of checks without loss alone: the best of fewer samples is a slower one. */
  readonly wholeDelay: Shift;
  /** Within so many nanoseconds of its shift, an offset may be a path's doing alone. */
  readonly offsetSlackNs: number;
  /** Half of the round trip now, nanoseconds: no asymmetry moves an offset further. NaN: no answer. */
  readonly halfDelayNs: number;
  /** Server minus monitor now, nanoseconds. NaN: no answer. */
  readonly offsetNowNs: number;
  /** Lost of sent: now, and for twice as long. */
  readonly loss: Count;
  readonly lossLately: Count;
  /** Checks that were answered by RATE, of all, for twice as long. */
  readonly rate: Count;
  /** Checks whose answer says that the server is not to be used, of all. */
  readonly unfit: Count;
  /** Answers that announce a leap second, of all. */
  readonly leap: Count;
  /** How fast the offset moves within the window, nanoseconds a second. NaN: too few checks. */
  readonly slope: number;
  readonly newest: NewestOffset;
}

/** The newest good answer now. NaN: there is none. */
export interface NewestOffset {
  readonly atMs: number;
  /** Server minus monitor, nanoseconds. */
  readonly offsetNs: number;
  /** Since when its offsets now have been nearer to this one than to none. */
  readonly sinceMs: number;
}

/** Which checks are "now", and which "before". */
export interface ViewWindow {
  readonly nowMs: number;
  /** Checks since this long ago are now. */
  readonly recentMs: number;
  /** What is older than this is not looked at. */
  readonly baselineMs: number;
}

/**
 * Of what counts as now, the newest parts that are looked at by themselves: what shows surely in a check or two of each pair
 * is not diluted there by the checks before it began.
 */
export const FRESH_PARTS: readonly number[] = [1 / 2, 1 / 4];

/** With fewer good checks before there is nothing to compare with. */
const BASELINE_CHECKS_MIN = 5;
/** A spread from few checks is held against this much of the median of all, as so many checks. */
const NOISE_PRIOR_CHECKS = 6;
/** Losses that are always reckoned with: one in a hundred, as known from so many requests. */
const LOSS_PRIOR = { hits: 1, of: 100 };
/** A kiss code or an announcement without a reason is as good as impossible. */
const RARE = 0.0005;
/** What is counted needs longer than what is measured. */
const LATELY_FACTOR = 2;
/** Of a normal distribution: standard deviation of a median of n, times the root of n. Of one it is 1. */
const MEDIAN_LOSES = 1.2533;

/** The checks of each pair, in the order of time. */
export function viewPairs(
  checks: readonly (readonly CheckSeen[])[],
  window: ViewWindow,
): readonly PairView[] {
  return viewParts(checks, window, [1])[0] as readonly PairView[];
}

/** The same for each of these parts of what counts as now, up to 1; all are held against one past. */
export function viewParts(
  checks: readonly (readonly CheckSeen[])[],
  window: ViewWindow,
  parts: readonly number[],
): readonly (readonly PairView[])[] {
  const reader = createReader(checks);
  const offsetOf = ({ offsetNs }: CheckSeen): number => offsetNs;
  const delayOf = ({ delayNs }: CheckSeen): number => delayNs;
  const wholeDelayOf = ({ delayNs, sent, received }: CheckSeen): number =>
    received < sent ? Number.NaN : delayNs;
  // All of one pair at once, while its checks are at hand.
  const found = checks.map((each) => {
    const before = beforeOf(each, window);
    const past = {
      offset: reader.past(before, offsetOf),
      delay: reader.past(before, delayOf),
      wholeDelay: reader.past(before, wholeDelayOf),
      lossShare: lossShareOf(before),
    };
    return parts.map((part) => {
      const { recent, lately } = nowIn(each, { ...window, recentMs: window.recentMs * part });
      return {
        now: nowOf(recent, lately),
        offset: reader.beside(past.offset, recent, offsetOf),
        delay: reader.beside(past.delay, recent, delayOf),
        wholeDelay: reader.beside(past.wholeDelay, recent, wholeDelayOf),
        loss: lossOf(recent, past.lossShare),
        lossLately: lossOf(lately, past.lossShare),
      };
    });
  });
  return parts.map((_, part) => {
    const those = found.map((each) => each[part] as (typeof each)[number]);
    const offsets = shiftsOf(those.map(({ offset }) => offset));
    const delays = shiftsOf(those.map(({ delay }) => delay));
    const wholeDelays = shiftsOf(those.map(({ wholeDelay }) => wholeDelay));
    return those.map(({ now, loss, lossLately }, pair) => ({
      ...now,
      offset: offsets[pair] as Shift,
      wholeDelay: wholeDelays[pair] as Shift,
      offsetSlackNs: asymmetrySlackNs(delays[pair] as Shift),
      loss,
      lossLately,
    }));
  });
}

/**
 * The same without a past: the offset is held against none, and a path may do as much as half of the round trip; losses
 * against one in a hundred. What has been wrong for long shows here, and what is wrong with a server that is new: nobody knows its
 * noise, and half of the round trip goes for it.
 */
export function standingViews(
  checks: readonly (readonly CheckSeen[])[],
  window: ViewWindow,
): readonly PairView[] {
  const reader = createReader(checks);
  const offsetOf = ({ offsetNs }: CheckSeen): number => offsetNs;
  const seen = checks.map((each) => ({ ...nowIn(each, window), before: beforeOf(each, window) }));
  const shifts = shiftsOf(
    seen.map(({ recent, before }) =>
      reader.beside(reader.past(before, offsetOf), recent, offsetOf),
    ),
  );
  const usual = lossShareOf([]);
  return seen.map(({ recent, lately }, pair) => {
    const now = nowOf(recent, lately);
    const shift = shifts[pair] as Shift;
    const { error, noise } = Number.isNaN(shift.error) ? newPairError(recent, now) : shift;
    const by = Number.isNaN(error) ? Number.NaN : now.offsetNowNs;
    return {
      ...now,
      offset: { by, error, noise, least: by },
      wholeDelay: UNKNOWN_SHIFT,
      offsetSlackNs: now.halfDelayNs,
      loss: lossOf(recent, usual),
      lossLately: lossOf(lately, usual),
    };
  });
}

/** With fewer checks of a new server one of them could tell the middle. */
const NEW_CHECKS_MIN = 3;

function newPairError(
  recent: readonly CheckSeen[],
  { halfDelayNs }: Pick<PairView, "halfDelayNs">,
): Pick<Shift, "error" | "noise"> {
  const checks = count(recent, ({ offsetNs }) => !Number.isNaN(offsetNs));
  if (checks < NEW_CHECKS_MIN) return UNKNOWN_SHIFT;
  return { noise: halfDelayNs, error: Math.max(halfDelayNs * medianError(checks), ERROR_MIN_NS) };
}

type Now = Pick<
  PairView,
  "halfDelayNs" | "offsetNowNs" | "rate" | "unfit" | "leap" | "slope" | "newest"
>;

function nowOf(recent: readonly CheckSeen[], lately: readonly CheckSeen[]): Now {
  const answered = recent.filter(({ offsetNs }) => !Number.isNaN(offsetNs));
  return {
    halfDelayNs: median(answered.map(({ delayNs }) => delayNs)) / 2,
    offsetNowNs: median(answered.map(({ offsetNs }) => offsetNs)),
    rate: { hits: count(lately, (each) => each.isRateLimited), of: lately.length, usual: RARE },
    unfit: { hits: count(recent, (each) => each.isUnfit), of: recent.length, usual: RARE },
    leap: {
      hits: count(recent, ({ leap }) => leap === 1 || leap === 2),
      of: count(recent, ({ leap }) => leap >= 0),
      usual: RARE,
    },
    slope: slopeOf(answered),
    newest: newestOf(answered),
  };
}

const NO_ANSWER: NewestOffset = { atMs: Number.NaN, offsetNs: Number.NaN, sinceMs: Number.NaN };

function newestOf(answered: readonly CheckSeen[]): NewestOffset {
  const newest = answered.at(-1);
  if (newest === undefined) return NO_ANSWER;
  const { atMs, offsetNs } = newest;
  const isOther = (check: CheckSeen): boolean =>
    Math.abs(check.offsetNs - offsetNs) > Math.abs(offsetNs) / 2;
  const since = answered[answered.findLastIndex(isOther) + 1] as CheckSeen;
  return { atMs, offsetNs, sinceMs: since.atMs };
}

/** Half of what the delay has surely changed by. */
function asymmetrySlackNs({ by, error }: Shift): number {
  return Number.isNaN(by) || Math.abs(by) < DELAY_ERRORS_MIN * error ? 0 : Math.abs(by) / 2;
}

const DELAY_ERRORS_MIN = 3;

/** From the newest on: most of what is kept is the past. */
function after(checks: readonly CheckSeen[], instantMs: number): number {
  let end = checks.length;
  while (end > 0 && (checks[end - 1] as CheckSeen).atMs > instantMs) end -= 1;
  return end;
}

interface NowSeen {
  readonly recent: readonly CheckSeen[];
  /** For twice as long. */
  readonly lately: readonly CheckSeen[];
}

function nowIn(checks: readonly CheckSeen[], { nowMs, recentMs }: ViewWindow): NowSeen {
  const to = after(checks, nowMs);
  return {
    recent: checks.slice(after(checks, nowMs - recentMs), to),
    lately: checks.slice(after(checks, nowMs - recentMs * LATELY_FACTOR), to),
  };
}

function beforeOf(
  checks: readonly CheckSeen[],
  { nowMs, recentMs, baselineMs }: ViewWindow,
): readonly CheckSeen[] {
  return checks.slice(after(checks, nowMs - baselineMs), after(checks, nowMs - recentMs));
}

function count(checks: readonly CheckSeen[], is: (check: CheckSeen) => boolean): number {
  let found = 0;
  for (const check of checks) if (is(check)) found += 1;
  return found;
}

/** A value of one pair, now and before. */
interface NowAndBefore {
  readonly checks: { readonly now: number; readonly old: number };
  readonly by: number;
  readonly least: number;
  readonly spread: number;
}

interface Past {
  readonly old: number;
  readonly middle: number;
  readonly spread: number;
}

interface Reader {
  /** Undefined: there is too little. */
  past(before: readonly CheckSeen[], read: (check: CheckSeen) => number): Past | undefined;
  /** Undefined: there is nothing now, or too little before. */
  beside(
    past: Past | undefined,
    recent: readonly CheckSeen[],
    read: (check: CheckSeen) => number,
  ): NowAndBefore | undefined;
}

function createReader(checks: readonly (readonly CheckSeen[])[]): Reader {
  const scratch = new Float64Array(checks.reduce((most, { length }) => Math.max(most, length), 0));
  /** How many are known; they are in `scratch` then. */
  const known = (those: readonly CheckSeen[], read: (check: CheckSeen) => number): number => {
    let length = 0;
    for (const check of those) {
      const value = read(check);
      if (!Number.isNaN(value)) {
        scratch[length] = value;
        length += 1;
      }
    }
    return length;
  };
  return {
    past: (before, read) => {
      const old = known(before, read);
      if (old < BASELINE_CHECKS_MIN) return undefined;
      const middle = medianInPlace(scratch, old);
      return { old, middle, spread: spreadInPlace(scratch, old, middle) };
    },
    beside: (past, recent, read) => {
      if (past === undefined) return undefined;
      const now = known(recent, read);
      if (now === 0) return undefined;
      const { old, middle, spread } = past;
      const middleNow = medianInPlace(scratch, now);
      const first = scratch[0] as number;
      const last = scratch[now - 1] as number;
      const least = Math.max(0, first - middle) + Math.min(0, last - middle);
      return { checks: { now, old }, by: middleNow - middle, least, spread };
    },
  };
}

/** Of each pair. A spread that few checks tell is pulled to the median of all. */
function shiftsOf(found: readonly (NowAndBefore | undefined)[]): readonly Shift[] {
  const usual = median(found.flatMap((each) => (each === undefined ? [] : [each.spread])));
  return found.map((each) => {
    if (each === undefined) return UNKNOWN_SHIFT;
    const { by, least, spread, checks } = each;
    const noise = Math.sqrt(
      (spread * spread * checks.old + usual * usual * NOISE_PRIOR_CHECKS) /
        (checks.old + NOISE_PRIOR_CHECKS),
    );
    const error = noise * Math.hypot(medianError(checks.now), medianError(checks.old));
    return { by, least, error: Math.max(error, ERROR_MIN_NS), noise };
  });
}

const UNKNOWN_SHIFT: Shift = {
  by: Number.NaN,
  error: Number.NaN,
  noise: Number.NaN,
  least: Number.NaN,
};
/** Clocks that are told without any spread are still read to a nanosecond. */
const ERROR_MIN_NS = 1;

/** Of two checks the median is their mean. */
function medianError(checks: number): number {
  return (checks <= 2 ? 1 : MEDIAN_LOSES) / Math.sqrt(checks);
}

function sumOf(checks: readonly CheckSeen[], read: (check: CheckSeen) => number): number {
  let total = 0;
  for (const check of checks) total += read(check);
  return total;
}

/** What was usual before. */
function lossShareOf(before: readonly CheckSeen[]): number {
  const sent = sumOf(before, (check) => check.sent);
  const lost = sent - sumOf(before, ({ received }) => received);
  return (lost + LOSS_PRIOR.hits) / (sent + LOSS_PRIOR.of);
}

function lossOf(now: readonly CheckSeen[], usual: number): Count {
  const sent = sumOf(now, (check) => check.sent);
  return { hits: sent - sumOf(now, ({ received }) => received), of: sent, usual };
}

/** Theil and Sen: the median of the slopes between all two of them. */
function slopeOf(checks: readonly CheckSeen[]): number {
  const slopes: number[] = [];
  for (const [place, first] of checks.entries()) {
    for (const second of checks.slice(place + 1)) {
      const seconds = (second.atMs - first.atMs) / 1_000;
      if (seconds > 0) slopes.push((second.offsetNs - first.offsetNs) / seconds);
    }
  }
  return median(slopes);
}
