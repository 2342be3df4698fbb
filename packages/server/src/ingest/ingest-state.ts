// Whether results come in, judged by two clocks: one is set when an agent is heard of, the other when a result is stored.
// Either alone would lie: agents that ask and whose results are lost look alive by the first, a fleet that is switched
// off and a database that stores nothing look the same by the second.

export type IngestState = "flowing" | "idle" | "stalled" | "silent";

/** Seconds by the database's clock. */
export interface IngestFacts {
  /** Since any monitor's last request. Null: never. */
  readonly receivedSecondsAgo: number | null;
  /** Since a result of a monitor was stored. Null: not while it would be remembered. */
  readonly storedSecondsAgo: number | null;
  /** A watched server has had an active monitor for longer than the limit. */
  readonly isExpected: boolean;
  /** Since this process was started: before that, silence may have been the control plane's. */
  readonly upSeconds: number;
}

/** @param silentAfterMs longer without a result is not normal. */
export function ingestState(facts: IngestFacts, silentAfterMs: number): IngestState {
  const limitSeconds = silentAfterMs / 1_000;
  const isFresh = (secondsAgo: number | null): boolean =>
    secondsAgo !== null && secondsAgo <= limitSeconds;
  if (isFresh(facts.storedSecondsAgo)) return "flowing";
  if (!facts.isExpected || facts.upSeconds <= limitSeconds) return "idle";
  return isFresh(facts.receivedSecondsAgo) ? "stalled" : "silent";
}
