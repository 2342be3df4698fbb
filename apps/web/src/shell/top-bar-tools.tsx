// The right end of the bar: the time by the server's clock, the zone, the theme, the keys.

import type { ReactNode } from "react";
import { formatInstant } from "../format/instant.ts";
import { useNow } from "../parts/now.ts";
import { type Theme, themeStore, zoneStore } from "../parts/settings.ts";
import { useStore } from "../parts/store.ts";

const THEMES: readonly { readonly theme: Theme; readonly name: string }[] = [
  { theme: "system", name: "Auto" },
  { theme: "light", name: "Light" },
  { theme: "dark", name: "Dark" },
];

export function TopBarTools(props: { readonly onKeys: () => void }): ReactNode {
  return (
    <div className="top-bar-tools">
      <BarClock />
      <ThemeSwitch />
      <button type="button" className="button is-plain keys-button" onClick={props.onKeys}>
        Keys <kbd>?</kbd>
      </button>
    </div>
  );
}

function BarClock(): ReactNode {
  const nowMs = useNow();
  const zone = useStore(zoneStore);
  const other = zone === "utc" ? "local" : "utc";
  return (
    <span className="bar-clock">
      <button
        type="button"
        className="button is-plain"
        title={`The server's time. Show every time in ${other === "utc" ? "UTC" : "local time"}.`}
        onClick={() => zoneStore.set(other)}
      >
        <time className="number" dateTime={new Date(nowMs).toISOString()}>
          {formatInstant(nowMs, zone, "time").slice(0, 8)}
        </time>{" "}
        <span className="bar-zone">{zone === "utc" ? "UTC" : "local"}</span>
      </button>
    </span>
  );
}

function ThemeSwitch(): ReactNode {
  const theme = useStore(themeStore);
  const at = THEMES.findIndex((entry) => entry.theme === theme);
  const next = THEMES[(at + 1) % THEMES.length] ?? { theme: "system" as const, name: "Auto" };
  return (
    <button
      type="button"
      className="button is-plain theme-switch"
      title={`Theme: ${THEMES[at]?.name ?? "Auto"}. Change to ${next.name}.`}
      onClick={() => themeStore.set(next.theme)}
    >
      {THEMES[at]?.name ?? "Auto"}
      <span className="visually-hidden"> theme; change to {next.name}</span>
    </button>
  );
}
