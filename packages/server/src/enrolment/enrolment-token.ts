// The text of a one-time token: a secret, and the fingerprint of the root certificate, by which the agent knows whom it
// tells the secret before it trusts anybody.

import type { Random } from "@truechimer/base";
import { createToken } from "../http/token.ts";

const FINGERPRINT_DIGITS = 32;
const FORM = /^(tce_[A-Za-z0-9_-]{43})\.([0-9a-f]{32})$/;

export interface EnrolmentTokenText {
  /** What the database knows by its hash. */
  readonly secret: string;
  /** First half of SHA-256 over the root certificate's DER. */
  readonly rootFingerprint: string;
}

/** Absent: not one of this form. */
export function parseEnrolmentToken(text: string): EnrolmentTokenText | undefined {
  const match = FORM.exec(text.trim());
  const [, secret, rootFingerprint] = match ?? [];
  return secret === undefined || rootFingerprint === undefined
    ? undefined
    : { secret, rootFingerprint };
}

export function createEnrolmentTokenText(
  random: Random,
  rootFingerprint: string,
): EnrolmentTokenText & { readonly text: string } {
  const secret = createToken("tce_", random);
  const digits = rootFingerprint.slice(0, FINGERPRINT_DIGITS);
  return { secret, rootFingerprint: digits, text: `${secret}.${digits}` };
}
