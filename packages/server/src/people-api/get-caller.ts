// GetCaller: who asks, and what that one may do; so that a page shows no button that would be refused.

import { create, type DescService } from "@bufbuild/protobuf";
import { adminV1, alertsV1, analyticsV1, peopleV1, rulesV1 } from "@truechimer/api";
import { assert } from "@truechimer/base";
import { ADMIN_PERMISSIONS } from "../people/admin-permissions.ts";
import { ALERTS_PERMISSIONS } from "../people/alerts-permissions.ts";
import { ANALYTICS_PERMISSIONS } from "../people/analytics-permissions.ts";
import type { ActingContext, Caller } from "../people/caller.ts";
import { refusalOf } from "../people/guard-procedures.ts";
import { hasPassword } from "../people/own-password.ts";
import { PEOPLE_PERMISSIONS } from "../people/people-permissions.ts";
import type { AnyPermissions } from "../people/permission.ts";
import { ROLE_MESSAGES } from "../people/role.ts";
import { RULES_PERMISSIONS } from "../people/rules-permissions.ts";
import { hasSecondFactor } from "../people/second-factor.ts";
import { accountMessages } from "./account-messages.ts";

export async function getCaller({
  database,
  caller,
}: ActingContext): Promise<peopleV1.GetCallerResponse> {
  assert(caller !== undefined, "a call has a caller");
  const [account] =
    caller.accountId === undefined ? [] : await accountMessages(database.kysely, caller.accountId);
  return create(peopleV1.GetCallerResponseSchema, {
    kind: caller.actor.kind,
    name: caller.name,
    role: ROLE_MESSAGES[caller.role],
    secondFactor:
      caller.userId !== undefined && (await hasSecondFactor(database.kysely, caller.userId)),
    withoutPassword:
      caller.userId !== undefined && !(await hasPassword(database.kysely, caller.userId)),
    userId: caller.actor.kind === "user" ? caller.actor.id : "",
    ...(account === undefined ? {} : { account }),
    procedures: [
      ...open(caller, adminV1.AdminService, ADMIN_PERMISSIONS),
      ...open(caller, peopleV1.PeopleService, PEOPLE_PERMISSIONS),
      ...open(caller, analyticsV1.AnalyticsService, ANALYTICS_PERMISSIONS),
      ...open(caller, alertsV1.AlertService, ALERTS_PERMISSIONS),
      ...open(caller, rulesV1.RulesService, RULES_PERMISSIONS),
    ],
  });
}

function open(caller: Caller, service: DescService, permissions: AnyPermissions): string[] {
  return service.methods.flatMap((method) => {
    const permission = permissions[method.localName];
    const refused =
      refusalOf(caller, method, permission) !== undefined ||
      (permission?.keyOnly === true && caller.kind !== "key");
    return refused ? [] : [method.name];
  });
}
