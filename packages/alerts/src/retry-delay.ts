// When a message that could not be sent is tried again, and when it is given up.

import type { Random } from "@truechimer/base";

const FIRST_MS = 5_000;
/** A mail server that is back is noticed within half an hour. */
const LONGEST_MS = 1_800_000;
/** With the delays above it is two days, for which a weekend's outage is survived by most and read by few. */
export const SEND_ATTEMPTS_MAX = 100;
const JITTER = 0.2;
/** More doublings would overflow. */
const DOUBLINGS_MAX = 20;

/** After so many attempts, the last of which failed. Milliseconds; undefined: it is given up. */
export function retryDelayMs(attempts: number, random: Random): number | undefined {
  if (attempts >= SEND_ATTEMPTS_MAX) return undefined;
  const doublings = Math.min(Math.max(attempts - 1, 0), DOUBLINGS_MAX);
  const delayMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** doublings);
  return Math.round(delayMs * (1 + JITTER * (2 * random.fraction() - 1)));
}
