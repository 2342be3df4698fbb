// The right end of the bar: who is signed in, the time by the server's clock, the zone, the theme, the keys.

import { useQuery } from "@tanstack/react-query";
import { useLocation } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { callerQuery } from "../api/queries.ts";
import { formatInstant } from "../format/instant.ts";
import { useNow } from "../parts/now.ts";
import { type Theme, themeStore, zoneStore } from "../parts/settings.ts";
import { useStore } from "../parts/store.ts";
import { paths } from "../url/paths.ts";
import { isOpen } from "./open-pages.ts";

const THEMES: readonly { readonly theme: Theme; readonly name: string }[] = [
  { theme: "system", name: "Auto" },
  { theme: "light", name: "Light" },
  { theme: "dark", name: "Dark" },
];

export function TopBarTools(props: { readonly onKeys: () => void }): ReactNode {
  return (
    <div className="top-bar-tools">
      <WhoIsIt />
      <BarClock />
      <ThemeSwitch />
      <button type="button" className="button is-plain keys-button" onClick={props.onKeys}>
        Keys <kbd>?</kbd>
      </button>
    </div>
  );
}

/** The user who is signed in. Whoever was let in with a one-time key has no name. */
function WhoIsIt(): ReactNode {
  const location = useLocation();
  const caller = useQuery({ ...callerQuery(), enabled: !isOpen(location.pathname) });
  if (caller.data?.kind !== "user" || caller.isError) return null;
  return (
    <a
      className="button is-plain who-button"
      href={paths.people()}
      title="You: sessions, password, sign out"
    >
      {caller.data.name}
    </a>
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
