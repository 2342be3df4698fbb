// What one check from this host says of a clock, in the words of the fleet's verdicts.

import { formatOffset } from "@truechimer/base";
import { type CheckOutcome, reasonText, type SampleReason } from "@truechimer/ntp";
import { EXIT, type ExitCode } from "../exit-code.ts";

export interface ClockJudgement {
  readonly verdict: "truechimer" | "falseticker" | "unreachable" | "unsure";
  /** One clause for people. */
  readonly text: string;
  readonly exitCode: ExitCode;
}

/** The server's own word that its clock is not to be used: as bad as a wrong offset. */
const BAD_BY_ITS_OWN_WORD: ReadonlySet<SampleReason> = new Set<SampleReason>([
  "bad_stratum",
  "not_synchronised",
  "bad_root_distance",
]);

export function judgeClock(outcome: CheckOutcome, limitNs: bigint): ClockJudgement {
  const { reason, noResponse, offsetNs } = outcome;
  if (reason !== undefined) return judgeFailure(reason, noResponse);
  if (offsetNs === undefined) return judgeFailure("timeout", true);
  const boundNs = outcome.boundNs ?? 0n;
  const magnitudeNs = offsetNs < 0n ? -offsetNs : offsetNs;
  const limit = `±${formatOffset(limitNs).slice(1)}`;
  if (magnitudeNs - boundNs > limitNs) {
    const side = offsetNs < 0n ? "behind" : "ahead";
    return { verdict: "falseticker", text: `${side}, beyond ${limit}`, exitCode: EXIT.bad };
  }
  return { verdict: "truechimer", text: `within ${limit}`, exitCode: EXIT.good };
}

function judgeFailure(reason: SampleReason, noResponse: boolean): ClockJudgement {
  if (noResponse) {
    return { verdict: "unreachable", text: reasonText(reason), exitCode: EXIT.noAnswer };
  }
  const exitCode = BAD_BY_ITS_OWN_WORD.has(reason) ? EXIT.bad : EXIT.noAnswer;
  return { verdict: "unsure", text: reasonText(reason), exitCode };
}

/** A bad clock outweighs a silent one. */
export function overallExitCode(codes: readonly ExitCode[]): ExitCode {
  if (codes.includes(EXIT.bad)) return EXIT.bad;
  return codes.includes(EXIT.noAnswer) ? EXIT.noAnswer : EXIT.good;
}

export interface MeasuredOffset {
  readonly offsetNs: bigint;
  readonly boundNs: bigint;
}

/**
 * Whether every clock is off by the same amount, as far as the bounds and the limit can tell. Then the clock of this
 * host is the likelier liar.
 */
export function agreeAgainstUs(offsets: readonly MeasuredOffset[], limitNs: bigint): boolean {
  if (offsets.length < 2) return false;
  const lowest = largest(offsets.map(({ offsetNs, boundNs }) => offsetNs - boundNs));
  const highest = -largest(offsets.map(({ offsetNs, boundNs }) => -(offsetNs + boundNs)));
  return lowest - highest <= limitNs;
}

function largest(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => (a > b ? a : b));
}
