// What somebody may do: viewer reads, operator changes servers and agents, admin changes keys and accounts.

import { peopleV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import type { RoleName } from "@truechimer/database";

/** Each may what those before it may. */
export const ROLES: readonly RoleName[] = ["viewer", "operator", "admin"];

export function roleReaches(role: RoleName, least: RoleName): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(least);
}

export const ROLE_MESSAGES: Readonly<Record<RoleName, peopleV1.Role>> = {
  viewer: peopleV1.Role.VIEWER,
  operator: peopleV1.Role.OPERATOR,
  admin: peopleV1.Role.ADMIN,
};

export function roleFrom(role: peopleV1.Role): RoleName {
  const name = ROLES.find((each) => ROLE_MESSAGES[each] === role);
  if (name !== undefined) return name;
  throw new AppError("bad_request", `role ${role}: expected viewer, operator or admin`);
}
