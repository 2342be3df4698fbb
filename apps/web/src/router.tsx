// Which page stands at which address.

import {
  type AnyRouter,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from "@tanstack/react-router";
import { MonitorsPage } from "./monitors/monitors-page.tsx";
import { OverviewPage } from "./overview/overview-page.tsx";
import { ServersPage } from "./servers/servers-page.tsx";
import { CrashPage } from "./shell/crash-page.tsx";
import { NotFoundPage } from "./shell/not-found-page.tsx";
import { Shell } from "./shell/shell.tsx";
import { parseSearch, stringifySearch } from "./url/search.ts";

const root = createRootRoute({
  component: Shell,
  notFoundComponent: () => <NotFoundPage />,
  errorComponent: CrashPage,
});

const page = { getParentRoute: () => root } as const;

const routes = [
  createRoute({ ...page, path: "/", component: OverviewPage }),
  createRoute({ ...page, path: "/servers", component: ServersPage }),
  createRoute({
    ...page,
    path: "/servers/$serverId",
    component: lazyRouteComponent(() => import("./server/server-page.tsx"), "ServerPage"),
  }),
  createRoute({
    ...page,
    path: "/checks/$checkId",
    component: lazyRouteComponent(() => import("./check/check-page.tsx"), "CheckPage"),
  }),
  createRoute({ ...page, path: "/monitors", component: MonitorsPage }),
  createRoute({
    ...page,
    path: "/operations",
    component: lazyRouteComponent(
      () => import("./operations/operations-page.tsx"),
      "OperationsPage",
    ),
  }),
  createRoute({
    ...page,
    path: "/help/$page",
    component: lazyRouteComponent(() => import("./help/help-page.tsx"), "HelpPage"),
  }),
];

/** Creates the router; plain text in addresses, scroll kept when going back. */
export function createPageRouter(): AnyRouter {
  return createRouter({
    routeTree: root.addChildren(routes),
    parseSearch,
    stringifySearch,
    scrollRestoration: true,
    defaultPreload: "intent",
    defaultErrorComponent: CrashPage,
  });
}
