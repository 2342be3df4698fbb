// Choices that the browser remembers: theme, zone, columns. A browser that refuses storage forgets them, no more.

import { createStore, type Store } from "./store.ts";

const PREFIX = "truechimer.";

/** A store of one of `choices` that outlives the page. */
export function createRememberedChoice<T extends string>(
  key: string,
  choices: readonly T[],
  initial: T,
): Store<T> {
  const saved = readRemembered(key);
  const store = createStore<T>(choices.find((choice) => choice === saved) ?? initial);
  store.watch(() => writeRemembered(key, store.get()));
  return store;
}

/** What was remembered under a key; undefined: nothing. */
function readRemembered(key: string): string | undefined {
  try {
    return localStorage.getItem(PREFIX + key) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Remembers a text under a key. */
function writeRemembered(key: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + key, value);
  } catch {
    // Storage is refused or full: the choice lasts as long as the page.
  }
}
