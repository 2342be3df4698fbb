// Witnesses for tests: a few numbers say what a monitor knows, and verdicts are reached at one fixed instant.

import { type Verdict, verdictOf } from "./verdict.ts";
import { VERDICT_POLICY_UP, type VerdictPolicy, type Witness } from "./witness.ts";

const NOW_NS = 1_767_225_600_000_000_000n;
const MINUTE_NS = 60_000_000_000n;
const MS_NS = 1_000_000n;

export interface WitnessInput {
  readonly offsetMs?: number;
  readonly boundMs?: number;
  /** Intervals (of one minute) since the last check, the last answer, the first check. */
  readonly checkedAgo?: number;
  readonly answeredAgo?: number | undefined;
  readonly watchingFor?: number;
  readonly reason?: string;
}

let lastMonitorId = 0;

function ago(minutes: number): bigint {
  return NOW_NS - BigInt(Math.round(minutes * 60_000)) * MS_NS;
}

export function witness(input: WitnessInput = {}): Witness {
  const { offsetMs = 0, boundMs = 1, checkedAgo = 0.5, watchingFor = 100, reason } = input;
  const answeredAgo = "answeredAgo" in input ? input.answeredAgo : checkedAgo;
  lastMonitorId += 1;
  return {
    monitorId: lastMonitorId,
    checkedAtNs: ago(checkedAgo),
    reason,
    answer:
      answeredAgo === undefined
        ? undefined
        : {
            atNs: ago(answeredAgo),
            offsetNs: BigInt(Math.round(offsetMs * 1e6)),
            boundNs: BigInt(Math.round(boundMs * 1e6)),
          },
    watchingSinceNs: ago(watchingFor),
    intervalNs: MINUTE_NS,
  };
}

export function times(count: number, input: WitnessInput = {}): readonly Witness[] {
  return Array.from({ length: count }, () => witness(input));
}

export function judged(
  witnesses: readonly Witness[],
  policy: VerdictPolicy = VERDICT_POLICY_UP,
): Verdict {
  return verdictOf({ nowNs: NOW_NS, witnesses, policy });
}

export const SILENT: WitnessInput = { reason: "timeout", answeredAgo: undefined };
export const LIAR: WitnessInput = { offsetMs: 40 };
