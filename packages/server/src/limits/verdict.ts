// What became of one request at one limit, and how the caller is told: the fields of
// draft-ietf-httpapi-ratelimit-headers-11, and RFC 9110, section 10.2.3 (Retry-After).

import { AppError } from "@truechimer/base";
import type { CallRefusal } from "../http/connect-plugin.ts";
import type { RateLimit } from "./rate-limits.ts";

export interface Verdict {
  readonly limit: RateLimit;
  readonly passed: boolean;
  /** What is left in this window, as far as this replica knows; 0 when it was refused. */
  readonly remaining: number;
  /** Until the window ends. */
  readonly resetMs: number;
  /** Refused because the database does not answer, and not because of the count. */
  readonly storeDown: boolean;
}

/** Of an answer, whether it passed or not. */
export function limitHeaders({
  limit,
  passed,
  remaining,
  resetMs,
}: Verdict): Readonly<Record<string, string>> {
  const seconds = Math.max(1, Math.ceil(resetMs / 1_000));
  const policy =
    limit.windowMs === 0
      ? `"${limit.name}";q=${limit.max};qu="concurrent-requests"`
      : `"${limit.name}";q=${limit.max};w=${Math.max(1, Math.round(limit.windowMs / 1_000))}`;
  return {
    "ratelimit-policy": policy,
    ratelimit: `"${limit.name}";r=${Math.max(0, Math.floor(remaining))};t=${seconds}`,
    ...(passed ? {} : { "retry-after": String(seconds) }),
  };
}

/** Thrown by a procedure: the answer carries the headers. */
export class LimitExceeded extends AppError {
  override readonly name: string = "LimitExceeded";
  readonly verdict: Verdict;

  constructor(verdict: Verdict, message: string) {
    super(verdict.storeDown ? "database_unreachable" : "limit_exceeded", message, {
      retryAfterMs: verdict.resetMs,
    });
    this.verdict = verdict;
  }
}

export function limitExceeded(verdict: Verdict, message?: string): LimitExceeded {
  return new LimitExceeded(verdict, message ?? limitMessage(verdict));
}

/** The same before a procedure was reached. */
export function limitRefusal(verdict: Verdict): CallRefusal {
  const { storeDown } = verdict;
  return {
    status: storeDown ? 503 : 429,
    connectCode: storeDown ? "unavailable" : "resource_exhausted",
    code: storeDown ? "database_unreachable" : "limit_exceeded",
    message: limitMessage(verdict),
    headers: limitHeaders(verdict),
  };
}

function limitMessage({ limit, resetMs, storeDown }: Verdict): string {
  if (storeDown) return "the control plane's database does not answer: try again";
  const back = `come back in ${spanWords(Math.max(1_000, resetMs))}`;
  if (limit.windowMs === 0) return `more than ${limit.max} at once (${limit.name}): ${back}`;
  return `more than ${limit.max} ${limit.counts} within ${spanWords(limit.windowMs)} (${limit.name}): ${back}`;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** "an hour", "10 min", "42 s": for "within …" and "in …". Rounded up to seconds. */
export function spanWords(ms: number): string {
  if (ms === HOUR_MS) return "an hour";
  if (ms === MINUTE_MS) return "a minute";
  if (ms >= MINUTE_MS && ms % MINUTE_MS === 0) return `${ms / MINUTE_MS} min`;
  const seconds = Math.ceil(ms / SECOND_MS);
  return seconds === 1 ? "a second" : `${seconds} s`;
}
