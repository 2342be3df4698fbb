// Keeps exchanges with one server apart. Memory is bounded: of more servers than the limit, those whose turn is
// longest past are forgotten first.

import { PACED_SERVERS_MAX } from "./limits.ts";

/** Hands out turns with servers. */
export interface ServerPacing {
  /** Takes the next turn with `server` and says how long to wait for it, in milliseconds. */
  waitMs(server: string, nowMs: number): number;
}

/** `gapMs` of 0 never waits. */
export function createServerPacing(
  gapMs: number,
  serversMax: number = PACED_SERVERS_MAX,
): ServerPacing {
  const nextTurnMs = new Map<string, number>();
  return {
    waitMs: (server, nowMs) => {
      if (gapMs <= 0) return 0;
      const turnMs = Math.max(nowMs, nextTurnMs.get(server) ?? nowMs);
      nextTurnMs.delete(server);
      nextTurnMs.set(server, turnMs + gapMs);
      forgetPast(nextTurnMs, nowMs, serversMax);
      return turnMs - nowMs;
    },
  };
}

/** Entries are in the order of their last turn, so the past ones are mostly in front. */
function forgetPast(nextTurnMs: Map<string, number>, nowMs: number, serversMax: number): void {
  for (const [server, turnMs] of nextTurnMs) {
    if (turnMs > nowMs && nextTurnMs.size <= serversMax) return;
    nextTurnMs.delete(server);
  }
}
