// Roles as people write them.

import { Option } from "commander";

/** As the API numbers them. */
export const ROLE_NUMBERS = { viewer: 1, operator: 2, admin: 3 } as const;

export type RoleWord = keyof typeof ROLE_NUMBERS;

/** Empty: none that we know. */
export function roleWord(number: number): string {
  return ["", ...Object.keys(ROLE_NUMBERS)][number] ?? "";
}

export function roleOption(): Option {
  return new Option(
    "--role <role>",
    "viewer reads, operator changes servers and agents, admin also people and keys",
  )
    .choices(Object.keys(ROLE_NUMBERS))
    .default("viewer");
}
