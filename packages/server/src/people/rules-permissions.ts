// Who may call what of RulesService: one line a procedure. One that is not here is refused. A trial costs a processor for as
// long as it takes, so a viewer has none.

import type { rulesV1 } from "@truechimer/api";
import type { PermissionsOf } from "./permission.ts";

export const RULES_PERMISSIONS: PermissionsOf<typeof rulesV1.RulesService> = {
  listRuleSets: { least: "viewer", accounts: "nothing" },
  tryRuleSet: { least: "operator", accounts: "caller" },
  replayServer: {
    least: "viewer",
    accounts: { objects: ({ serverId }) => ({ servers: [serverId] }) },
  },
  activateRuleSet: { least: "admin", accounts: "installation", changes: true },
};
