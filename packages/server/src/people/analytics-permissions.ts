// Who may call what of AnalyticsService: one line a procedure. One that is not here is refused. What is about many servers
// goes by those of the caller's account: a sum cannot be narrowed once it is made.

import type { analyticsV1 } from "@truechimer/api";
import type { PermissionsOf } from "./permission.ts";

export const ANALYTICS_PERMISSIONS: PermissionsOf<typeof analyticsV1.AnalyticsService> = {
  getHeatMap: { least: "viewer", accounts: "caller" },
};
