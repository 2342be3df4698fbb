// Who may call what of PeopleService: one line a procedure. One that is not here is refused.
//
// Whoever is bound to one account and has the role admin manages the keys of that account. Nobody gives more than he has:
// the procedures themselves see to that.

import type { peopleV1 } from "@truechimer/api";
import type { PermissionsOf } from "./permission.ts";

export const PEOPLE_PERMISSIONS: PermissionsOf<typeof peopleV1.PeopleService> = {
  getCaller: { least: "viewer", accounts: "caller" },
  listKeys: { least: "admin", accounts: "caller" },
  createKey: {
    least: "admin",
    accounts: {
      objects: ({ accountId }) => (accountId === "" ? {} : { accounts: [accountId] }),
    },
    changes: true,
  },
  revokeKey: {
    least: "admin",
    accounts: { objects: ({ id }) => ({ keys: [id] }) },
    changes: true,
  },
  listAccounts: { least: "viewer", accounts: "caller" },
  createAccount: { least: "admin", accounts: "installation", changes: true },
  renameAccount: {
    least: "admin",
    accounts: { objects: ({ id }) => ({ accounts: [id] }) },
    changes: true,
  },
  moveToAccount: { least: "admin", accounts: "installation", changes: true },
  listAuditEntries: { least: "admin", accounts: "caller" },
  verifyAudit: { least: "admin", accounts: "installation" },
};
