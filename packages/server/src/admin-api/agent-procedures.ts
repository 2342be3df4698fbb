// The part of the admin API that is about agents and how they come in.

import type { ContextKey, ServiceImpl } from "@connectrpc/connect";
import type { adminV1 } from "@truechimer/api";
import type { ServerContext } from "../context.ts";
import type { AdminPrincipal } from "../http/admin-access.ts";
import type { HttpAppOptions } from "../http/http-options.ts";
import { approveRegistrationCall } from "./approve-registration.ts";
import { createEnrolmentToken } from "./create-enrolment-token.ts";
import { getAgent } from "./get-agent.ts";
import { listAgents } from "./list-agents.ts";
import { listEnrolmentTokens } from "./list-enrolment-tokens.ts";
import { listRegistrations } from "./list-registrations.ts";
import { rejectRegistrationCall } from "./reject-registration.ts";
import { removeAgentCall } from "./remove-agent-call.ts";
import { revokeEnrolmentToken } from "./revoke-enrolment-token.ts";
import { setMonitorStatus } from "./set-monitor-status.ts";
import { updateAgent } from "./update-agent.ts";

export function agentProcedures(
  context: ServerContext,
  options: Pick<HttpAppOptions, "publicUrl" | "agentsUrl">,
  principalKey: ContextKey<AdminPrincipal | undefined>,
): Partial<ServiceImpl<typeof adminV1.AdminService>> {
  return {
    listAgents: (request) => listAgents(context, request),
    getAgent: (request) => getAgent(context, request),
    setMonitorStatus: (request) => setMonitorStatus(context, request),
    updateAgent: (request) => updateAgent(context, request),
    removeAgent: (request) => removeAgentCall(context, request),
    listRegistrations: (request) => listRegistrations(context, request),
    approveRegistration: (request, { values }) =>
      approveRegistrationCall(context, request, values.get(principalKey)),
    rejectRegistration: (request, { values }) =>
      rejectRegistrationCall(context, request, values.get(principalKey)),
    createEnrolmentToken: (request, { values }) =>
      createEnrolmentToken(context, request, {
        principal: values.get(principalKey),
        agentsUrl: options.agentsUrl() ?? options.publicUrl(),
      }),
    listEnrolmentTokens: () => listEnrolmentTokens(context),
    revokeEnrolmentToken: (request) => revokeEnrolmentToken(context, request),
  };
}
