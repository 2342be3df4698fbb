// Who may call what of PeopleService: one line a procedure. One that is not here is refused.
//
// Whoever is bound to one account and has the role admin manages the users and the keys of that account. Nobody gives more than he has:
// the procedures themselves see to that.

import type { peopleV1 } from "@truechimer/api";
import type { ObjectRefs } from "./owned-objects.ts";
import type { PermissionsOf } from "./permission.ts";

/** The request names one user. */
const ofUser = {
  objects: ({ id }: { readonly id: string }): ObjectRefs => ({ users: [id] }),
};

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
  listUsers: { least: "admin", accounts: "caller" },
  inviteUser: {
    least: "admin",
    accounts: {
      objects: ({ accountId, accountIds }) => ({
        accounts: [...(accountId === "" ? [] : [accountId]), ...accountIds],
      }),
    },
    changes: true,
  },
  setUserRole: { least: "admin", accounts: ofUser, changes: true },
  setUserAccounts: { least: "admin", accounts: "installation", changes: true },
  setUserDisabled: { least: "admin", accounts: ofUser, changes: true },
  resetUser: { least: "admin", accounts: ofUser, changes: true },
  // Of the caller himself, for every role; of others, for admins: the procedures see to that.
  listSessions: {
    least: "viewer",
    accounts: { objects: ({ userId }) => (userId === "" ? {} : { users: [userId] }) },
  },
  endSession: {
    least: "viewer",
    accounts: { objects: ({ id }) => ({ sessions: [id] }) },
    changes: true,
  },
  endOtherSessions: { least: "viewer", accounts: "caller", changes: true },
  changePassword: { least: "viewer", accounts: "caller", changes: true },
  beginSecondFactor: { least: "viewer", accounts: "caller", changes: true },
  confirmSecondFactor: { least: "viewer", accounts: "caller", changes: true },
  removeSecondFactor: { least: "viewer", accounts: "caller", changes: true },
  renewRecoveryCodes: { least: "viewer", accounts: "caller", changes: true },
  listPasskeys: { least: "viewer", accounts: "caller" },
  beginPasskeyProof: { least: "viewer", accounts: "caller" },
  beginPasskey: { least: "viewer", accounts: "caller", changes: true },
  addPasskey: { least: "viewer", accounts: "caller", changes: true },
  renamePasskey: { least: "viewer", accounts: "caller", changes: true },
  removePasskey: { least: "viewer", accounts: "caller", changes: true },
  removeUserFactors: { least: "admin", accounts: ofUser, changes: true },
  // Among the caller's own, which the account of the session is one of: the procedure sees to that.
  chooseAccount: { least: "viewer", accounts: "caller", changes: true },
  signOut: { least: "viewer", accounts: "caller", changes: true },
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
