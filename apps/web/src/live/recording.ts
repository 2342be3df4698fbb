// Stored checks around the place at which the page stands: loaded backwards when it goes somewhere, and a stretch ahead of
// it while it plays. What is shown is never taken away before there is something else to show. A place that stands shows what
// a fresh visit of it would.

import type { adminV1 } from "@truechimer/api";
import { timestampOf } from "../api/message.ts";
import { type ShownCheck, shownMs } from "./shown-check.ts";
import { STRIP_MS } from "./strip-summary.ts";

/** What the page holds before the place, and as many beyond it. As much as it remembers of the stream. */
export const RECORDED_CHECKS_MAX = 5_000;
/** Rows of the table: so many are looked for, however rare they are. */
const ROWS_WANTED = 100;
const PAGE_SIZE = 1_000;
/** A filter that hardly anything passes is looked for in so many calls, some millions of results; then it is said how far. */
const CALLS_MAX = 40;
/** Of the page's time. */
const AHEAD_MS = 4_000;
const RETRY_MS = 2_000;
/** Results are stored a moment after they were made: what is younger may not be whole. */
const SETTLED_MS = 1_500;

export interface Recorded {
  /** The newest first; some may lie ahead of the place. */
  readonly checks: readonly ShownCheck[];
  /** How far back it was looked, Unix milliseconds. */
  readonly lookedBackToMs: number;
  /** There were more in some stretch than the page holds. */
  readonly isThinned: boolean;
  readonly isLoading: boolean;
  readonly error: unknown;
}

export const NOTHING_RECORDED: Recorded = {
  checks: [],
  lookedBackToMs: Number.POSITIVE_INFINITY,
  isThinned: false,
  isLoading: false,
  error: undefined,
};

export interface Look {
  readonly filter: string;
  /** Another one: somebody went to another place, which is loaded anew. */
  readonly visit: number;
  /** Whole Unix milliseconds. */
  readonly positionMs: number;
  /** How many times as fast as it was; 0: it stands. */
  readonly speed: number;
  /** By the server's clock. */
  readonly nowMs: number;
}

export type ListPage = (
  request: {
    readonly filter: string;
    readonly from?: ReturnType<typeof timestampOf>;
    readonly to: ReturnType<typeof timestampOf>;
    readonly pageSize: number;
    readonly pageToken: string;
  },
  signal: AbortSignal,
) => Promise<Pick<adminV1.ListResultsResponse, "checks" | "nextPageToken" | "reached">>;

export interface Recording {
  /** Loads what is missing there; may be called as often as one likes. */
  readonly lookAt: (look: Look) => void;
  readonly close: () => void;
}

export interface RecordingOptions {
  readonly list: ListPage;
  readonly changed: (recorded: Recorded) => void;
}

interface Loaded extends Pick<Look, "filter" | "visit"> {
  readonly toMs: number;
  readonly wholeFromMs: number;
}

export function createRecording({ list, changed }: RecordingOptions): Recording {
  let recorded = NOTHING_RECORDED;
  /** What is loaded: of this filter and visit, everything until before this; up to `wholeFromMs` some stretch was thinned. */
  let loaded: Loaded | undefined;
  /** Where the page stood last. */
  let placeMs = 0;
  let loading: AbortController | undefined;
  let failedAtMs = Number.NEGATIVE_INFINITY;

  const tell = (patch: Partial<Recorded>): void => {
    recorded = { ...recorded, ...patch };
    changed(recorded);
  };

  /** `undo` makes it begin again where it failed. */
  const run = async (
    nowMs: number,
    load: (signal: AbortSignal) => Promise<void>,
    undo: () => void,
  ): Promise<void> => {
    loading?.abort();
    const own = new AbortController();
    loading = own;
    tell({ isLoading: true });
    try {
      await load(own.signal);
      if (!own.signal.aborted) tell({ isLoading: false, error: undefined });
    } catch (error) {
      if (own.signal.aborted) return;
      failedAtMs = nowMs;
      undo();
      tell({ isLoading: false, error });
    } finally {
      if (loading === own) loading = undefined;
    }
  };

  const goTo = async ({ filter, positionMs }: Look, signal: AbortSignal): Promise<void> => {
    const found: ShownCheck[] = [];
    const toMs = positionMs + 1;
    const endMs = await eachPage({ list, filter, toMs, signal }, (checks, reachedMs) => {
      found.push(...checks);
      const hasStrip = reachedMs <= positionMs - STRIP_MS;
      const isFull = found.length >= RECORDED_CHECKS_MAX;
      // The first pages of a rare filter may be empty: until something is found, what was shown stays.
      if (found.length > 0)
        tell({ checks: [...found], lookedBackToMs: reachedMs, isThinned: isFull && !hasStrip });
      return !isFull && (!hasStrip || found.length < ROWS_WANTED);
    });
    if (!signal.aborted) tell({ checks: [...found], lookedBackToMs: endMs });
  };

  const goOn = async (
    {
      filter,
      fromMs,
      toMs,
    }: { readonly filter: string; readonly fromMs: number; readonly toMs: number },
    signal: AbortSignal,
  ): Promise<void> => {
    const found: ShownCheck[] = [];
    const endMs = await eachPage({ list, filter, fromMs, toMs, signal }, (checks) => {
      found.push(...checks);
      return found.length < RECORDED_CHECKS_MAX;
    });
    if (signal.aborted) return;
    const isThinned = endMs > fromMs;
    if (loaded !== undefined)
      loaded = { ...loaded, toMs, wholeFromMs: isThinned ? endMs : loaded.wholeFromMs };
    // Those ahead of the place are two stretches at most; they take no room from those that are shown.
    const shownFrom = recorded.checks.findIndex((check) => shownMs(check) <= placeMs);
    const kept = shownFrom < 0 ? recorded.checks.length : shownFrom + RECORDED_CHECKS_MAX;
    tell({ checks: [...found, ...recorded.checks.slice(0, kept)], isThinned });
  };

  return {
    close: () => loading?.abort(),
    lookAt: (look) => {
      const { filter, visit, positionMs, speed, nowMs } = look;
      placeMs = positionMs;
      if (nowMs - failedAtMs < RETRY_MS) return;
      const isElsewhere =
        loaded === undefined || loaded.filter !== filter || loaded.visit !== visit;
      const isWhole =
        loaded !== undefined &&
        positionMs < loaded.toMs &&
        positionMs - STRIP_MS >= loaded.wholeFromMs;
      const isStanding = speed === 0 && loading === undefined;
      if (loaded === undefined || isElsewhere || (isStanding && !isWhole)) {
        loaded = { filter, visit, toMs: positionMs + 1, wholeFromMs: Number.NEGATIVE_INFINITY };
        void run(
          nowMs,
          (signal) => goTo(look, signal),
          () => {
            loaded = undefined;
          },
        );
        return;
      }
      const aheadMs = speed * AHEAD_MS;
      const fromMs = loaded.toMs;
      const toMs = Math.floor(Math.min(positionMs + 2 * aheadMs, nowMs - SETTLED_MS));
      if (loading === undefined && positionMs + aheadMs > fromMs && toMs > fromMs && speed > 0)
        void run(
          nowMs,
          (signal) => goOn({ filter, fromMs, toMs }, signal),
          () => undefined,
        );
    },
  };
}

interface Pages {
  readonly list: ListPage;
  readonly filter: string;
  readonly fromMs?: number;
  readonly toMs: number;
  readonly signal: AbortSignal;
}

/** The newest first, until `take` answers false or there are no more. Resolves with how far back it came. */
async function eachPage(
  { list, filter, fromMs, toMs, signal }: Pages,
  take: (checks: readonly ShownCheck[], reachedMs: number) => boolean,
): Promise<number> {
  let pageToken = "";
  let reachedMs = toMs;
  for (let calls = 0; calls < CALLS_MAX; calls += 1) {
    const request = {
      filter,
      to: timestampOf(toMs),
      pageSize: PAGE_SIZE,
      pageToken,
      ...(fromMs === undefined ? {} : { from: timestampOf(fromMs) }),
    };
    const page = await list(request, signal);
    if (signal.aborted) return reachedMs;
    reachedMs = page.nextPageToken === "" ? (fromMs ?? 0) : reachedOf(page, reachedMs);
    if (!take(page.checks, reachedMs) || page.nextPageToken === "") return reachedMs;
    pageToken = page.nextPageToken;
  }
  return reachedMs;
}

function reachedOf(
  { reached }: Pick<adminV1.ListResultsResponse, "reached">,
  absent: number,
): number {
  return reached === undefined ? absent : shownMs({ serverName: "", acceptedAt: reached });
}
