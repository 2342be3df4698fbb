// Takes jobs from the queue (graphile-worker) and runs them, a few at once. Whoever dies with a job in hand keeps it
// locked; sweep-jobs.ts gives it to others.

import { AppError, sleep } from "@truechimer/base";
import { JOB_QUEUE_SCHEMA } from "@truechimer/database";
import {
  Logger as QueueLogger,
  runTaskList,
  type TaskList,
  type WorkerPool,
} from "graphile-worker";
import type { ServerContext } from "../context.ts";
import { untilAborted } from "./until-aborted.ts";

/** What is done for one kind of job. Rejects: it is tried again, later each time. */
export type JobTask = (
  payload: unknown,
  /** Aborted when the worker stops and its patience is over. */
  signal: AbortSignal,
) => Promise<void>;

export interface JobWorkerOptions {
  /** By kind. Jobs of other kinds are left to those who know them, such as a newer release. */
  readonly tasks: Readonly<Record<string, JobTask>>;
  /** Jobs at once; default 8. */
  readonly concurrency?: number;
  /** Told under which name this worker locks jobs. */
  readonly onPool: (jobPool: string) => Promise<void>;
}

/** What a worker needs of its world. */
export type JobContext = Pick<ServerContext, "database" | "clock" | "logger" | "jobTiming">;

/** As many as there are slow loops at most: a long one must not keep the others waiting. */
const CONCURRENCY_DEFAULT = 8;
/** One listens for news, the others take and end jobs. What a job does has the connections of the main pool. */
const POOL_SIZE = 3;
/** Jobs that one statement takes: with as many as hands, a job of a millisecond waits for statements most of its time. */
const TAKEN_AHEAD_MAX = 100;
/** What no hand was free for in this time goes back, for others: the jobs before it take long. */
const TAKEN_AHEAD_MS_MAX = 2_000;
const RESTART_MS_MIN = 1_000;
const RESTART_MS_MAX = 30_000;

/** Disposing finishes or hands back the jobs under way. */
export async function startJobWorker(
  context: JobContext,
  options: JobWorkerOptions,
): Promise<AsyncDisposable> {
  const pgPool = context.database.openPool({
    applicationName: "truechimer jobs",
    poolSize: POOL_SIZE,
  });
  const stopping = new AbortController();
  // Held in an object: it can be awaited, which no function may do by returning it.
  const current = { queue: openQueue(context, options, pgPool) };
  // What the queue cannot go on from ends it, such as a job whose end could not be written for minutes. It begins anew.
  const keepOpen = async (): Promise<void> => {
    let restartMs = RESTART_MS_MIN;
    for (;;) {
      const openedNs = context.clock.monotonicNs();
      const error = await endOf(current.queue);
      if (stopping.signal.aborted) return;
      context.logger.error({ error }, "the job queue ended, opened again soon");
      const openForMs = Number(context.clock.monotonicNs() - openedNs) / 1e6;
      if (openForMs > RESTART_MS_MAX) restartMs = RESTART_MS_MIN;
      await sleep(context.clock, restartMs, stopping.signal).catch(() => undefined);
      restartMs = Math.min(RESTART_MS_MAX, restartMs * 2);
      if (stopping.signal.aborted) return;
      current.queue = openQueue(context, options, pgPool);
      await options.onPool(current.queue.id).catch(() => undefined);
    }
  };
  const running = keepOpen();
  const stop = async (): Promise<void> => {
    stopping.abort(new AppError("stopped", "this replica stops"));
    try {
      await current.queue.gracefulShutdown("the replica stops");
    } catch (error) {
      context.logger.warn({ error }, "the job queue did not end in order");
    }
    await running;
    await pgPool.end();
  };
  try {
    await options.onPool(current.queue.id);
  } catch (error) {
    await stop();
    throw error;
  }
  return { [Symbol.asyncDispose]: stop };
}

type QueuePool = ReturnType<ServerContext["database"]["openPool"]>;

function openQueue(
  { logger, jobTiming }: JobContext,
  { tasks, concurrency = CONCURRENCY_DEFAULT }: JobWorkerOptions,
  pgPool: QueuePool,
): WorkerPool {
  const taskList: TaskList = Object.fromEntries(
    Object.entries(tasks).map(([kind, task]) => [
      kind,
      (payload, { abortSignal }) => {
        // Declared as possibly absent for callers of a version before the worker had one.
        const signal = abortSignal ?? new AbortController().signal;
        return untilAborted(task(payload, signal), signal);
      },
    ]),
  );
  return runTaskList(
    {
      noHandleSignals: true,
      preset: {
        worker: {
          schema: JOB_QUEUE_SCHEMA,
          concurrentJobs: concurrency,
          pollInterval: jobTiming.pollMs,
          gracefulShutdownAbortTimeout: jobTiming.graceMs,
          // One statement takes jobs for all hands, instead of one each; it polls for them, too.
          localQueue: { size: TAKEN_AHEAD_MAX, ttl: TAKEN_AHEAD_MS_MAX },
          // In bundles, also of one: a single job's end is not waited for at the stop, and a failure to write it is lost.
          completeJobBatchDelay: 0,
          failJobBatchDelay: 0,
          // A connection pooler that shares sessions between transactions has none.
          preparedStatements: false,
          logger: queueLogger(logger),
        },
      },
    },
    taskList,
    pgPool,
  );
}

/** What the queue says goes to our log: its complaints as warnings, the rest only for those who look closely. */
function queueLogger(logger: ServerContext["logger"]): QueueLogger {
  return new QueueLogger(() => (level, message, meta) => {
    const error = meta?.["error"];
    if (level === "error" || level === "warning") logger.warn({ error }, `job queue: ${message}`);
    else logger.debug({}, `job queue: ${message}`);
  });
}

/** Resolves with what ended it, or undefined. */
async function endOf(pool: WorkerPool): Promise<unknown> {
  try {
    await pool.promise;
    return undefined;
  } catch (error) {
    return error;
  }
}
