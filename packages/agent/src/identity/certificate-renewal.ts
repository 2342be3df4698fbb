// What is to be done about a certificate. The rule itself, the last third of the life, is that of whoever issues it too.

import type { UnixNs } from "@truechimer/base";
import { renewalPlan } from "@truechimer/pki";
import type { CertificatePair } from "./certificate-pair.ts";

/** Tries within the last third, should the first fail. */
const RENEWAL_TRIES = 4;
/** A certificate of seconds is tried to be renewed no more often than this. */
const RETRY_MS_MIN = 10_000;
const NS_PER_MS = 1_000_000n;

export interface CertificateCheck {
  /** It is in the last third of its life: time to ask for a new one. */
  readonly renewalDue: boolean;
  /** It has ended: no peer takes it. */
  readonly expired: boolean;
  /** Negative after its end. */
  readonly remainingMs: number;
  /** When to look again, within a day: the wall clock may be stepped meanwhile. */
  readonly nextCheckMs: number;
}

export function checkCertificate(pair: CertificatePair, nowNs: UnixNs): CertificateCheck {
  const { due, expired, nextCheckMs } = renewalPlan(pair, nowNs);
  return {
    renewalDue: due,
    expired,
    remainingMs: Number((pair.notAfterNs - nowNs) / NS_PER_MS),
    nextCheckMs: due ? Math.max(nextCheckMs / RENEWAL_TRIES, RETRY_MS_MIN) : nextCheckMs,
  };
}
