// What the calls of agents ask of the database, gathered over all calls that this process answers.

import type { Clock } from "@truechimer/base";
import { type Database, onPipeline } from "@truechimer/database";
import type { RuleSets } from "../rules/rule-sets.ts";
import { findMonitors, type MonitorQuestion, type MonitorRow } from "./find-monitors.ts";
import { createGatherer } from "./gather.ts";
import { createKnownMonitors, type KnownMonitors } from "./known-monitors.ts";
import { createPassedOver } from "./passed-over.ts";
import { createSettingsParser } from "./read-settings.ts";
import {
  type StoreOutcome,
  type SubmissionToStore,
  storeSubmissions,
} from "./store-submissions.ts";
import { type DueServers, type TakeDueServersOptions, takeDueServers } from "./take-due-servers.ts";

export interface MonitorCalls {
  /** As the last calls found them. */
  readonly known: KnownMonitors;
  find(question: MonitorQuestion): Promise<readonly MonitorRow[]>;
  takeDue(wanted: TakeDueServersOptions): Promise<DueServers>;
  /** Answered when it is committed. */
  store(submission: SubmissionToStore): Promise<StoreOutcome>;
}

/** Calls in a statement: more gain nothing, and the first of them would wait for the last. */
const CALLS_MAX = 64;
/**
 * Results in a transaction, beside a submission that has more by itself: a few milliseconds of work. The evidence of a
 * result is 500 bytes or so, 70 KB at most.
 */
const RESULTS_MAX = 768;
/** What a statement costs beside its calls is what three to five of them cost: some gather while one is under way. */
const CALLS_BESIDE_MIN = 24;
/** Some times what a statement takes: the one before waits for a lock. */
const CALLS_BESIDE_AFTER_MS = 10;
/** While one waits for the disk, the next may work. More only wait for the same disk. */
const TRANSACTIONS_MAX = 2;
/** Sixteen submissions of twelve: what a transaction costs beside its results is a tenth of it then. */
const RESULTS_BESIDE_MIN = 192;
/** Three times what a transaction takes: the one before waits for a lock, or for the disk. */
const BESIDE_AFTER_MS = 20;

export function createMonitorCalls({
  database,
  clock,
  ruleSets,
}: {
  readonly database: Database;
  readonly clock: Clock;
  readonly ruleSets: RuleSets;
}): MonitorCalls {
  const passedOver = createPassedOver(clock);
  const parseSettings = createSettingsParser();
  const oneEach = {
    weightMax: CALLS_MAX,
    runsMax: TRANSACTIONS_MAX,
    beside: { clock, weightMin: CALLS_BESIDE_MIN, afterMs: CALLS_BESIDE_AFTER_MS },
  };
  const find = createGatherer({
    ...oneEach,
    run: (questions: readonly MonitorQuestion[]) =>
      onPipeline(database.pipeline, (kysely) => findMonitors({ kysely }, parseSettings, questions)),
  });
  const takeDue = createGatherer({
    ...oneEach,
    keyOf: ({ monitor }: TakeDueServersOptions) => String(monitor.id),
    run: (wanted: readonly TakeDueServersOptions[]) =>
      onPipeline(database.pipeline, (kysely) => takeDueServers({ kysely }, passedOver, wanted)),
  });
  const store = createGatherer({
    keyOf: ({ monitor }: SubmissionToStore) => String(monitor.id),
    weightOf: ({ statuses, traceroutes }: SubmissionToStore) =>
      Math.max(1, statuses.length + traceroutes.length),
    weightMax: RESULTS_MAX,
    runsMax: TRANSACTIONS_MAX,
    beside: { clock, weightMin: RESULTS_BESIDE_MIN, afterMs: BESIDE_AFTER_MS },
    run: (submissions: readonly SubmissionToStore[]) =>
      storeSubmissions({ pipeline: database.pipeline, ruleSets }, submissions),
  });
  return {
    known: createKnownMonitors(),
    find: (question) => find.ask(question),
    takeDue: (wanted) => takeDue.ask(wanted),
    store: (submission) => store.ask(submission),
  };
}
