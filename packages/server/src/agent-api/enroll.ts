// Enroll: a one-time token becomes an agent. The order is what makes it safe: everything is checked before the token is
// spent; one transaction spends it and makes the agent, so of many at once one is first; the certificate comes after, and
// the same enrolment sent again, by whoever has the same key pair, is given what was lost.

import { createHash } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { type ContextKey, createContextKey } from "@connectrpc/connect";
import { agentV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import type { CertificateAuthority } from "../ca/certificate-authority.ts";
import type { ServerContext } from "../context.ts";
import { type SpentToken, spendEnrolmentToken } from "../enrolment/spend-enrolment-token.ts";
import { masterKeyMissing } from "../enrolment/waiting-key.ts";
import type { ListenerOptions } from "../http/http-options.ts";
import { limitExceeded } from "../limits/verdict.ts";
import { reassign } from "../selector/reassign.ts";
import { parseEnrolment } from "./parse-enrolment.ts";

/** Whom a request is counted for whose token is not known. */
export const CALLER_KEY: ContextKey<string> = createContextKey("unknown");

export interface EnrolCall {
  readonly urls: Pick<ListenerOptions, "publicUrl" | "agentsUrl">;
  readonly caller: string;
}

export async function enroll(
  context: ServerContext,
  request: agentV1.EnrollRequest,
  { urls, caller }: EnrolCall,
): Promise<agentV1.EnrollResponse> {
  try {
    if (context.ca === undefined) throw masterKeyMissing();
    const enrolment = await parseEnrolment(request);
    const csrHash = createHash("sha256").update(request.csrDer).digest();
    const spent = await spendEnrolmentToken(context, { ...enrolment, csrHash });
    if (!spent.repeated) await reassign(context);
    const certificatePem = await firstCertificate(context, context.ca, {
      spent,
      csrDer: request.csrDer,
    });
    context.metrics.enrolments.inc({ outcome: spent.repeated ? "repeated" : "enrolled" });
    return create(agentV1.EnrollResponseSchema, {
      tlsName: spent.tlsName,
      certificatePem,
      rootPem: await context.ca.rootPem(),
      apiKey: spent.apiKey,
      agentUrl: urls.agentsUrl() ?? urls.publicUrl(),
    });
  } catch (error) {
    const outcome = error instanceof AppError ? error.code : "internal";
    context.metrics.enrolments.inc({ outcome });
    if (outcome === "unauthenticated") await countFailure(context, caller);
    throw error;
  }
}

async function countFailure({ limits }: ServerContext, caller: string): Promise<void> {
  const verdict = await limits.take("login_failures", caller);
  if (!verdict.passed) throw limitExceeded(verdict);
}

/** Kept with the token, so that a repeated enrolment brings the same one and no second. */
async function firstCertificate(
  context: ServerContext,
  ca: CertificateAuthority,
  { spent, csrDer }: { readonly spent: SpentToken; readonly csrDer: Uint8Array },
): Promise<string> {
  if (spent.certificatePem !== undefined) return spent.certificatePem;
  const issued = await ca.issueAgentCertificate({ tlsName: spent.tlsName, csrDer });
  if (!issued.ok) throw new AppError("bad_request", `csr_der: ${issued.error}`);
  context.metrics.agentCertificates.inc({ key: "agent" });
  const { certificatePem } = issued.value;
  const row = await context.database.kysely
    .updateTable("enrolment_tokens")
    .set((is) => ({ certificate_pem: is.fn.coalesce("certificate_pem", is.val(certificatePem)) }))
    .where("id", "=", spent.tokenId)
    // Not when the agent was heard of meanwhile: what waits is taken away then.
    .where("sealed_key", "is not", null)
    .returning("certificate_pem")
    .executeTakeFirst();
  return row?.certificate_pem ?? certificatePem;
}
