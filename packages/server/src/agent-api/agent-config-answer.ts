// GET /monitor/api/config: the agent's name and the state of each IP family; and, for agents of the NTP Pool where the
// operator allows it, a certificate with a key of our making.

import type { FastifyRequest } from "fastify";
import type { ServerContext } from "../context.ts";
import type { AgentCredential } from "../enrolment/agent-credential.ts";
import { authenticateAgent, type CallingAgent } from "../enrolment/authenticate-agent.ts";
import { limitCertificates } from "../enrolment/limit-certificates.ts";
import { isOwnAgent } from "../monitor-api/client-version.ts";

/** As the NTP Pool's agents read it. */
export interface AgentConfigAnswer {
  readonly name: string;
  readonly tls_name: string;
  readonly ipv4: FamilyAnswer;
  readonly ipv6: FamilyAnswer;
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** Both empty: the agent has no monitor in this family. */
interface FamilyAnswer {
  readonly status: string;
  readonly ip: string;
}

export async function agentConfigAnswer(
  context: ServerContext,
  call: { readonly request: FastifyRequest; readonly credential: AgentCredential },
): Promise<AgentConfigAnswer> {
  const agent = await authenticateAgent(context, call);
  const keyPair = wantsKeyPair(call.request) ? await keyPairFor(context, agent) : undefined;
  return {
    name: agent.name,
    tls_name: agent.tlsName ?? "",
    ipv4: familyAnswer(agent, "v4"),
    ipv6: familyAnswer(agent, "v6"),
    ...(keyPair === undefined ? {} : { tls: keyPair }),
  };
}

function familyAnswer({ monitors }: CallingAgent, family: "v4" | "v6"): FamilyAnswer {
  const monitor = monitors.find(({ address }) => address.family === family);
  return monitor === undefined
    ? { status: "", ip: "" }
    : { status: monitor.status, ip: monitor.address.text };
}

/** An agent of ours makes its own key, and is never told one. */
function wantsKeyPair({ query, headers }: FastifyRequest): boolean {
  const { request_certificate: wanted } = query as { readonly request_certificate?: unknown };
  return wanted === "true" && !isOwnAgent(headers["user-agent"]);
}

async function keyPairFor(
  context: ServerContext,
  { tlsName, monitors }: CallingAgent,
): Promise<AgentConfigAnswer["tls"]> {
  const live = monitors.some(({ status }) => status === "active" || status === "testing");
  if (!live || tlsName === undefined || context.ca === undefined) return undefined;
  if (!context.agents.serverMadeKeys) {
    context.logger.warn(
      { agent: tlsName },
      "an agent asks for a certificate with a key of our making, and agents.server_made_keys is off",
    );
    return undefined;
  }
  await limitCertificates(context, tlsName);
  const { keyPem, certificatePem } = await context.ca.issueAgentCertificateWithKey({ tlsName });
  context.metrics.agentCertificates.inc({ key: "server" });
  return { key: keyPem, cert: certificatePem };
}
