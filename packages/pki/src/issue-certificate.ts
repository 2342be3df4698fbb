// From a plan to a certificate: encoded once, signed with a throw-away key and linted, and only then signed with the
// key that makes it true. A lint's finding is a mistake of ours, so it stops the program's step, never a person.

import { assert } from "@truechimer/base";
import { type Certificate, parseCertificate } from "./certificate.ts";
import { type CertificatePlan, encodeCertificate, encodeSignedPart } from "./certificate-plan.ts";
import type { Signer } from "./key-pair.ts";
import { lintCertificate } from "./lint-certificate.ts";

/** A plan, and who signs it. */
export interface Issuance {
  readonly plan: CertificatePlan;
  /** The issuer's. */
  readonly signer: Signer;
  /** On the same curve; nothing trusts it, and what it signs is never kept. */
  readonly throwAwaySigner: Signer;
}

/** Rejects when a lint finds something. */
export async function issueCertificate(issuance: Issuance): Promise<Certificate> {
  const { plan, signer, throwAwaySigner } = issuance;
  const { algorithm } = plan.issuer;
  const signedDer = await encodeSignedPart(plan);
  const draft = parsedOwn(
    encodeCertificate(signedDer, algorithm, await throwAwaySigner.sign(signedDer)),
  );
  const findings = await lintCertificate(draft, plan);
  assert(findings.length === 0, `a certificate of ours has lint findings: ${findings.join("; ")}`);
  return parsedOwn(encodeCertificate(signedDer, algorithm, await signer.sign(signedDer)));
}

function parsedOwn(der: Uint8Array): Certificate {
  const certificate = parseCertificate(der);
  assert(certificate.ok, "a certificate of our own making cannot be read");
  return certificate.value;
}
