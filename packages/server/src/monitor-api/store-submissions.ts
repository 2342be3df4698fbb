// The transaction that counts submissions, one of each monitor at most: their monitors locked in the order of their ids,
// then everything else under these locks, so that two such transactions never wait for each other in a circle. Claimed by
// their ids, ordered by their batches, their steps applied, their rows written. A crash at any point leaves all of it or
// nothing.

import { AppError } from "@truechimer/base";
import { inTransaction, type Schema, timestamptzFromUnixUs } from "@truechimer/database";
import type { RuleSet } from "@truechimer/scoring";
import type { Transaction } from "kysely";
import type { ServerContext } from "../context.ts";
import type { RuleSets } from "../rules/rule-sets.ts";
import { applySteps, type StatusToStore } from "./apply-steps.ts";
import type { CallingMonitor } from "./authenticate-monitor.ts";
import { claimSubmissions, giveBack, keepAnswers, lockMonitors } from "./claim-submissions.ts";
import type { Outcome } from "./gather.ts";
import type { StatusRefusal } from "./parse-status.ts";
import type { ParsedTraceroute } from "./parse-traced-status.ts";
import { putOffTurns } from "./put-off-turns.ts";
import { readAssignments, repeatedTimes } from "./read-assignments.ts";
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

/** One of each monitor. What cannot be stored together is stored one by one, so that a bad one fails alone. */
export async function storeSubmissions(
  { database, ruleSets }: Pick<ServerContext, "database" | "ruleSets">,
  submissions: readonly SubmissionToStore[],
): Promise<readonly Outcome<StoreOutcome>[]> {
  try {
    return await inTransaction(database, (transaction) =>
      storeTogether(transaction, ruleSets, submissions),
    );
  } catch (error) {
    const isOfTheWorld = error instanceof AppError && FAILURES_OF_THE_WORLD.has(error.code);
    if (submissions.length === 1 || isOfTheWorld) throw error;
  }
  const outcomes: Outcome<StoreOutcome>[] = [];
  for (const submission of submissions)
    outcomes.push(await storeAlone({ database, ruleSets }, submission));
  return outcomes;
}

async function storeAlone(
  { database, ruleSets }: Pick<ServerContext, "database" | "ruleSets">,
  submission: SubmissionToStore,
): Promise<Outcome<StoreOutcome>> {
  try {
    const [outcome] = await inTransaction(database, (transaction) =>
      storeTogether(transaction, ruleSets, [submission]),
    );
    return outcome ?? { error: new Error("a submission was stored without an outcome") };
  } catch (error) {
    return { error };
  }
}

async function storeTogether(
  transaction: Transaction<Schema>,
  ruleSets: RuleSets,
  submissions: readonly SubmissionToStore[],
): Promise<readonly Outcome<StoreOutcome>[]> {
  const lastSubmits = await lockMonitors(transaction, submissions);
  const duplicates = await claimSubmissions(transaction, submissions);
  const outcomes = new Map<SubmissionToStore, Outcome<StoreOutcome>>();
  const fresh: SubmissionToStore[] = [];
  const late: SubmissionToStore[] = [];
  for (const submission of submissions) {
    const duplicate = duplicates.get(submission);
    const lastSubmit = lastSubmits.get(submission.monitor.id) ?? null;
    const isLate = lastSubmit !== null && timestamptzFromUnixUs(submission.batchAtUs) < lastSubmit;
    if (duplicate !== undefined) outcomes.set(submission, { value: duplicate });
    else if (submission.oncePerBatch && isLate) late.push(submission);
    else fresh.push(submission);
  }
  if (late.length > 0) await giveBack(transaction, late);
  for (const each of late) outcomes.set(each, { error: outOfOrder() });
  // After the claim, which whoever changes the rule set in force locks out (rules/activate-rule-set.ts): so a transaction
  // that claims before the change commits before it, with the set before.
  if (fresh.length > 0)
    await count(transaction, await ruleSets.active(transaction), fresh, outcomes);
  return submissions.map(
    (each) => outcomes.get(each) ?? { error: new Error("a submission came to no outcome") },
  );
}

function outOfOrder(): AppError {
  return new AppError(
    "batch_out_of_order",
    "invalid batch submission: a newer batch was submitted before",
  );
}

async function count(
  transaction: Transaction<Schema>,
  rules: RuleSet,
  submissions: readonly SubmissionToStore[],
  outcomes: Map<SubmissionToStore, Outcome<StoreOutcome>>,
): Promise<void> {
  const assignments = await readAssignments(transaction, submissions);
  const repeated = await repeatedTimes(transaction, submissions, assignments);
  const applied = submissions.map((submission) => ({
    submission,
    ...applySteps(submission, { assignments, repeated, rules }),
  }));
  await writeResults(transaction, applied);
  await putOffTurns(transaction, applied);
  const answers: { submission: SubmissionToStore; refusals: readonly StatusRefusal[] }[] = [];
  for (const { submission, rows, refusals } of applied) {
    const { monitor, traceroutes } = submission;
    const untaken = await storeTraceroutes(transaction, monitor.id, traceroutes);
    const all = [...submission.refusals, ...refusals, ...untaken];
    if (all.length > 0) answers.push({ submission, refusals: all });
    outcomes.set(submission, {
      value: {
        kind: "counted",
        counted: rows.map(({ step }) => ({ step })),
        logScoreIds: rows.map(({ id }) => id),
        traceroutes: traceroutes.length - untaken.length,
        refusals: all,
      },
    });
  }
  await keepAnswers(transaction, answers);
}
