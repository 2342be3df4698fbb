// The transaction that counts submissions, one of each monitor at most: their monitors locked in the order of their ids,
// then everything else under these locks, so that two such transactions never wait for each other in a circle. Claimed by
// their ids, ordered by their batches, their steps applied, their rows written. A crash at any point leaves all of it or
// nothing.

import { AppError } from "@truechimer/base";
import {
  allOf,
  inPipelinedTransaction,
  type Pipeline,
  type Schema,
  timestamptzFromUnixUs,
} from "@truechimer/database";
import type { RuleSet } from "@truechimer/scoring";
import type { Kysely } from "kysely";
import type { RuleSets } from "../rules/rule-sets.ts";
import { applySteps, type StatusToStore } from "./apply-steps.ts";
import type { CallingMonitor } from "./authenticate-monitor.ts";
import { claimSubmissions, duplicatesOf, giveBack, keepAnswers } from "./claim-submissions.ts";
import type { Outcome } from "./gather.ts";
import type { StatusRefusal } from "./parse-status.ts";
import type { ParsedTraceroute } from "./parse-traced-status.ts";
import { putOffTurns } from "./put-off-turns.ts";
import {
  type FoundAssignments,
  findAssignments,
  madeAssignments,
  repeatedTimes,
} from "./read-assignments.ts";
import { storeTraceroutes } from "./store-traceroutes.ts";
import { writeResults } from "./write-results.ts";

export interface SubmissionToStore {
  readonly monitor: CallingMonitor;
  readonly submissionId: string;
  readonly batchId: string;
  /** When the batch was handed out, in Unix microseconds. */
  readonly batchAtUs: number;
  /**
   * Below version 5: a batch older than the last one is refused as a whole, and one result of a server counts. From then
   * on a batch comes in parts and, under its lease, with results of many times; each time counts once.
   */
  readonly oncePerBatch: boolean;
  /** Each status had a ticket that holds. */
  readonly ticketed: boolean;
  readonly statuses: readonly StatusToStore[];
  readonly traceroutes: readonly ParsedTraceroute[];
  /** What was refused before. */
  readonly refusals: readonly StatusRefusal[];
  readonly traceId: string | undefined;
}

export interface CountedStatus {
  readonly step: number;
}

export type StoreOutcome =
  /** The monitor is not what the call was taken from. Nothing was stored. */
  | { readonly kind: "monitor_changed" }
  | { readonly kind: "duplicate"; readonly answer: Uint8Array | undefined }
  | {
      readonly kind: "counted";
      readonly counted: readonly CountedStatus[];
      /** Of `log_scores`, one for each that was counted. */
      readonly logScoreIds: readonly bigint[];
      /** How many were stored. */
      readonly traceroutes: number;
      /** All of them, also those from before. */
      readonly refusals: readonly StatusRefusal[];
    };

/** Failures that are nobody's submission: all that were together are told, and come back. */
const FAILURES_OF_THE_WORLD: ReadonlySet<string> = new Set([
  "database_unreachable",
  "database_busy",
  "disk_full",
]);

export interface StoreOptions {
  /** What does not need an answer is sent with what is before it. */
  readonly pipeline: Pipeline;
  readonly ruleSets: RuleSets;
}

/** One of each monitor. What cannot be stored together is stored one by one, so that a bad one fails alone. */
export async function storeSubmissions(
  options: StoreOptions,
  submissions: readonly SubmissionToStore[],
): Promise<readonly Outcome<StoreOutcome>[]> {
  try {
    return await storeInTransaction(options, submissions);
  } catch (error) {
    const isOfTheWorld = error instanceof AppError && FAILURES_OF_THE_WORLD.has(error.code);
    if (submissions.length === 1 || isOfTheWorld) throw error;
  }
  const outcomes: Outcome<StoreOutcome>[] = [];
  for (const submission of submissions) outcomes.push(await storeAlone(options, submission));
  return outcomes;
}

async function storeAlone(
  options: StoreOptions,
  submission: SubmissionToStore,
): Promise<Outcome<StoreOutcome>> {
  try {
    const [outcome] = await storeInTransaction(options, [submission]);
    return outcome ?? { error: new Error("a submission was stored without an outcome") };
  } catch (error) {
    return { error };
  }
}

function storeInTransaction(
  { pipeline, ruleSets }: StoreOptions,
  submissions: readonly SubmissionToStore[],
): Promise<readonly Outcome<StoreOutcome>[]> {
  return inPipelinedTransaction({ pipeline }, (transaction) =>
    storeTogether(transaction, ruleSets, submissions),
  );
}

async function storeTogether(
  transaction: Kysely<Schema>,
  ruleSets: RuleSets,
  submissions: readonly SubmissionToStore[],
): Promise<readonly Outcome<StoreOutcome>[]> {
  // The second is carried out after the claim, which whoever changes the rule set in force locks out
  // (rules/activate-rule-set.ts): a transaction that claims before the change commits before it, with the set before.
  const [claims, found] = await allOf([
    claimSubmissions(transaction, submissions),
    findAssignments(transaction, submissions),
  ]);
  const outcomes = new Map<SubmissionToStore, Outcome<StoreOutcome>>();
  const isAsTaken = ({ monitor }: SubmissionToStore): boolean => claims.lastSubmits.has(monitor.id);
  const taken = submissions.filter(isAsTaken);
  const duplicates = await duplicatesOf(transaction, taken, claims);
  const fresh: SubmissionToStore[] = [];
  const late: SubmissionToStore[] = [];
  for (const submission of taken) {
    const duplicate = duplicates.get(submission);
    const lastSubmit = claims.lastSubmits.get(submission.monitor.id) ?? null;
    const isLate = lastSubmit !== null && timestamptzFromUnixUs(submission.batchAtUs) < lastSubmit;
    if (duplicate !== undefined) outcomes.set(submission, { value: duplicate });
    else if (submission.oncePerBatch && isLate) late.push(submission);
    else fresh.push(submission);
  }
  if (late.length > 0) await giveBack(transaction, late);
  for (const each of late) outcomes.set(each, { error: outOfOrder() });
  if (fresh.length > 0) {
    const rules = await ruleSets.inForce(transaction, found.ruleSet);
    await count(transaction, { rules, found, submissions: fresh }, outcomes);
  }
  return submissions.map((each) => outcomes.get(each) ?? { value: { kind: "monitor_changed" } });
}

function outOfOrder(): AppError {
  return new AppError(
    "batch_out_of_order",
    "invalid batch submission: a newer batch was submitted before",
  );
}

interface Countable {
  readonly rules: RuleSet;
  readonly found: FoundAssignments;
  readonly submissions: readonly SubmissionToStore[];
}

async function count(
  transaction: Kysely<Schema>,
  { rules, found, submissions }: Countable,
  outcomes: Map<SubmissionToStore, Outcome<StoreOutcome>>,
): Promise<void> {
  const assignments = await madeAssignments(transaction, submissions, found);
  const repeated = await repeatedTimes(transaction, submissions, assignments);
  const applied = submissions.map((submission) => ({
    submission,
    ...applySteps(submission, { assignments, repeated, rules }),
  }));
  const [untaken] = await allOf([
    allOf(
      applied.map(({ submission: { monitor, traceroutes } }) =>
        storeTraceroutes(transaction, monitor.id, traceroutes),
      ),
    ),
    writeResults(transaction, applied),
    putOffTurns(transaction, applied),
  ]);
  const answers: { submission: SubmissionToStore; refusals: readonly StatusRefusal[] }[] = [];
  for (const [index, { submission, rows, refusals }] of applied.entries()) {
    const { traceroutes } = submission;
    const refusedTraces = untaken[index] ?? [];
    const all = [...submission.refusals, ...refusals, ...refusedTraces];
    if (all.length > 0) answers.push({ submission, refusals: all });
    outcomes.set(submission, {
      value: {
        kind: "counted",
        counted: rows.map(({ step }) => ({ step })),
        logScoreIds: rows.map(({ id }) => id),
        traceroutes: traceroutes.length - refusedTraces.length,
        refusals: all,
      },
    });
  }
  await keepAnswers(transaction, answers);
}
