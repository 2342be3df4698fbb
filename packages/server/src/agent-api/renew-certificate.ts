// RenewCertificate: the next certificate, over a key that the agent made. It is asked for with the certificate that is
// about to end, or with the key of an agent that has none yet or was away too long.

import { create } from "@bufbuild/protobuf";
import { agentV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import type { ServerContext } from "../context.ts";
import type { AgentCall } from "../enrolment/agent-call.ts";
import { authenticateAgent } from "../enrolment/authenticate-agent.ts";
import { limitCertificates } from "../enrolment/limit-certificates.ts";
import { masterKeyMissing } from "../enrolment/waiting-key.ts";

export async function renewCertificate(
  context: ServerContext,
  { csrDer }: agentV1.RenewCertificateRequest,
  call: AgentCall,
): Promise<agentV1.RenewCertificateResponse> {
  const { ca } = context;
  if (ca === undefined) throw masterKeyMissing();
  const { name, tlsName, monitors } = await authenticateAgent(context, call);
  if (tlsName === undefined) {
    throw new AppError(
      "forbidden",
      `agent ${name} has a bearer token and no name for a certificate: enrol it to give it one`,
    );
  }
  if (monitors.every(({ status }) => status === "pending")) {
    throw new AppError(
      "monitor_not_live",
      `agent ${name} is pending: it is given a certificate once one of its monitors is testing or active`,
    );
  }
  await limitCertificates(context, tlsName);
  const issued = await ca.issueAgentCertificate({ tlsName, csrDer });
  if (!issued.ok) throw new AppError("bad_request", `csr_der: ${issued.error}`);
  context.metrics.agentCertificates.inc({ key: "agent" });
  return create(agentV1.RenewCertificateResponseSchema, {
    certificatePem: issued.value.certificatePem,
    rootPem: await ca.rootPem(),
  });
}
