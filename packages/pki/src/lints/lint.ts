// What a lint is: one question about a certificate that is about to be signed, with the paragraph that asks it.

import type { Certificate } from "../certificate.ts";
import type { CertificatePlan } from "../certificate-plan.ts";

/** One question, asked of every certificate before it is signed. */
export interface Lint {
  /** As its file is called. */
  readonly name: string;
  /** Where the rule stands. */
  readonly source: string;
  /** Absent: nothing to say against it. Else what is wrong, for the person who reads the log. */
  finding(certificate: Certificate, plan: CertificatePlan): LintFinding | Promise<LintFinding>;
}

/** Absent: nothing to say against the certificate. */
export type LintFinding = string | undefined;
