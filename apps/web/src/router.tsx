// Which page stands at which address.

import {
  type AnyRouter,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
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
    path: "/servers/$serverId/score",
    component: lazyRouteComponent(() => import("./score/score-page.tsx"), "ScorePage"),
  }),
  createRoute({
    ...page,
    path: "/servers/$serverId/selection",
    component: lazyRouteComponent(() => import("./selection/selection-page.tsx"), "SelectionPage"),
  }),
  createRoute({
    ...page,
    path: "/servers/$serverId/distribution",
    component: lazyRouteComponent(
      () => import("./analytics/distribution-page.tsx"),
      "DistributionPage",
    ),
  }),
  createRoute({
    ...page,
    path: "/coverage",
    component: lazyRouteComponent(
      () => import("./fleet-coverage/coverage-page.tsx"),
      "CoveragePage",
    ),
  }),
  createRoute({
    ...page,
    path: "/checks/$checkId",
    component: lazyRouteComponent(() => import("./check/check-page.tsx"), "CheckPage"),
  }),
  createRoute({
    ...page,
    path: "/live",
    component: lazyRouteComponent(() => import("./live/live-page.tsx"), "LivePage"),
  }),
  createRoute({
    ...page,
    path: "/agents",
    component: lazyRouteComponent(() => import("./agents/agents-page.tsx"), "AgentsPage"),
  }),
  createRoute({
    ...page,
    path: "/agents/add",
    component: lazyRouteComponent(() => import("./enrolment/add-agent-page.tsx"), "AddAgentPage"),
  }),
  createRoute({
    ...page,
    path: "/agents/registrations/$registrationId",
    component: lazyRouteComponent(
      () => import("./enrolment/registration-page.tsx"),
      "RegistrationPage",
    ),
  }),
  createRoute({
    ...page,
    path: "/agents/$agentId",
    component: lazyRouteComponent(() => import("./agent/agent-page.tsx"), "AgentPage"),
  }),
  createRoute({
    ...page,
    // Addresses that were copied when the page was called so.
    path: "/monitors",
    beforeLoad: () =>
      redirect({ to: "/agents", search: true, replace: true, throw: true } as never),
  }),
  createRoute({
    ...page,
    path: "/heat-map",
    component: lazyRouteComponent(() => import("./analytics/heat-map-page.tsx"), "HeatMapPage"),
  }),
  createRoute({
    ...page,
    path: "/movers",
    component: lazyRouteComponent(() => import("./analytics/movers-page.tsx"), "MoversPage"),
  }),
  createRoute({
    ...page,
    path: "/families",
    component: lazyRouteComponent(() => import("./analytics/families-page.tsx"), "FamiliesPage"),
  }),
  createRoute({
    ...page,
    path: "/what-if",
    component: lazyRouteComponent(() => import("./what-if/what-if-page.tsx"), "WhatIfPage"),
  }),
  createRoute({
    ...page,
    path: "/compare",
    component: lazyRouteComponent(() => import("./analytics/compare-page.tsx"), "ComparePage"),
  }),
  createRoute({
    ...page,
    path: "/alerts",
    component: lazyRouteComponent(() => import("./alerts/alerts-page.tsx"), "AlertsPage"),
  }),
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
    path: "/people",
    component: lazyRouteComponent(() => import("./people/people-page.tsx"), "PeoplePage"),
  }),
  createRoute({
    ...page,
    path: "/audit",
    component: lazyRouteComponent(() => import("./audit/audit-page.tsx"), "AuditPage"),
  }),
  createRoute({
    ...page,
    path: "/welcome",
    component: lazyRouteComponent(() => import("./sign-in/welcome-page.tsx"), "WelcomePage"),
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
