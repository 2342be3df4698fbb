// What the witnesses say now, counted. A monitor's witness counts while its last check is fresh; each then says exactly
// one thing: measured (for or against the server), refused by the server itself, silent, or nothing yet. Offset ± bound
// must lie wholly outside of the limit to speak against a server, so that a long path never makes a liar of it.

import type { UnixNs } from "@truechimer/base";
import { isExplicitBad, LEAP_NOT_SYNCHRONISED, type SampleReason } from "@truechimer/ntp";
import type { VerdictReason } from "./verdict-reason.ts";
import type { VerdictPolicy, Witness, WitnessAnswer } from "./witness.ts";

/** What a witness says now. */
type Statement =
  | { readonly kind: "measured"; readonly answer: WitnessAnswer; readonly isAgainst: boolean }
  | { readonly kind: "refused"; readonly reason: RefusalReason }
  | { readonly kind: "silent"; readonly gotSomething: boolean }
  | { readonly kind: "nothing" };

type RefusalReason = Extract<VerdictReason, SampleReason | "stratum_zero">;

/** The counts that decide, and that the sentence tells. */
export interface Tally {
  readonly measured: number;
  readonly against: number;
  readonly refused: number;
  /** The most frequent of the reasons with which the server refused. */
  readonly refusal: RefusalReason | undefined;
  readonly silent: number;
  /** Of the silent: those whose last check got a datagram that is no valid answer. */
  readonly silentWithDatagram: number;
  readonly middle: WitnessAnswer | undefined;
}

/** Counts what the witnesses say at `nowNs`. */
export function verdictTally({ nowNs, witnesses, policy }: TallyInput): Tally {
  return tallyOf(witnesses.map((witness) => statementOf(witness, nowNs, policy)));
}

/** Who is asked, when, and by which policy. */
export interface TallyInput {
  readonly nowNs: UnixNs;
  readonly witnesses: readonly Witness[];
  readonly policy: VerdictPolicy;
}

function statementOf(witness: Witness, nowNs: UnixNs, policy: VerdictPolicy): Statement {
  const { checkedAtNs, reason, leap, answer, watchingSinceNs } = witness;
  const freshForNs = witness.intervalNs * BigInt(policy.freshIntervals);
  if (checkedAtNs === undefined || nowNs - checkedAtNs >= freshForNs) return { kind: "nothing" };
  const refusal = reason ?? (leap === LEAP_NOT_SYNCHRONISED ? "not_synchronised" : undefined);
  if (isRefusal(refusal)) return { kind: "refused", reason: refusal };
  if (answer !== undefined && nowNs - answer.atNs < freshForNs) {
    return { kind: "measured", answer, isAgainst: isOutside(answer, policy.offsetLimitNs) };
  }
  if (nowNs - (answer?.atNs ?? watchingSinceNs) < freshForNs) return { kind: "nothing" };
  return { kind: "silent", gotSomething: reason !== undefined && INVALID_ANSWERS.has(reason) };
}

/** Something came back, but it is no answer. */
const INVALID_ANSWERS: ReadonlySet<string> = new Set<SampleReason>([
  "truncated",
  "bad_extension",
  "origin_mismatch",
  "bad_mode",
  "bad_version",
  "zero_transmit",
  "receive_after_transmit",
  "negative_delay",
]);

function isRefusal(reason: string | undefined): reason is RefusalReason {
  return reason === "stratum_zero" || isExplicitBad(reason);
}

/** Whether the whole of offset ± bound lies beyond the limit. */
function isOutside({ offsetNs, boundNs }: WitnessAnswer, limitNs: bigint): boolean {
  const magnitudeNs = offsetNs < 0n ? -offsetNs : offsetNs;
  return magnitudeNs - boundNs > limitNs;
}

function tallyOf(statements: readonly Statement[]): Tally {
  const measured = statements.filter((statement) => statement.kind === "measured");
  const refused = statements.filter((statement) => statement.kind === "refused");
  const silent = statements.filter((statement) => statement.kind === "silent");
  return {
    measured: measured.length,
    against: measured.filter(({ isAgainst }) => isAgainst).length,
    refused: refused.length,
    refusal: mostFrequent(refused.map(({ reason }) => reason)),
    silent: silent.length,
    silentWithDatagram: silent.filter(({ gotSomething }) => gotSomething).length,
    middle: middleOf(measured.map(({ answer }) => answer)),
  };
}

/** Of equally frequent ones the first in the alphabet, so that the order of the witnesses does not matter. */
function mostFrequent<Value extends string>(values: readonly Value[]): Value | undefined {
  const counts = Map.groupBy(values.toSorted(), (value) => value);
  return [...counts].toSorted(([, a], [, b]) => b.length - a.length)[0]?.[0];
}

/** The lower median by offset; of equal offsets the one with the smaller bound. */
function middleOf(answers: readonly WitnessAnswer[]): WitnessAnswer | undefined {
  const sorted = answers.toSorted((a, b) => {
    const difference = a.offsetNs - b.offsetNs || a.boundNs - b.boundNs;
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  });
  return sorted[Math.ceil(sorted.length / 2) - 1];
}
