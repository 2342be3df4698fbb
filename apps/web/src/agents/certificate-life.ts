// How much of a certificate's life is spent, and whether its renewal is on its way.

import { msOf } from "../api/message.ts";
import { formatLong } from "../format/relative-time.ts";

interface WireTimestamp {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** The parts of a certificate of the wire that its life depends on. */
export interface WireCertificate {
  readonly notBefore?: WireTimestamp | undefined;
  readonly notAfter?: WireTimestamp | undefined;
  readonly renewAfter?: WireTimestamp | undefined;
  readonly revokedAt?: WireTimestamp | undefined;
}

/**
 * `good`: before its renewal. `renewing`: the agent asks for the next one. `ending`: in the last sixth of its life and
 * still not replaced. `ended` and `revoked`: it opens nothing any more. `early`: it is not valid yet.
 */
export type CertificateState = "early" | "good" | "renewing" | "ending" | "ended" | "revoked";

export interface CertificateLife {
  readonly state: CertificateState;
  readonly fromMs: number;
  readonly toMs: number;
  readonly renewMs: number;
  /** Spent share of the life, 0 to 1. */
  readonly spent: number;
  /** Where in the life renewal begins, 0 to 1. */
  readonly renewAt: number;
  /** "21 d 3 h left" */
  readonly text: string;
}

/** A certificate that is not replaced by then has missed half of the time that there was for it. */
const ENDING_SHARE = 1 / 6;
/** Where renewal begins if the server does not say: in the last third. */
const RENEW_SHARE = 1 / 3;

/** Undefined: without both ends there is no life to speak of. */
export function certificateLife(
  certificate: WireCertificate | undefined,
  nowMs: number,
): CertificateLife | undefined {
  const fromMs = msOf(certificate?.notBefore);
  const toMs = msOf(certificate?.notAfter);
  if (fromMs === undefined || toMs === undefined || toMs <= fromMs) return undefined;
  const length = toMs - fromMs;
  const renewMs = msOf(certificate?.renewAfter) ?? toMs - length * RENEW_SHARE;
  const revokedAtMs = msOf(certificate?.revokedAt);
  const state: CertificateState =
    revokedAtMs !== undefined
      ? "revoked"
      : nowMs < fromMs
        ? "early"
        : nowMs >= toMs
          ? "ended"
          : toMs - nowMs <= length * ENDING_SHARE
            ? "ending"
            : nowMs >= renewMs
              ? "renewing"
              : "good";
  return {
    state,
    fromMs,
    toMs,
    renewMs,
    spent: clamp((nowMs - fromMs) / length),
    renewAt: clamp((renewMs - fromMs) / length),
    text: lifeText(state, { fromMs, toMs, nowMs }),
  };
}

function lifeText(
  state: CertificateState,
  at: { readonly fromMs: number; readonly toMs: number; readonly nowMs: number },
): string {
  if (state === "revoked") return "revoked";
  if (state === "early") return `valid in ${formatLong(at.fromMs - at.nowMs)}`;
  if (state === "ended") return `ended ${formatLong(at.nowMs - at.toMs)} ago`;
  return `${formatLong(at.toMs - at.nowMs)} left`;
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share));
}
