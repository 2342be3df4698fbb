// What a person chose for this browser.

import type { Zone } from "../format/instant.ts";
import { createRememberedChoice } from "./remembered.ts";
import type { Store } from "./store.ts";

export type Theme = "system" | "light" | "dark";

/** UTC unless local time was chosen. */
export const zoneStore: Store<Zone> = createRememberedChoice<Zone>("zone", ["utc", "local"], "utc");

/** The system's theme unless one was chosen. */
export const themeStore: Store<Theme> = createRememberedChoice<Theme>(
  "theme",
  ["system", "light", "dark"],
  "system",
);

themeStore.watch(() => {
  const theme = themeStore.get();
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
});
