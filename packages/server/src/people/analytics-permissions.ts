// Who may call what of AnalyticsService: one line a procedure. One that is not here is refused. What is about many servers
// goes by those of the caller's account: a sum cannot be narrowed once it is made.

import type { analyticsV1 } from "@truechimer/api";
import type { ObjectRefs } from "./owned-objects.ts";
import type { PermissionsOf } from "./permission.ts";

/** The request names one server. */
const ofServer = {
  objects: ({ serverId }: { readonly serverId: bigint }): ObjectRefs => ({ servers: [serverId] }),
};

export const ANALYTICS_PERMISSIONS: PermissionsOf<typeof analyticsV1.AnalyticsService> = {
  compareSeries: {
    least: "viewer",
    // Monitors that check the account's servers are told with them, whosever they are.
    accounts: { objects: ({ serverIds }) => ({ servers: serverIds }) },
  },
  getAllanDeviation: { least: "viewer", accounts: ofServer },
  getDistributions: { least: "viewer", accounts: ofServer },
  getFamilies: { least: "viewer", accounts: "caller" },
  getHeatMap: { least: "viewer", accounts: "caller" },
  getMovers: { least: "viewer", accounts: "caller" },
};
