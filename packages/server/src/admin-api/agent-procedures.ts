// The part of the admin API that is about agents and how they come in.

import type { ContextValues, ServiceImpl } from "@connectrpc/connect";
import type { adminV1 } from "@truechimer/api";
import type { ServerContext } from "../context.ts";
import type { HttpAppOptions } from "../http/http-options.ts";
import type { ActingContext } from "../people/caller.ts";
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
  as: (values: ContextValues) => ActingContext,
): Partial<ServiceImpl<typeof adminV1.AdminService>> {
  return {
    listAgents: (request) => listAgents(context, request),
    getAgent: (request) => getAgent(context, request),
    setMonitorStatus: (request, { values }) => setMonitorStatus(as(values), request),
    updateAgent: (request, { values }) => updateAgent(as(values), request),
    removeAgent: (request, { values }) => removeAgentCall(as(values), request),
    listRegistrations: (request) => listRegistrations(context, request),
    approveRegistration: (request, { values }) => approveRegistrationCall(as(values), request),
    rejectRegistration: (request, { values }) => rejectRegistrationCall(as(values), request),
    createEnrolmentToken: (request, { values }) =>
      createEnrolmentToken(as(values), request, options.agentsUrl() ?? options.publicUrl()),
    listEnrolmentTokens: () => listEnrolmentTokens(context),
    revokeEnrolmentToken: (request, { values }) => revokeEnrolmentToken(as(values), request),
  };
}
