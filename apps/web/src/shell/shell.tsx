// What every page shares: navigation, clock, connection, keys, and the place for what was just done.

import { useQuery } from "@tanstack/react-query";
import { Outlet, useLocation } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef } from "react";
import { problemOf } from "../api/problem.ts";
import { overviewQuery } from "../api/queries.ts";
import { Toasts } from "../parts/toasts.tsx";
import { SessionPage } from "../sign-in/session-page.tsx";
import { ConnectionNote } from "./connection-note.tsx";
import { KeysDialog, useKeys } from "./keys.tsx";
import { LoadBanner } from "./load-banner.tsx";
import { NavigationBar } from "./navigation-bar.tsx";
import { isOpen } from "./open-pages.ts";
import { SkewNote } from "./skew-note.tsx";
import { TopBarTools } from "./top-bar-tools.tsx";

export function Shell(): ReactNode {
  const location = useLocation();
  const main = useRef<HTMLElement>(null);
  const keys = useKeys();
  useFocusOnNewPage(location.pathname, main);
  return (
    <div className="shell">
      <a className="skip-link" href="#main">
        Skip to content
      </a>
      <header className="top-bar">
        <a className="wordmark" href="/" aria-label="Truechimer: overview">
          <img src="/mark.svg" alt="" width={24} height={24} />
          <span>Truechimer</span>
        </a>
        <NavigationBar path={location.pathname} />
        <TopBarTools onKeys={keys.show} />
      </header>
      <ConnectionNote />
      <SkewNote />
      <LoadBanner enabled={!isOpen(location.pathname)} />
      <main id="main" ref={main} tabIndex={-1}>
        <SessionGate open={isOpen(location.pathname)} />
      </main>
      <Toasts />
      <KeysDialog keys={keys} />
    </div>
  );
}

/** Without a session there is one page: how to get one. */
function SessionGate(props: { readonly open: boolean }): ReactNode {
  const overview = useQuery({
    ...overviewQuery(),
    refetchInterval: false,
    enabled: !props.open,
  });
  const refused = overview.isError && problemOf(overview.error).code === "unauthenticated";
  return refused && !props.open ? <SessionPage /> : <Outlet />;
}

/** A new page begins where a reader of screens expects it. The first one is the browser's own business. */
function useFocusOnNewPage(path: string, main: { readonly current: HTMLElement | null }): void {
  const before = useRef(path);
  useEffect(() => {
    if (before.current === path) return;
    before.current = path;
    main.current?.focus({ preventScroll: true });
  }, [path, main]);
}
