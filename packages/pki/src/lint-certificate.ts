// Every lint there is, one a file in lints/, over one certificate that is about to be signed.

import type { Certificate } from "./certificate.ts";
import type { CertificatePlan } from "./certificate-plan.ts";
import { authorityKeyIdentifier } from "./lints/authority-key-identifier.ts";
import { basicConstraints } from "./lints/basic-constraints.ts";
import { extendedKeyUsage } from "./lints/extended-key-usage.ts";
import { extensions } from "./lints/extensions.ts";
import { issuer } from "./lints/issuer.ts";
import { keyUsage } from "./lints/key-usage.ts";
import type { Lint } from "./lints/lint.ts";
import { publicKey } from "./lints/public-key.ts";
import { serialNumber } from "./lints/serial-number.ts";
import { signatureAlgorithm } from "./lints/signature-algorithm.ts";
import { subject } from "./lints/subject.ts";
import { subjectAltName } from "./lints/subject-alt-name.ts";
import { subjectKeyIdentifier } from "./lints/subject-key-identifier.ts";
import { uniqueIdentifiers } from "./lints/unique-identifiers.ts";
import { validity } from "./lints/validity.ts";
import { version } from "./lints/version.ts";

/** In the order of the RFC. */
export const LINTS: readonly Lint[] = [
  signatureAlgorithm,
  version,
  serialNumber,
  issuer,
  validity,
  subject,
  publicKey,
  uniqueIdentifiers,
  extensions,
  authorityKeyIdentifier,
  subjectKeyIdentifier,
  keyUsage,
  subjectAltName,
  basicConstraints,
  extendedKeyUsage,
];

/** Each finding with its lint and the paragraph. Empty: nothing to say against it. */
export async function lintCertificate(
  certificate: Certificate,
  plan: CertificatePlan,
): Promise<readonly string[]> {
  const findings: string[] = [];
  for (const lint of LINTS) {
    const finding = await lint.finding(certificate, plan);
    if (finding !== undefined) findings.push(`${lint.name}: ${finding} (${lint.source})`);
  }
  return findings;
}
