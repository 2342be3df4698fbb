// Turns that were looked at in vain, because others scored their servers a moment ago: a monitor with a long backlog would
// look at them again with each call. For a while its calls begin behind them. A hint that each process keeps for itself;
// what is handed out does not depend on it.

import type { Clock } from "@truechimer/base";

/** Where a turn stands among those of its monitor and pace. */
export interface TurnPlace {
  /** Of check_turns, as PostgreSQL writes it. */
  readonly queueTs: string;
  readonly serverId: bigint;
}

export const BEFORE_ALL_TURNS: TurnPlace = { queueTs: "-infinity", serverId: 0n };

/** As many as a batch has: fewer cost less than what else a call does; and then the order is kept to the letter. */
const PASSED_OVER_MIN = 10;
/** So long may one wait beyond its time that was passed over, or is newly made: a twelfth of the usual interval of servers. */
const FORGOTTEN_AFTER_NS = 5_000_000_000n;
/** Monitors and paces. Beyond, all begin at the beginning once. */
const PLACES_MAX = 30_000;

export interface PassedOver {
  /** Turns at this place and before it are not looked at. */
  from(monitorId: bigint, pace: number): TurnPlace;
  /** The turn at `place` was taken, after `passed` that were not. */
  note(monitorId: bigint, pace: number, place: TurnPlace, passed: number): void;
}

export function createPassedOver(clock: Pick<Clock, "monotonicNs">): PassedOver {
  const places = new Map<string, { readonly place: TurnPlace; readonly untilNs: bigint }>();
  const known = (
    key: string,
  ): { readonly place: TurnPlace; readonly untilNs: bigint } | undefined => {
    const found = places.get(key);
    if (found === undefined || clock.monotonicNs() < found.untilNs) return found;
    places.delete(key);
    return undefined;
  };
  return {
    from: (monitorId, pace) => known(`${monitorId} ${pace}`)?.place ?? BEFORE_ALL_TURNS,
    note: (monitorId, pace, place, passed) => {
      const key = `${monitorId} ${pace}`;
      const before = known(key);
      if (before === undefined && passed < PASSED_OVER_MIN) return;
      if (places.size >= PLACES_MAX) places.clear();
      places.set(key, {
        place,
        untilNs: before?.untilNs ?? clock.monotonicNs() + FORGOTTEN_AFTER_NS,
      });
    },
  };
}
