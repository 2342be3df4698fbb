// To wait until an agent is what it has to be. Each wait looks at what is there first, hears of every change, and asks
// the control plane again with growing pauses; no refusal and no broken network ends it, only its signal.

import { AppError, type Clock, type Random, sleep } from "@truechimer/base";
import { type BackOffPolicy, backOffDelayMs } from "../back-off.ts";
import type { ChangingValue } from "./changing-value.ts";
import type { IdentitySnapshot } from "./identity-snapshot.ts";
import type { ReloadOutcome } from "./reload-loop.ts";

/** The pauses of the NTP Pool's agent. */
function pauses(firstMs: number, maxMs: number): BackOffPolicy {
  return { firstMs, factor: 1.5, jitter: 0.1, maxMs };
}

const MINUTE_MS = 60_000;
export const API_KEY_WAIT: BackOffPolicy = pauses(30_000, 5 * MINUTE_MS);
/** The key is there and refused: a person has to act. */
export const API_KEY_REFUSED_WAIT: BackOffPolicy = pauses(10 * MINUTE_MS, 240 * MINUTE_MS);
export const CERTIFICATE_WAIT: BackOffPolicy = pauses(4_000, 2 * MINUTE_MS);
export const LIVE_WAIT: BackOffPolicy = pauses(MINUTE_MS, 20 * MINUTE_MS);

export interface IdentityWaitOptions {
  readonly value: ChangingValue<IdentitySnapshot>;
  readonly clock: Clock;
  readonly random: Random;
  readonly accept: (snapshot: IdentitySnapshot) => boolean;
  readonly policy: (snapshot: IdentitySnapshot) => BackOffPolicy;
  /** Never rejects. */
  readonly reload: () => Promise<ReloadOutcome>;
  /** Called before each pause with its length, so that a person is told what is waited for. */
  readonly onWait: (restMs: number, tries: number) => void;
  readonly signal: AbortSignal;
}

export async function waitForIdentity(options: IdentityWaitOptions): Promise<IdentitySnapshot> {
  const { value, accept, signal } = options;
  let tries = 0;
  for (;;) {
    signal.throwIfAborted();
    const seen = value.current;
    if (accept(seen)) return seen;
    tries += 1;
    const restMs = backOffDelayMs(options.policy(seen), tries, options.random);
    options.onWait(restMs, tries);
    if (await changedWithin(options, restMs, seen)) {
      tries = 0;
    } else {
      await unlessAborted(options.reload(), signal);
    }
  }
}

/** Whether another snapshot came before the time was up. */
async function changedWithin(
  { value, clock, signal }: IdentityWaitOptions,
  restMs: number,
  seen: IdentitySnapshot,
): Promise<boolean> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const rested = sleep(clock, restMs, either).then(() => false);
  const changed = value.until((snapshot) => snapshot !== seen, either).then(() => true);
  try {
    return await Promise.race([rested, changed]);
  } finally {
    over.abort(new AppError("stopped", "the wait is over"));
    await Promise.allSettled([rested, changed]);
  }
}

async function unlessAborted(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason as Error);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([Promise.allSettled([work]), aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
