// Who may call what of AlertService: one line a procedure. One that is not here is refused. Channels lead out of the
// house and hold secrets: they are an admin's.

import type { alertsV1 } from "@truechimer/api";
import type { ObjectRefs } from "./owned-objects.ts";
import type { PermissionsOf } from "./permission.ts";

const ofRule = {
  objects: ({ id }: { readonly id: bigint }): ObjectRefs => ({ alertRules: [id] }),
};
const ofChannel = {
  objects: ({ id }: { readonly id: bigint }): ObjectRefs => ({ alertChannels: [id] }),
};

export const ALERTS_PERMISSIONS: PermissionsOf<typeof alertsV1.AlertService> = {
  listIncidents: { least: "viewer", accounts: "caller" },
  acknowledgeIncident: {
    least: "operator",
    accounts: { objects: ({ id }) => ({ incidents: [id] }) },
    changes: true,
  },
  listAlertRules: { least: "viewer", accounts: "caller" },
  // Which rule it changes, and which channels it names, the procedures see to.
  saveAlertRule: { least: "operator", accounts: "caller", changes: true },
  removeAlertRule: { least: "operator", accounts: ofRule, changes: true },
  tryAlertRule: { least: "operator", accounts: "caller" },
  listAlertChannels: { least: "viewer", accounts: "caller" },
  saveAlertChannel: { least: "admin", accounts: "caller", changes: true },
  removeAlertChannel: { least: "admin", accounts: ofChannel, changes: true },
  testAlertChannel: { least: "operator", accounts: ofChannel, changes: true },
  listAlertSilences: { least: "viewer", accounts: "caller" },
  createAlertSilence: { least: "operator", accounts: "caller", changes: true },
  endAlertSilence: {
    least: "operator",
    accounts: { objects: ({ id }) => ({ alertSilences: [id] }) },
    changes: true,
  },
  sendAlertMessageAgain: {
    least: "operator",
    accounts: { objects: ({ id }) => ({ alertMessages: [id] }) },
    changes: true,
  },
  listAlertMessages: { least: "viewer", accounts: "caller" },
};
