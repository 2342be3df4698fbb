// When a certificate is to be renewed. The NTP Pool's rule: in the last third of its life.

import type { UnixNs } from "@truechimer/base";
import type { CertificatePair } from "./certificate-pair.ts";

/** The share of a certificate's life, at its end, in which it is renewed: one part of this many. */
export const RENEWAL_LIFE_PARTS = 3n;
/** Tries within that last third, should the first fail. */
const RENEWAL_TRIES = 4n;
/** A certificate of seconds is looked at no more often than this. */
const NEXT_CHECK_MS_MIN = 10_000;
/** The wall clock may be stepped while a timer runs: no check is further away than this. */
const NEXT_CHECK_MS_MAX = 3_600_000;
/** So that the check does not come a moment before the renewal is due. */
const AFTER_DUE_MS = 1_000;
const NS_PER_MS = 1_000_000n;

export interface CertificateCheck {
  /** It is time to ask for a new one. */
  readonly renewalDue: boolean;
  /** It has ended: no peer takes it. */
  readonly expired: boolean;
  readonly remainingMs: number;
  /** Bounded by 10 s and an hour. */
  readonly nextCheckMs: number;
}

export function checkCertificate(pair: CertificatePair, nowNs: UnixNs): CertificateCheck {
  const lifeNs = pair.notAfterNs - pair.notBeforeNs;
  const renewAfterNs = pair.notAfterNs - lifeNs / RENEWAL_LIFE_PARTS;
  const renewalDue = nowNs > renewAfterNs;
  const nextMs = renewalDue
    ? msFromNs(lifeNs / RENEWAL_LIFE_PARTS / RENEWAL_TRIES)
    : msFromNs(renewAfterNs - nowNs) + AFTER_DUE_MS;
  return {
    renewalDue,
    expired: nowNs > pair.notAfterNs,
    remainingMs: msFromNs(pair.notAfterNs - nowNs),
    nextCheckMs: Math.min(Math.max(nextMs, NEXT_CHECK_MS_MIN), NEXT_CHECK_MS_MAX),
  };
}

function msFromNs(ns: bigint): number {
  return Number(ns / NS_PER_MS);
}
