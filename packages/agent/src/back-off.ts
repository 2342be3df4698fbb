// Exponential back-off with jitter. Pure: the caller counts and sleeps.

import type { Random } from "@truechimer/base";

export interface BackOffPolicy {
  readonly firstMs: number;
  readonly factor: number;
  /** Share of the delay by which it is shortened or lengthened at random. */
  readonly jitter: number;
  readonly maxMs: number;
}

/** The NTP Pool's agent's, so that its control plane sees the load that it was made for. */
export const WORK_BACK_OFF: BackOffPolicy = {
  firstMs: 3_000,
  factor: 1.5,
  jitter: 0.3,
  maxMs: 120_000,
};

/** Of a submission that could not be delivered: sooner at first, because results wait. */
export const SUBMIT_BACK_OFF: BackOffPolicy = {
  firstMs: 1_000,
  factor: 2,
  jitter: 0.3,
  maxMs: 120_000,
};

/** While the control plane says that the monitor is not live: it may become so at any time. */
export const REFUSED_BACK_OFF: BackOffPolicy = {
  firstMs: 3_000,
  factor: 1.5,
  jitter: 0.3,
  maxMs: 300_000,
};

/** Delay before the next try after `failures` failed ones in a row (from 1). Never above `maxMs`. */
export function backOffDelayMs(policy: BackOffPolicy, failures: number, random: Random): number {
  const steadyMs = Math.min(policy.firstMs * policy.factor ** (failures - 1), policy.maxMs);
  const spread = 1 + policy.jitter * (2 * random.fraction() - 1);
  return Math.min(steadyMs * spread, policy.maxMs);
}
