// Two agents with one identity push each other off the control plane's on-demand session. Whoever is pushed off stays
// away for longer each time and takes no work meanwhile, so that one of the two comes to rest. The NTP Pool's delays,
// with two corrections: the time of stability runs only while connected, and a session that cannot be opened again does
// not keep the work paused for ever.

import type { Clock } from "@truechimer/base";

export interface SessionTakeover extends Disposable {
  /** The session ended because another one with our identity began: MQTT reason 0x8E, or a Goodbye that says so. */
  takenOver(): void;
  /** The session is open. */
  connected(): void;
  /** The session ended, for whatever reason and in whatever way; also after `takenOver`. */
  disconnected(): void;
  /** How long to wait before the session is opened again. */
  readonly reconnectDelayMs: number;
  /** No work is to be taken. */
  readonly inBackOff: boolean;
  /** Called after each change of `inBackOff`. Returns how to stop it. */
  subscribe(listener: () => void): () => void;
}

const MINUTE_MS = 60_000;
const RECONNECT_MS = 10_000;
/** After the first takeover, the second, and so on; the last stands for all further ones. */
const TAKEN_OVER_RECONNECT_MS = [
  2 * MINUTE_MS,
  5 * MINUTE_MS,
  10 * MINUTE_MS,
  15 * MINUTE_MS,
] as const;
/** Connected for so long without a takeover, the other one has given up. Longer than the longest delay. */
export const TAKEOVER_STABLE_MS: number = 30 * MINUTE_MS;
/** Work goes on so long after the last takeover even if the session cannot be opened: longest delay and stability. */
export const TAKEOVER_PAUSE_MS_MAX: number = 45 * MINUTE_MS;

export function createSessionTakeover({ clock }: { readonly clock: Clock }): SessionTakeover {
  const listeners = new Set<() => void>();
  let count = 0;
  let paused = false;
  let cancelStability = (): void => {};
  let cancelPause = (): void => {};

  const setPaused = (value: boolean): void => {
    if (paused === value) return;
    paused = value;
    for (const listener of listeners) listener();
  };
  const onStable = (): void => {
    count = 0;
    cancelPause();
    setPaused(false);
  };
  return {
    takenOver: () => {
      count += 1;
      cancelStability();
      cancelPause();
      cancelPause = clock.setTimer(TAKEOVER_PAUSE_MS_MAX, () => setPaused(false));
      setPaused(true);
    },
    connected: () => {
      cancelStability();
      if (count > 0) cancelStability = clock.setTimer(TAKEOVER_STABLE_MS, onStable);
    },
    disconnected: () => cancelStability(),
    get reconnectDelayMs() {
      if (count === 0) return RECONNECT_MS;
      return TAKEN_OVER_RECONNECT_MS[count - 1] ?? TAKEN_OVER_RECONNECT_MS[3];
    },
    get inBackOff() {
      return paused;
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    [Symbol.dispose]: () => {
      cancelStability();
      cancelPause();
    },
  };
}
