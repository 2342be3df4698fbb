// The step table as data: which row a status is decided by, and whether the table decides every status and each row is
// reached. Both are found out by looking: what rows ask for divides the statuses into a finite number of kinds that no row
// tells apart, and one of each kind is tried.

import { formatDurationNs } from "@truechimer/base";
import { isAgentFault, SAMPLE_REASONS } from "@truechimer/ntp";
import type { RuleProblem } from "./rule-fields.ts";
import type { StepCondition, StepRow } from "./rule-set.ts";
import { LEGACY_STATUS_REASONS } from "./status-reason.ts";

/** What the step looks at in the status of a check. */
export interface ScoredStatus {
  /** Nothing came back that can be judged. */
  readonly noResponse: boolean;
  /** A coded reason; undefined when the check succeeded. */
  readonly reason: string | undefined;
  readonly offsetNs: bigint | undefined;
  /** 0 when unknown. */
  readonly stratum: number;
}

/** Whether all conditions hold. */
export function conditionHolds(when: StepCondition, status: ScoredStatus): boolean {
  const { noResponse, reason, offsetNs, stratum } = status;
  if (when.agentFault === true && !isAgentFault(reason)) return false;
  if (when.noResponse === true && !noResponse) return false;
  if (when.failed === true && reason === undefined && offsetNs !== undefined) return false;
  if (when.reasons !== undefined && !(when.reasons as readonly string[]).includes(reason ?? "none"))
    return false;
  if (when.stratumMin !== undefined && stratum < when.stratumMin) return false;
  if (when.stratumMax !== undefined && stratum > when.stratumMax) return false;
  return when.offsetAboveNs === undefined || magnitudeNs(offsetNs) > when.offsetAboveNs;
}

/** |offset|; without an offset less than any. */
export function magnitudeNs(offsetNs: bigint | undefined): bigint {
  if (offsetNs === undefined) return -1n;
  return offsetNs < 0n ? -offsetNs : offsetNs;
}

/** A status that no row decides; rows that decide nothing; rows by which an agent's own fault would count. */
export function stepTableProblems(rows: readonly StepRow[]): readonly RuleProblem[] {
  const reached = new Set<StepRow>();
  const problems: RuleProblem[] = [];
  let hole: ScoredStatus | undefined;
  const blamed = new Set<StepRow>();
  for (const status of kindsOfStatus(rows)) {
    const row = rows.find(({ when }) => conditionHolds(when, status));
    if (row === undefined) {
      hole ??= status;
      continue;
    }
    reached.add(row);
    if (!row.counts || !isAgentFault(status.reason) || blamed.has(row)) continue;
    blamed.add(row);
    problems.push({
      place: `steps[${rows.indexOf(row)}]`,
      text: `by row ${row.rule} an agent's own fault (${status.reason ?? ""}) would count against the server: expected a row with "agent_fault" and "counts": false before it`,
    });
  }
  if (hole !== undefined) {
    problems.push({
      place: "steps",
      text: `the table has a hole: no row decides ${statusText(hole)}: expected a last row without conditions, or one for it`,
    });
  }
  for (const [index, row] of rows.entries()) {
    if (reached.has(row)) continue;
    problems.push({
      place: `steps[${index}]`,
      text: `row ${row.rule} is never reached: rows before it decide all that it asks for; expected it further up, or not at all`,
    });
  }
  return problems;
}

/** One status of each kind. The most common kinds come first, so that a hole is told by one that people know. */
function* kindsOfStatus(rows: readonly StepRow[]): Iterable<ScoredStatus> {
  const offsets = offsetKinds(rows);
  const strata = stratumKinds(rows);
  for (const reason of [undefined, ...SAMPLE_REASONS, ...LEGACY_STATUS_REASONS]) {
    for (const noResponse of [false, true]) {
      for (const stratum of strata) {
        for (const offsetNs of offsets) yield { noResponse, reason, offsetNs, stratum };
      }
    }
  }
}

/** Good offsets first: 0, and each threshold with the nanosecond above it, and none. */
function offsetKinds(rows: readonly StepRow[]): readonly (bigint | undefined)[] {
  const thresholds = rows.flatMap(({ when: { offsetAboveNs } }) => offsetAboveNs ?? []);
  const known = new Set([0n, ...thresholds, ...thresholds.map((threshold) => threshold + 1n)]);
  return [...[...known].toSorted((a, b) => (a < b ? -1 : 1)), undefined];
}

/** An ordinary stratum first. */
function stratumKinds(rows: readonly StepRow[]): readonly number[] {
  const known = new Set([2, 0, 1, STRATUM_MAX]);
  for (const { when } of rows) {
    if (when.stratumMin !== undefined) known.add(when.stratumMin).add(when.stratumMin - 1);
    if (when.stratumMax !== undefined) known.add(when.stratumMax).add(when.stratumMax + 1);
  }
  return [...known].filter((stratum) => stratum >= 0 && stratum <= STRATUM_MAX);
}

/** A byte of the packet. */
export const STRATUM_MAX = 255;

function statusText({ noResponse, reason, offsetNs, stratum }: ScoredStatus): string {
  const outcome = reason === undefined ? "a check without a reason" : `a check with ${reason}`;
  const silent = noResponse ? " and no response" : "";
  const offset =
    offsetNs === undefined ? "no offset" : `an offset of ${formatDurationNs(offsetNs)}`;
  return `${outcome}${silent}, stratum ${stratum} and ${offset}`;
}
