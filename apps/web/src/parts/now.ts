// The server's present, as near as the page knows it, once a second. Ages are counted by it, so that a browser with
// a wrong clock does not show wrong ages.

import { useSyncExternalStore } from "react";
import { clockSkewStore } from "../api/connection.ts";

const TICK_MS = 1_000;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let tickMs = Date.now();

/** Milliseconds since 1970 by the server's clock; changes once a second. */
export function useNow(): number {
  const browserMs = useSyncExternalStore(watchTicks, () => tickMs);
  return browserMs + clockSkewStore.get();
}

/** The same once, outside of rendering. */
export function serverNowMs(): number {
  return Date.now() + clockSkewStore.get();
}

function watchTicks(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function tick(): void {
  if (document.visibilityState === "hidden") return;
  tickMs = Date.now();
  for (const listener of listeners) listener();
}
