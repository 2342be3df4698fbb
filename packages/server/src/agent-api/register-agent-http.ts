// The agents' JSON endpoints, as the NTP Pool's agents call them: registration, configuration, token, and the keys that
// tokens are checked with. A refusal is a sentence in plain text, which those agents show to their person.

import type { FastifyInstance, FastifyReply } from "fastify";
import type { ServerContext } from "../context.ts";
import { credentialOf } from "../enrolment/agent-credential.ts";
import { createCallerAddress } from "../enrolment/caller-address.ts";
import { ENROLMENT_LIMITS } from "../enrolment/enrolment-limits.ts";
import { guardAgents } from "../enrolment/guard-agents.ts";
import type { ListenerOptions } from "../http/http-options.ts";
import { agentConfigAnswer } from "./agent-config-answer.ts";
import { answerErrorsAsText } from "./error-answers.ts";
import { keySetAnswer } from "./key-set-answer.ts";
import { limitOpenRequests } from "./limit-open-requests.ts";
import { answerRegistration } from "./registration-answer.ts";
import { tokenAnswer } from "./token-answer.ts";

export async function registerAgentHttp(
  scope: FastifyInstance,
  context: ServerContext,
  options: ListenerOptions,
): Promise<void> {
  answerErrorsAsText(scope, context);
  await scope.register(async (open) => registerOpen(open, context, options));
  await scope.register(async (guarded) => registerGuarded(guarded, context, options));
}

/** What needs no key, because it is how one is got. */
function registerOpen(
  scope: FastifyInstance,
  context: ServerContext,
  options: ListenerOptions,
): void {
  limitOpenRequests(scope, context);
  acceptForms(scope);
  const callerAddress = createCallerAddress(context.agents.trustedProxies);
  scope.post("/monitor/api/registration", async (request, reply) =>
    answerRegistration(context, reply, { request, callerAddress, publicUrl: options.publicUrl() }),
  );
  scope.get("/.well-known/jwks.json", async (_request, reply) =>
    reply.header("cache-control", "public, max-age=300").send(await keySetAnswer(context)),
  );
}

function registerGuarded(
  scope: FastifyInstance,
  context: ServerContext,
  { agentTokens }: ListenerOptions,
): void {
  const values = guardAgents(scope, context, { tokens: agentTokens });
  scope.get("/monitor/api/config", async (request, reply) => {
    const credential = credentialOf(values(request));
    return secretly(reply).send(await agentConfigAnswer(context, { request, credential }));
  });
  const bodyLimit = ENROLMENT_LIMITS.formBytesMax;
  scope.post("/api/oidc/token", { bodyLimit }, async (request, reply) => {
    const credential = credentialOf(values(request));
    const { body } = request;
    return secretly(reply).send(await tokenAnswer(context, { credential, agentTokens, body }));
  });
}

/** The answer holds secrets, or may. */
function secretly(reply: FastifyReply): FastifyReply {
  return reply.header("cache-control", "no-store");
}

function acceptForms(scope: FastifyInstance): void {
  scope.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string", bodyLimit: ENROLMENT_LIMITS.formBytesMax },
    (_request, body, done) => done(null, new URLSearchParams(String(body))),
  );
}
