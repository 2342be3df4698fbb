// truechimer.admin.v1.PeopleService: users, sessions, keys, accounts and the audit trail, behind the same door as AdminService.

import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { peopleV1 } from "@truechimer/api";
import type { FastifyInstance } from "fastify";
import type { ServerContext } from "../context.ts";
import type { HttpAppOptions } from "../http/http-options.ts";
import { type ActingContext, actingContext } from "../people/caller.ts";
import { PEOPLE_PERMISSIONS } from "../people/people-permissions.ts";
import { registerGuardedService } from "../people/register-guarded-service.ts";
import { createAccount, listAccounts, moveToAccount, renameAccount } from "./accounts.ts";
import { listAuditEntries, verifyAudit } from "./audit.ts";
import { chooseAccount } from "./choose-account.ts";
import { getCaller } from "./get-caller.ts";
import { createKey, listKeys, revokeKey } from "./keys.ts";
import {
  addPasskey,
  beginPasskey,
  beginPasskeyProof,
  listPasskeys,
  removePasskey,
  renamePasskey,
} from "./passkeys.ts";
import {
  beginSecondFactor,
  confirmSecondFactor,
  removeSecondFactor,
  renewRecoveryCodes,
} from "./second-factor.ts";
import { changePassword, endOtherSessions, endSession, listSessions, signOut } from "./sessions.ts";
import {
  inviteUser,
  listUsers,
  removeUserFactors,
  resetUser,
  setUserAccounts,
  setUserDisabled,
  setUserRole,
} from "./users.ts";

export function registerPeopleApi(
  scope: FastifyInstance,
  context: ServerContext,
  options: HttpAppOptions,
): Promise<void> {
  return registerGuardedService(scope, context, {
    options,
    service: peopleV1.PeopleService,
    permissions: PEOPLE_PERMISSIONS,
    procedures: peopleProcedures(context, options),
  });
}

function peopleProcedures(
  context: ServerContext,
  { access, publicUrl }: HttpAppOptions,
): Partial<ServiceImpl<typeof peopleV1.PeopleService>> {
  const as = ({ values }: HandlerContext): ActingContext => actingContext(context, values);
  return {
    getCaller: (_request, call) => getCaller(as(call), publicUrl()),
    listKeys: (request, call) => listKeys(as(call), request),
    createKey: (request, call) => createKey(as(call), request),
    revokeKey: (request, call) => revokeKey(as(call), request),
    listUsers: (_request, call) => listUsers(as(call)),
    inviteUser: (request, call) => inviteUser(as(call), request, publicUrl()),
    setUserRole: (request, call) => setUserRole(as(call), request),
    setUserAccounts: (request, call) => setUserAccounts(as(call), request),
    setUserDisabled: (request, call) => setUserDisabled(as(call), request),
    resetUser: (request, call) => resetUser(as(call), request, publicUrl()),
    listSessions: (request, call) => listSessions(as(call), request),
    endSession: (request, call) => endSession(as(call), request),
    endOtherSessions: (_request, call) => endOtherSessions(as(call)),
    changePassword: (request, call) => changePassword(as(call), request),
    beginSecondFactor: (request, call) => beginSecondFactor(as(call), request),
    confirmSecondFactor: (request, call) => confirmSecondFactor(as(call), request),
    removeSecondFactor: (request, call) => removeSecondFactor(as(call), request, publicUrl()),
    renewRecoveryCodes: (request, call) => renewRecoveryCodes(as(call), request, publicUrl()),
    listPasskeys: (_request, call) => listPasskeys(as(call)),
    beginPasskeyProof: (_request, call) => beginPasskeyProof(as(call), publicUrl()),
    beginPasskey: (request, call) => beginPasskey(as(call), request, publicUrl()),
    addPasskey: (request, call) => addPasskey(as(call), request, publicUrl()),
    renamePasskey: (request, call) => renamePasskey(as(call), request),
    removePasskey: (request, call) => removePasskey(as(call), request, publicUrl()),
    removeUserFactors: (request, call) => removeUserFactors(as(call), request),
    chooseAccount: (request, call) => chooseAccount(as(call), request),
    signOut: (_request, call) =>
      signOut(as(call), call, {
        name: access.cookieName,
        secure: publicUrl().startsWith("https:"),
        publicUrl: publicUrl(),
      }),
    listAccounts: (_request, call) => listAccounts(as(call)),
    createAccount: (request, call) => createAccount(as(call), request),
    renameAccount: (request, call) => renameAccount(as(call), request),
    moveToAccount: (request, call) => moveToAccount(as(call), request),
    listAuditEntries: (request, call) => listAuditEntries(as(call), request),
    verifyAudit: (request) => verifyAudit(context, request),
  };
}
