// Roles and kinds of callers in words.

import { peopleV1 } from "@truechimer/api";

const { Role } = peopleV1;

export const ROLES: readonly peopleV1.Role[] = [Role.VIEWER, Role.OPERATOR, Role.ADMIN];

const WORDS: Readonly<Record<number, string>> = {
  [Role.VIEWER]: "viewer",
  [Role.OPERATOR]: "operator",
  [Role.ADMIN]: "admin",
};

export const ROLE_TEXTS: Readonly<Record<number, string>> = {
  [Role.VIEWER]: "reads",
  [Role.OPERATOR]: "changes servers and agents, too",
  [Role.ADMIN]: "changes people, keys and accounts, too",
};

export function roleWord(role: peopleV1.Role): string {
  return WORDS[role] ?? "unknown";
}

/** As a field's value has it. */
export function roleOfValue(value: string): peopleV1.Role {
  return ROLES.find((role) => String(role) === value) ?? Role.VIEWER;
}
