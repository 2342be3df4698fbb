// Whether the server answers. Every call reports here; a heartbeat speaks when nothing else does, so that a lost
// connection is told within five seconds, and one that is back within three.

import { createStore, type Store } from "../parts/store.ts";

export interface Connection {
  readonly state: "connecting" | "connected" | "lost";
  /** Browser's time of the last answer; undefined: none yet. */
  readonly answeredAtMs: number | undefined;
  /** Browser's time from which on nothing was answered. */
  readonly lostAtMs: number | undefined;
  /** How long the last interruption took, for as long as that is news. */
  readonly healedAfterMs: number | undefined;
  /** Browser's time at which it ended, for as long. */
  readonly healedAtMs?: number | undefined;
}

/** The connection as everything on the page sees it. */
export const connectionStore: Store<Connection> = createStore<Connection>({
  state: "connecting",
  answeredAtMs: undefined,
  lostAtMs: undefined,
  healedAfterMs: undefined,
});

/** Server's clock minus browser's clock in milliseconds; 0 until it is known. */
export const clockSkewStore: Store<number> = createStore(0);

const HEARTBEAT_MS = 2_000;
const HEARTBEAT_TIMEOUT_MS = 1_500;
const HEALED_NEWS_MS = 20_000;

/** Something was answered, be it a refusal: the server is there. */
export function reportAnswer(nowMs: number): void {
  const before = connectionStore.get();
  const healed = before.state === "lost" && before.lostAtMs !== undefined;
  const healedAfterMs = healed ? nowMs - (before.lostAtMs ?? nowMs) : before.healedAfterMs;
  connectionStore.set({
    state: "connected",
    answeredAtMs: nowMs,
    lostAtMs: undefined,
    healedAfterMs,
    healedAtMs: healed ? nowMs : before.healedAtMs,
  });
}

/** A call got no answer. */
export function reportSilence(nowMs: number): void {
  const before = connectionStore.get();
  if (before.state === "lost") return;
  connectionStore.set({
    state: "lost",
    answeredAtMs: before.answeredAtMs,
    lostAtMs: before.answeredAtMs ?? nowMs,
    healedAfterMs: undefined,
  });
}

/** Asks the server whether it is alive, for as long as the page is visible. Returns what stops it. */
export function startHeartbeat(): () => void {
  const timer = setInterval(() => {
    if (document.visibilityState === "hidden") return;
    forgetOldNews();
    const { state, answeredAtMs } = connectionStore.get();
    if (state === "connected" && Date.now() - (answeredAtMs ?? 0) < HEARTBEAT_MS) return;
    void beat();
  }, HEARTBEAT_MS);
  return () => clearInterval(timer);
}

async function beat(): Promise<void> {
  try {
    const answer = await fetch("/healthz/live", {
      cache: "no-store",
      signal: AbortSignal.timeout(HEARTBEAT_TIMEOUT_MS),
    });
    // A proxy in front of a dead server answers for it.
    if (answer.status >= 502) reportSilence(Date.now());
    else reportAnswer(Date.now());
  } catch {
    reportSilence(Date.now());
  }
}

function forgetOldNews(): void {
  const connection = connectionStore.get();
  if (connection.healedAfterMs === undefined || connection.state !== "connected") return;
  if (Date.now() - (connection.healedAtMs ?? 0) <= HEALED_NEWS_MS) return;
  connectionStore.set({ ...connection, healedAfterMs: undefined, healedAtMs: undefined });
}
