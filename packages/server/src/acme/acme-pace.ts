// How often an authority may be asked: never more than the limits that Let's Encrypt publishes, whoever restarts what, and
// ever more seldom while it fails. The orders are counted in the database, before each is made.

import { AppError, type Random } from "@truechimer/base";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * Of one account, whatever the names. Let's Encrypt allows five failed proofs of a name an hour
 * (https://letsencrypt.org/docs/rate-limits/), and 300 orders in three hours.
 */
const ORDERS_PER_HOUR_MAX = 4;
/** Of the same names. Let's Encrypt issues five in seven days, and none after that. */
const CERTIFICATES_PER_WEEK_MAX = 4;

/** After the first failure; each further one in a row doubles it, up to the last. */
interface BackOff {
  readonly firstMs: number;
  readonly lastMs: number;
}

/** Nobody has been troubled: the authority was not reached. */
const UNREACHED: BackOff = { firstMs: MINUTE_MS, lastMs: HOUR_MS };
/** The authority has counted it. */
const REFUSED: BackOff = { firstMs: 15 * MINUTE_MS, lastMs: 12 * HOUR_MS };

const UNREACHED_CODES: ReadonlySet<string> = new Set(["peer_unreachable", "peer_untrusted"]);
/** So that a thousand installations that failed at one instant do not come back at one. */
const JITTER = 0.2;
const DOUBLINGS_MAX = 20;

export interface FailedAttempt {
  /** In a row, this one among them; 1 or more. */
  readonly failures: number;
  readonly error: unknown;
  readonly random: Random;
}

/** Pause before the next attempt: never shorter than the authority asked for. */
export function retryDelayMs({ failures, error, random }: FailedAttempt): number {
  const coded = error instanceof AppError ? error : undefined;
  const { firstMs, lastMs } = UNREACHED_CODES.has(coded?.code ?? "") ? UNREACHED : REFUSED;
  const doubled = firstMs * 2 ** Math.min(failures - 1, DOUBLINGS_MAX);
  const jitter = 1 + JITTER * (2 * random.fraction() - 1);
  return Math.max(Math.min(doubled, lastMs) * jitter, coded?.retryAfterMs ?? 0);
}

export interface OrdersMade {
  /** Of this account, in the last hour. */
  readonly inHour: number;
  /** Certificates of the same names, in the last seven days. */
  readonly issuedInWeek: number;
}

/** What another order would break. Undefined: nothing. */
export function orderProblem({ inHour, issuedInWeek }: OrdersMade): AppError | undefined {
  if (inHour >= ORDERS_PER_HOUR_MAX) {
    return new AppError(
      "limit_exceeded",
      `${inHour} certificates were ordered in the last hour: at most ${ORDERS_PER_HOUR_MAX} are, so that the authority's own limit is never reached`,
      { retryAfterMs: HOUR_MS / ORDERS_PER_HOUR_MAX },
    );
  }
  if (issuedInWeek >= CERTIFICATES_PER_WEEK_MAX) {
    return new AppError(
      "limit_exceeded",
      `${issuedInWeek} certificates for the same names were issued in seven days: at most ${CERTIFICATES_PER_WEEK_MAX} are, so that the authority's own limit is never reached; see that nothing deletes them`,
      { retryAfterMs: 6 * HOUR_MS },
    );
  }
  return undefined;
}
