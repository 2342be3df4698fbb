// When a certificate is renewed: in the last third of its life, as the NTP Pool's agent does. Computed from the two
// instants in the certificate, so that whoever holds it and whoever shows it agree.

import type { UnixNs } from "@truechimer/base";

/** The last share of the life in which a certificate is renewed: one third. */
export const RENEWAL_SHARE = 3n;

const MS_NS = 1_000_000n;
/** While a renewal is due, it is tried at least this often, however long the life is. */
const RETRY_MS_MAX = 2 * 3_600_000;
/** Never more often: a certificate without any life left must not make a busy loop. */
const CHECK_MS_MIN = 1_000;
/** A host may sleep and its clock may be set, so nobody waits for weeks on one timer. */
const CHECK_MS_MAX = 24 * 3_600_000;

/** The two instants of a certificate. */
export interface CertificateLife {
  readonly notBeforeNs: UnixNs;
  readonly notAfterNs: UnixNs;
}

/** How a certificate stands to its end at one instant. */
export interface RenewalPlan {
  /** It is in the last third of its life, or past its end. */
  readonly due: boolean;
  readonly expired: boolean;
  /** From here on it is due. */
  readonly renewAfterNs: UnixNs;
  /** When to look again, from 1 s to 24 h. */
  readonly nextCheckMs: number;
}

/** First instant of the last third. */
export function renewAfter({ notBeforeNs, notAfterNs }: CertificateLife): UnixNs {
  return notAfterNs - (notAfterNs - notBeforeNs) / RENEWAL_SHARE;
}

/** As of `nowNs` on the wall clock. */
export function renewalPlan(life: CertificateLife, nowNs: UnixNs): RenewalPlan {
  const renewAfterNs = renewAfter(life);
  const due = nowNs > renewAfterNs;
  const lastThirdMs = Number((life.notAfterNs - renewAfterNs) / MS_NS);
  const untilDueMs = Number((renewAfterNs - nowNs) / MS_NS) + CHECK_MS_MIN;
  const nextCheckMs = due ? Math.min(lastThirdMs, RETRY_MS_MAX) : untilDueMs;
  return {
    due,
    expired: nowNs > life.notAfterNs,
    renewAfterNs,
    nextCheckMs: Math.max(CHECK_MS_MIN, Math.min(nextCheckMs, CHECK_MS_MAX)),
  };
}
