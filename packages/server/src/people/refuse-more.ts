// Nobody gives more than he has: whoever makes a key or a user, or changes one, may do himself all that it may.

import { adminV1, alertsV1, analyticsV1, peopleV1, rulesV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import type { Caller } from "./caller.ts";
import { roleReaches } from "./role.ts";

/** Names of all that can be called. */
export const PROCEDURES: readonly string[] = [
  ...adminV1.AdminService.methods,
  ...peopleV1.PeopleService.methods,
  ...analyticsV1.AnalyticsService.methods,
  ...alertsV1.AlertService.methods,
  ...rulesV1.RulesService.methods,
].map(({ name }) => name);

export interface Rights {
  readonly role: Caller["role"];
  /** Null: all that the role may. */
  readonly procedures: readonly string[] | null;
}

/** Fails with forbidden. `what`: "a key", "a user". */
export function refuseMore(caller: Caller, what: string, { role, procedures }: Rights): void {
  const beyond = (procedures ?? PROCEDURES).find(
    (name) => caller.procedures !== undefined && !caller.procedures.has(name),
  );
  if (roleReaches(caller.role, role) && beyond === undefined) return;
  throw new AppError(
    "forbidden",
    `${what} may do no more than who manages it: ${beyond === undefined ? `the role ${role} is more than ${caller.role}` : `the caller may not call ${beyond}`}`,
  );
}
