// Who may call what of AdminService: one line a procedure. One that is not here is refused.

import type { adminV1 } from "@truechimer/api";
import { overviewAnswer } from "../admin-api/get-overview.ts";
import type { ObjectRefs } from "./owned-objects.ts";
import type { PermissionsOf } from "./permission.ts";
import { toldWithServer } from "./told-with-server.ts";

type AdminPermissions = PermissionsOf<typeof adminV1.AdminService>;

/** The request names one server. */
const ofServer = {
  objects: ({ serverId }: { readonly serverId: bigint }): ObjectRefs => ({ servers: [serverId] }),
};
/** The request names servers. */
const ofServers = {
  objects: ({ ids }: { readonly ids: readonly bigint[] }): ObjectRefs => ({ servers: ids }),
};
const ofAgent = {
  objects: ({ id }: { readonly id: string }): ObjectRefs => ({ agents: [id] }),
};
const ofRegistration = {
  objects: ({ id }: { readonly id: string }): ObjectRefs => ({ registrations: [id] }),
};

export const ADMIN_PERMISSIONS: AdminPermissions = {
  getOverview: {
    least: "viewer",
    accounts: {
      // Its events are the account's already.
      narrow: async ({ servers, events, monitors }, seen, context) => {
        const [ownServers, ownMonitors] = await Promise.all([seen.servers(), seen.monitors()]);
        return overviewAnswer(context, {
          servers: servers.filter(({ id }) => ownServers.has(id)),
          events,
          monitors: monitors.filter(({ id }) => ownMonitors.has(id)),
        });
      },
    },
  },
  listServers: {
    least: "viewer",
    accounts: {
      narrow: async (answer, seen) => {
        const own = await seen.servers();
        return { ...answer, servers: answer.servers.filter(({ id }) => own.has(id)) };
      },
    },
  },
  getServer: {
    least: "viewer",
    accounts: {
      objects: ({ id }) => ({ servers: [id] }),
      narrow: async (answer, seen) => {
        const isTold = await toldWithServer(seen);
        return {
          ...answer,
          assignments: answer.assignments.filter(({ monitorId, status, lastCheckAt }) =>
            isTold({ monitorId, status, isChecked: lastCheckAt !== undefined }),
          ),
        };
      },
    },
  },
  addServers: { least: "operator", accounts: "caller", changes: true },
  pauseServers: { least: "operator", accounts: ofServers, changes: true },
  resumeServers: { least: "operator", accounts: ofServers, changes: true },
  removeServers: { least: "operator", accounts: ofServers, changes: true },
  restoreServers: { least: "operator", accounts: ofServers, changes: true },
  setServerTracing: { least: "operator", accounts: ofServers, changes: true },
  listTraceroutes: { least: "viewer", accounts: ofServer },
  listMonitors: {
    least: "viewer",
    accounts: {
      narrow: async (answer, seen) => {
        const own = await seen.monitors();
        return { ...answer, monitors: answer.monitors.filter(({ id }) => own.has(id)) };
      },
    },
  },
  getServerHistory: { least: "viewer", accounts: ofServer },
  listChecks: { least: "viewer", accounts: ofServer },
  // The account's servers are looked for, not picked out of the answer: a page would otherwise tell how much others have.
  listResults: {
    least: "viewer",
    accounts: { objects: ({ serverIds }) => ({ servers: serverIds }) },
  },
  getCheck: { least: "viewer", accounts: { objects: ({ id }) => ({ checks: [id] }) } },
  explainScore: { least: "viewer", accounts: ofServer },
  // They keep to what getServer tells of monitors: their words name others.
  simulateReview: { least: "viewer", accounts: ofServer },
  explainAssignment: { least: "viewer", accounts: ofServer },
  getCoverage: { least: "viewer", accounts: "installation" },
  // As listResults.
  listEvents: {
    least: "viewer",
    accounts: {
      objects: ({ serverId }) => (serverId === 0n ? {} : { servers: [serverId] }),
    },
  },
  getSystem: { least: "viewer", accounts: "nothing" },
  runLoop: { least: "operator", accounts: "installation", changes: true },
  listRateLimits: { least: "viewer", accounts: "nothing" },
  createLogin: { least: "admin", accounts: "installation", changes: true, keyOnly: true },
  createMonitor: { least: "operator", accounts: "caller", changes: true, keyOnly: true },
  listAgents: {
    least: "viewer",
    accounts: {
      narrow: async (answer, seen) => {
        const own = await seen.agents();
        return { ...answer, agents: answer.agents.filter(({ id }) => own.has(id)) };
      },
    },
  },
  getAgent: {
    least: "viewer",
    accounts: {
      ...ofAgent,
      narrow: async (answer, seen) => {
        const own = await seen.servers();
        return {
          ...answer,
          assignments: answer.assignments.filter(({ serverId }) => own.has(serverId)),
        };
      },
    },
  },
  setMonitorStatus: {
    least: "operator",
    accounts: { objects: ({ ids }) => ({ monitors: ids }) },
    changes: true,
  },
  updateAgent: { least: "operator", accounts: ofAgent, changes: true },
  removeAgent: { least: "operator", accounts: ofAgent, changes: true },
  listRegistrations: {
    least: "viewer",
    accounts: {
      narrow: async (answer, seen) => {
        const own = await seen.registrations();
        return { ...answer, registrations: answer.registrations.filter(({ id }) => own.has(id)) };
      },
    },
  },
  approveRegistration: { least: "operator", accounts: ofRegistration, changes: true },
  rejectRegistration: { least: "operator", accounts: ofRegistration, changes: true },
  createEnrolmentToken: { least: "operator", accounts: "caller", changes: true },
  listEnrolmentTokens: {
    least: "viewer",
    accounts: {
      narrow: async (answer, seen) => {
        const own = await seen.enrolmentTokens();
        return { ...answer, tokens: answer.tokens.filter(({ id }) => own.has(id)) };
      },
    },
  },
  revokeEnrolmentToken: {
    least: "operator",
    accounts: { objects: ({ id }) => ({ enrolmentTokens: [id] }) },
    changes: true,
  },
  checkNow: {
    least: "operator",
    accounts: { objects: ({ serverId }) => (serverId === 0n ? {} : { servers: [serverId] }) },
  },
  watchResults: {
    least: "viewer",
    accounts: {
      narrow: async (answer, seen) => {
        const ids = new Set(answer.checks.map(({ check }) => check?.serverId ?? 0n));
        const own = await seen.serversAmong([...ids]);
        return {
          ...answer,
          // It counts those of all accounts: how many of them are the account's is not known.
          ...(answer.missed === undefined ? {} : { missed: { ...answer.missed, checks: 0n } }),
          checks: answer.checks.filter(({ check }) => own.has(check?.serverId ?? 0n)),
        };
      },
    },
  },
};
