// What a person copies from the dashboard to the agent's host: a secret that is good for one enrolment, and the first
// half of the SHA-256 of the control plane's root certificate, by which the agent knows on first contact that it talks
// to that control plane and to nobody in between.

import { createHash } from "node:crypto";
import { ok, type Result, refused } from "@truechimer/base";

export interface EnrolmentToken {
  /** The whole text, as it is sent. A secret. */
  readonly text: string;
  /** 32 hexadecimal digits. */
  readonly rootFingerprint: string;
}

const FORM = /^tce_[A-Za-z0-9_-]{43}\.(?<fingerprint>[0-9a-f]{32})$/;
const FINGERPRINT_DIGITS = 32;

/** Never repeats the text: it is a secret. */
export function parseEnrolmentToken(text: string): Result<EnrolmentToken, string> {
  const trimmed = text.trim();
  const fingerprint = FORM.exec(trimmed)?.groups?.["fingerprint"];
  if (fingerprint === undefined) {
    return refused(
      "this is not an enrolment token: expected tce_, 43 characters, a dot and 32 hexadecimal digits, as the dashboard shows it",
    );
  }
  return ok({ text: trimmed, rootFingerprint: fingerprint });
}

export function isRootOf({ rootFingerprint }: EnrolmentToken, rootDer: Uint8Array): boolean {
  const digits = createHash("sha256").update(rootDer).digest("hex");
  return digits.slice(0, FINGERPRINT_DIGITS) === rootFingerprint;
}
