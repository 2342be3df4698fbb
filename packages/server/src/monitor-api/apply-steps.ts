// The statuses of a submission and the assignments that they are about become rows of results, or refusals.

import type { monitorV2 } from "@truechimer/api";
import type { RuleSet } from "@truechimer/scoring";
import { applyStep, type HeldAssignment, type ResultRow } from "./apply-step.ts";
import { batchProblem } from "./counted-batches.ts";
import type { ParsedStatus, StatusRefusal } from "./parse-status.ts";
import type { Assignments } from "./read-assignments.ts";
import type { SubmissionToStore } from "./store-submissions.ts";

export interface StatusToStore {
  readonly status: ParsedStatus;
  /** Its time as the database keeps it, in Unix microseconds. */
  readonly atUs: number;
  /** As it came, for its evidence. */
  readonly wire: monitorV2.ServerStatus | undefined;
  /** Its exchanges in the bytes that they came in, where these are at hand. */
  readonly exchangesCameAs: readonly Uint8Array[] | undefined;
}

const REFUSALS = {
  unassigned: {
    code: "unassigned_server",
    message: "the server is not watched any more, or is not known",
  },
  counted: {
    code: "conflict",
    message: "a result of this batch has been counted for this server",
  },
  repeated: {
    code: "conflict",
    message: "a result of this time has been counted for this server",
  },
  too_old: {
    code: "batch_out_of_order",
    message:
      "so many later batches have been counted for this server that this one cannot be told from them",
  },
} as const;

export interface StepInput {
  /** In force. */
  readonly rules: RuleSet;
  readonly assignments: Assignments;
  /** Results whose time was counted before. */
  readonly repeated: ReadonlySet<StatusToStore>;
}

export interface AppliedSteps {
  readonly rows: readonly ResultRow[];
  readonly refusals: readonly StatusRefusal[];
}

export function applySteps(
  submission: SubmissionToStore,
  { assignments, repeated, rules }: StepInput,
): AppliedSteps {
  const { statuses, batchId, batchAtUs, oncePerBatch, traceId } = submission;
  const rows: ResultRow[] = [];
  const refusals: StatusRefusal[] = [];
  for (const each of statuses) {
    const { status } = each;
    const assignment = assignments.get(each);
    const problem = repeated.has(each) ? "repeated" : problemOf(each.atUs, assignment, submission);
    if (assignment === undefined || problem !== undefined) {
      refusals.push({ index: status.index, ...REFUSALS[problem ?? "unassigned"] });
    } else {
      const countedBatch = oncePerBatch ? batchId : undefined;
      rows.push(applyStep({ ...each, rules, assignment, countedBatch, batchAtUs, traceId }));
    }
  }
  return { rows, refusals };
}

function problemOf(
  atUs: number,
  assignment: HeldAssignment | undefined,
  { batchId, oncePerBatch }: SubmissionToStore,
): "unassigned" | "counted" | "too_old" | undefined {
  if (assignment === undefined) return "unassigned";
  // What was measured before the server was removed is part of its history.
  const { removedAtUs, countedBatches } = assignment;
  if (removedAtUs !== null && atUs > removedAtUs) return "unassigned";
  return oncePerBatch ? batchProblem(countedBatches, batchId) : undefined;
}
