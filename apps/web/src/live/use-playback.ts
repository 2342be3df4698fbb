// The live page's place in time: read from the address, moved on while it plays, and written back, so that a reload or a
// colleague goes on from there.

import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { adminClient, LONG_CALL_TIMEOUT_MS } from "../api/client.ts";
import { useUnhurried } from "../filter/use-unhurried.ts";
import { serverNowMs } from "../parts/now.ts";
import { useSearchState } from "../url/use-search.ts";
import { type Playhead, playheadSearch, positionMs, readPlayhead, type Speed } from "./playhead.ts";
import { createRecording, NOTHING_RECORDED, type Recorded, type Recording } from "./recording.ts";

const TICK_MS = 250;
/** Browsers take an address a few times a second and no more often. */
const WRITE_EVERY_MS = 5_000;
/** So close to now there is nothing left to play. */
const CAUGHT_UP_MS = 2_000;

export interface Playback {
  /** Undefined: live. */
  readonly speed: Speed | 0 | undefined;
  /** Where the page stands; undefined: live. */
  readonly atMs: number | undefined;
  /** As the address has it. */
  readonly at: string | undefined;
  readonly recorded: Recorded;
  /** Goes somewhere. */
  readonly goTo: (head: Playhead) => void;
  readonly play: (speed: Speed) => void;
  readonly pause: () => void;
  readonly goLive: () => void;
}

/** `isKept`: what is shown is kept by the page itself, and nothing needs to be loaded. */
export function usePlayback(filter: string, isKept: (at: string | undefined) => boolean): Playback {
  const [search, change] = useSearchState();
  const { at, play } = search;
  const head = useMemo(() => readPlayhead(at, play), [at, play]);
  const sinceMs = useMemo(() => performance.now(), [at, play]);
  const [, setTick] = useState(0);
  const [recorded, setRecorded] = useState(NOTHING_RECORDED);
  const recording = useRef<Recording>(undefined);
  const visit = useVisit(at);
  const settled = useUnhurried(at);
  const nowMs = serverNowMs();
  const atMs = head && positionMs(head, performance.now() - sinceMs, nowMs);
  const speed = head?.speed;

  const write = useCallback(
    (next: Playhead | undefined, how: "replace" | "push", isSameVisit: boolean) => {
      const patch = playheadSearch(next);
      if (isSameVisit) visit.expect(patch["at"]);
      change(patch, how);
    },
    [change, visit],
  );

  useEffect(() => {
    const one = createRecording({
      list: (request, signal) =>
        adminClient.listResults(request, { signal, timeoutMs: LONG_CALL_TIMEOUT_MS }),
      changed: setRecorded,
    });
    recording.current = one;
    return () => one.close();
  }, []);

  useEffect(() => {
    if (speed === undefined || speed === 0) return undefined;
    const timer = setInterval(() => setTick((tick) => tick + 1), TICK_MS);
    return () => clearInterval(timer);
  }, [speed]);

  useEffect(() => {
    if (atMs === undefined || speed === undefined) return;
    if (speed > 0 && atMs >= nowMs - CAUGHT_UP_MS) write(undefined, "replace", false);
    else if (speed > 0 && performance.now() - sinceMs > WRITE_EVERY_MS)
      write({ atMs, speed }, "replace", true);
    // A slider that is being moved asks when it comes to rest.
    if ((speed === 0 && settled !== at) || isKept(at)) return;
    recording.current?.lookAt({ filter, visit: visit.count, positionMs: atMs, speed, nowMs });
  });

  return {
    speed,
    atMs,
    at,
    recorded,
    goTo: (next) => write(next, next.speed === 0 ? "replace" : "push", false),
    play: (next) => {
      if (atMs !== undefined) write({ atMs, speed: next }, "replace", true);
    },
    pause: () => {
      if (atMs !== undefined) write({ atMs, speed: 0 }, "replace", true);
    },
    goLive: () => write(undefined, "push", false),
  };
}

interface Visit {
  /** Grows when the address names another place than the page itself has come to. */
  count: number;
  /** The page moves on to there by itself. */
  readonly expect: (at: string | undefined) => void;
}

function useVisit(at: string | undefined): Visit {
  const state = useRef<{ seen: string | undefined; expected: string | undefined }>({
    seen: undefined,
    expected: undefined,
  });
  const visit = useRef<Visit>({
    count: 0,
    expect: (expected) => {
      state.current.expected = expected;
    },
  });
  if (at !== state.current.seen) {
    state.current.seen = at;
    if (at !== state.current.expected) visit.current.count += 1;
  }
  return visit.current;
}
