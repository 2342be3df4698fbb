// Whether the host's own clock is good enough to judge others, from what trusted servers say of it. Pure. The NTP
// Pool's agent's rule: a strict majority of the servers must answer, be synchronised, and be within 10 ms.

import type { CheckResult } from "@truechimer/ntp";

/** Exactly this much still passes. */
export const LOCAL_OFFSET_NS_MAX = 10_000_000n;

export interface TrustedHostCheck {
  readonly host: string;
  readonly result: CheckResult;
}

export interface LocalClockVerdict {
  readonly ok: boolean;
  /** The hosts that failed, each with why, for people. */
  readonly failures: readonly string[];
}

export function localClockVerdict(checks: readonly TrustedHostCheck[]): LocalClockVerdict {
  const failures = checks.flatMap(({ host, result }) => {
    const failure = failureOf(result);
    return failure === undefined ? [] : [`${host}: ${failure}`];
  });
  return { ok: failures.length <= failuresAllowed(checks.length), failures };
}

/** Whether one trusted server's check speaks for the host's clock. */
export function vouchesForUs(result: CheckResult): boolean {
  return failureOf(result) === undefined;
}

/** -1 for none: nobody has vouched for the clock. */
function failuresAllowed(hosts: number): number {
  return hosts - Math.floor((hosts + 2) / 2);
}

function failureOf({ outcome }: CheckResult): string | undefined {
  if (outcome.reason !== undefined) return outcome.reason;
  const offsetNs = outcome.offsetNs ?? 0n;
  const magnitudeNs = offsetNs < 0n ? -offsetNs : offsetNs;
  if (magnitudeNs <= LOCAL_OFFSET_NS_MAX) return;
  return `offset ${Number(offsetNs) / 1e6} ms is beyond ${Number(LOCAL_OFFSET_NS_MAX) / 1e6} ms`;
}
