// The worker role: takes jobs, keeps the loops' jobs in the queue, and looks after the jobs of those who died.

import { sleep } from "@truechimer/base";
import type { ServerContext } from "../context.ts";
import { ensureLoopJobs, loopTasks } from "../loops/loop-jobs.ts";
import type { ReplicaPresence } from "../replicas/replica-presence.ts";
import type { JobTiming } from "./job-timing.ts";
import { startJobWorker } from "./job-worker.ts";
import { sweepJobs } from "./sweep-jobs.ts";

export interface WorkerOptions {
  readonly timing: JobTiming;
  readonly presence: ReplicaPresence;
}

/** Workers that began together do not look at the same instants. */
const JITTER = 0.2;

/** Disposing finishes or hands back what is under way. */
export async function startWorker(
  context: ServerContext,
  { timing, presence }: WorkerOptions,
): Promise<AsyncDisposable> {
  const { loops } = context;
  await ensureLoopJobs(context, loops);
  const jobs = await startJobWorker(context, {
    tasks: loopTasks(context, loops),
    timing,
    onPool: (jobPool) => presence.setJobPool(jobPool),
  });
  const stop = new AbortController();
  const looking = lookAfter(context, timing, stop.signal);
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort(new Error("stopped"));
      await looking;
      await jobs[Symbol.asyncDispose]();
    },
  };
}

async function lookAfter(
  context: ServerContext,
  timing: JobTiming,
  signal: AbortSignal,
): Promise<void> {
  const { clock, random, logger, loops } = context;
  while (!signal.aborted) {
    const jitter = 1 + JITTER * (2 * random.fraction() - 1);
    await sleep(clock, timing.heartbeatMs * jitter, signal).catch(() => undefined);
    if (signal.aborted) return;
    try {
      await sweepJobs(context, timing);
      await ensureLoopJobs(context, loops);
    } catch (error) {
      logger.warn({ error }, "the job queue was not looked after");
    }
  }
}
