// The control plane's clock as its answers show it: the Date header, to the second. Enough to find a clock that is off
// by minutes, which no certificate survives; not enough to judge others by.

import { formatDurationNs } from "@truechimer/base";
import { type DoctorFinding, findingsOf } from "../../doctor/finding.ts";

export interface PeerTime {
  /** The control plane's clock minus this host's, milliseconds. */
  readonly offsetMs: number;
  /** The true difference lies within offset ± this. */
  readonly boundMs: number;
}

/** When a request left and its answer came, by this host's clock in milliseconds since 1970. */
export interface AskedAt {
  readonly sentMs: number;
  readonly receivedMs: number;
}

/** RFC 9110, section 5.6.7: a date has no fraction of a second. */
const DATE_RESOLUTION_MS = 1_000;
/** What is more than this, beyond doubt, is no matter of rounding. */
const OFFSET_MS_MAX = 1_000;
const { warning, problem } = findingsOf("clock");

/** Undefined: the header is missing, or no date. */
export function peerTimeFrom(
  date: string | null,
  { sentMs, receivedMs }: AskedAt,
): PeerTime | undefined {
  const atMs = Date.parse(date ?? "");
  if (Number.isNaN(atMs)) return undefined;
  const middleMs = (sentMs + receivedMs) / 2;
  return {
    offsetMs: atMs + DATE_RESOLUTION_MS / 2 - middleMs,
    boundMs: DATE_RESOLUTION_MS / 2 + Math.max(0, receivedMs - sentMs) / 2,
  };
}

export function peerTimeFinding({ offsetMs, boundMs }: PeerTime, remedy: string): DoctorFinding {
  const text = (ms: number): string => formatDurationNs(BigInt(Math.round(ms)) * 1_000_000n);
  const offText = `${text(Math.abs(offsetMs))} ${offsetMs > 0 ? "behind" : "ahead of"} the control plane's, give or take ${text(boundMs)}`;
  if (Math.abs(offsetMs) - boundMs > OFFSET_MS_MAX) {
    return problem(`this host's clock is ${offText}`, remedy);
  }
  return warning(
    `not off by more than ${text(Math.abs(offsetMs) + boundMs)} from the control plane's; not held against time servers: the control plane names none as trusted`,
    "have base_checks set there, or compare it yourself: truechimer-agent check with some servers that you trust",
  );
}
