// When a summary is due, and of which time.

import type { UnixNs } from "@truechimer/base";

const DAY_NS = 86_400_000_000_000n;
const MINUTE_NS = 60_000_000_000n;
/** 1970-01-01 was a Thursday; Mondays are three days before it. */
const MONDAY_DAYS = -3n;

/** When summaries are sent. */
export interface DigestSchedule {
  readonly every: "daily" | "weekly";
  /** Minutes after 00:00 UTC. Weekly ones are sent on Mondays. */
  readonly minute: number;
}

/** The last instant, `nowNs` included, at which a summary was due. */
export function digestDueNs({ every, minute }: DigestSchedule, nowNs: UnixNs): UnixNs {
  const periodNs = every === "daily" ? DAY_NS : 7n * DAY_NS;
  const shiftNs = BigInt(minute) * MINUTE_NS + (every === "daily" ? 0n : MONDAY_DAYS * DAY_NS);
  const since = nowNs - shiftNs;
  return since - (((since % periodNs) + periodNs) % periodNs) + shiftNs;
}
