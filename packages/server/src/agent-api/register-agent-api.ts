// truechimer.agent.v1.AgentService: what agents of ours call beside the NTP Pool's service. One procedure, one file.

import { agentV1 } from "@truechimer/api";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ServerContext } from "../context.ts";
import { agentCallOf } from "../enrolment/agent-call.ts";
import { guardAgents } from "../enrolment/guard-agents.ts";
import { clientIdentityOf } from "../http/client-identity.ts";
import { registerConnectService } from "../http/connect-plugin.ts";
import type { ListenerOptions } from "../http/http-options.ts";
import { pathOf } from "../http/request-guards.ts";
import { answer } from "./answer.ts";
import { CALLER_KEY, enroll } from "./enroll.ts";
import { limitOpenCalls } from "./limit-open-requests.ts";
import { renewCertificate } from "./renew-certificate.ts";
import { CLIENT_IDENTITY, watch } from "./watch.ts";

const { AgentService } = agentV1;
/** The one procedure that needs no credential but its own token. */
const ENROLL_PATH = `/${AgentService.typeName}/${AgentService.method.enroll.name}`;

export function registerAgentApi(
  scope: FastifyInstance,
  context: ServerContext,
  options: ListenerOptions,
): Promise<void> {
  const open = (request: FastifyRequest): boolean => pathOf(request) === ENROLL_PATH;
  limitOpenCalls(scope, context, open);
  const contextValues = guardAgents(scope, context, { tokens: options.agentTokens, open });
  return registerConnectService(scope, context, {
    ...options,
    service: AgentService,
    bodyBytesMax: options.limits.adminBodyBytesMax,
    grpc: true,
    contextValues: (request) =>
      contextValues(request)
        .set(CLIENT_IDENTITY, clientIdentityOf(request))
        .set(CALLER_KEY, context.callerKey(request)),
    routes: (router) =>
      router.service(AgentService, {
        enroll: (request, { values }) =>
          enroll(context, request, { urls: options, caller: values.get(CALLER_KEY) }),
        watch: (request, call) => watch({ context, onDemand: options.onDemand }, request, call),
        answer: (request, call) => answer(context, request, agentCallOf(call)),
        renewCertificate: (request, call) => renewCertificate(context, request, agentCallOf(call)),
      }),
  });
}
