// GetCaller: who asks, and what that one may do; so that a page shows no button that would be refused.

import { create, type DescService } from "@bufbuild/protobuf";
import { adminV1, alertsV1, analyticsV1, peopleV1, rulesV1 } from "@truechimer/api";
import { assert } from "@truechimer/base";
import type { Schema } from "@truechimer/database";
import type { Kysely } from "kysely";
import { passkeySite } from "../passkeys/passkey-site.ts";
import { countPasskeys } from "../passkeys/passkeys.ts";
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
import { hasOneTimePasswords } from "../people/second-factor.ts";
import { accountsOfUser } from "../people/user-accounts.ts";
import { accountMessages } from "./account-messages.ts";

export async function getCaller(
  { database, caller }: ActingContext,
  publicUrl: string,
): Promise<peopleV1.GetCallerResponse> {
  assert(caller !== undefined, "a call has a caller");
  const [account] =
    caller.accountId === undefined ? [] : await accountMessages(database.kysely, caller.accountId);
  const accounts = await choiceOf(database.kysely, caller);
  return create(peopleV1.GetCallerResponseSchema, {
    accounts,
    kind: caller.actor.kind,
    name: caller.name,
    role: ROLE_MESSAGES[caller.role],
    secondFactor:
      caller.userId !== undefined && (await hasOneTimePasswords(database.kysely, caller.userId)),
    passkeys: caller.userId === undefined ? 0 : await countPasskeys(database.kysely, caller.userId),
    passkeyOrigin: passkeySite(publicUrl)?.origin ?? "",
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

/** Empty: there is none. */
async function choiceOf(
  kysely: Kysely<Schema>,
  { userId, accountId }: Caller,
): Promise<peopleV1.Account[]> {
  if (userId === undefined || accountId === undefined) return [];
  const user = await kysely
    .selectFrom("users")
    .select(["id", "account_id"])
    .where("id", "=", userId)
    .executeTakeFirstOrThrow();
  const { home, others } = await accountsOfUser(kysely, user);
  return home === null || others.length === 0 ? [] : accountMessages(kysely, home, ...others);
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
