// What a page remembers of the live stream: the newest checks, where to go on after an interruption, and what was missed.

import type { adminV1 } from "@truechimer/api";
import { checksUntil, shownMs } from "./shown-check.ts";

/** Some megabytes of the page's memory: hours of a small fleet, a second of one with 5,000 checks a second. */
export const LIVE_CHECKS_MAX = 5_000;

export interface LiveFeed {
  /** The newest first. */
  readonly checks: readonly adminV1.WatchedCheck[];
  /** Where to resume. Empty: from now on. */
  readonly position: string;
  /** Checks that came and that the page has no room for any more. */
  readonly forgotten: number;
  /** Checks that the stream left out. */
  readonly missed: number;
  /** It also left out some that it could not count. */
  readonly missedUnknown: boolean;
}

export const EMPTY_FEED: LiveFeed = {
  checks: [],
  position: "",
  forgotten: 0,
  missed: 0,
  missedUnknown: false,
};

/** The feed with one more answer of the stream. */
export function withAnswer(feed: LiveFeed, answer: adminV1.WatchResultsResponse): LiveFeed {
  const { missed } = answer;
  const position = answer.position === "" ? feed.position : answer.position;
  const told = {
    missed: feed.missed + Number(missed?.checks ?? 0n),
    missedUnknown: feed.missedUnknown || missed?.checks === 0n,
  };
  if (answer.checks.length === 0) return { ...feed, ...told, position };
  const all = [...answer.checks.toReversed(), ...feed.checks];
  return {
    ...told,
    checks: all.slice(0, LIVE_CHECKS_MAX),
    position,
    forgotten: feed.forgotten + Math.max(0, all.length - LIVE_CHECKS_MAX),
  };
}

/** How many have come since the page was opened. */
export function receivedBy({ checks, forgotten }: LiveFeed): number {
  return checks.length + forgotten;
}

/** What is shown while the page stands still: the checks of that moment stay, however many come meanwhile. */
export interface Stop {
  readonly feed: LiveFeed;
  /** Shown are those that were accepted until then, Unix milliseconds. */
  readonly untilMs: number;
}

/** How many came that a stopped page does not show. */
export function laterThan({ feed, untilMs }: Stop, now: LiveFeed): number {
  const hidden = feed.checks.length - checksUntil(feed.checks, untilMs).length;
  return hidden + receivedBy(now) - receivedBy(feed);
}

/** When the first and the last of them were accepted, Unix milliseconds. Undefined: there are none. */
export function acceptedSpan(
  checks: readonly adminV1.WatchedCheck[],
): { readonly firstMs: number; readonly lastMs: number } | undefined {
  if (checks.length === 0) return undefined;
  let firstMs = Number.POSITIVE_INFINITY;
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const watched of checks) {
    const atMs = shownMs(watched);
    firstMs = Math.min(firstMs, atMs);
    lastMs = Math.max(lastMs, atMs);
  }
  return { firstMs, lastMs };
}

/** What is missing, in words. Undefined: nothing. */
export function missedWords({ missed, missedUnknown }: LiveFeed): string | undefined {
  if (missed === 0 && !missedUnknown) return undefined;
  const count = missed === 0 ? "Some" : `${missed}${missedUnknown ? " or more" : ""}`;
  return `${count} checks came while this page could not follow; the servers' pages have them.`;
}
