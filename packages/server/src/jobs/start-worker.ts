// The worker role: takes jobs, keeps the loops' jobs in the queue, and looks after the jobs of those who died.

import { sleep } from "@truechimer/base";
import type { ServerContext } from "../context.ts";
import { ensureLoopJobs, loopTasks } from "../loops/loop-jobs.ts";
import type { ReplicaPresence } from "../replicas/replica-presence.ts";
import { startJobWorker } from "./job-worker.ts";
import { sweepJobs } from "./sweep-jobs.ts";

/** Workers that began together do not look at the same instants. */
const JITTER = 0.2;

/** Disposing finishes or hands back what is under way. */
export async function startWorker(
  context: ServerContext,
  presence: Pick<ReplicaPresence, "setJobPool">,
): Promise<AsyncDisposable> {
  const { loops } = context;
  await ensureLoopJobs(context, loops);
  const jobs = await startJobWorker(context, {
    tasks: loopTasks(context, loops),
    onPool: (jobPool) => presence.setJobPool(jobPool),
  });
  const stop = new AbortController();
  const looking = lookAfter(context, stop.signal);
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort(new Error("stopped"));
      await looking;
      await jobs[Symbol.asyncDispose]();
    },
  };
}

async function lookAfter(context: ServerContext, signal: AbortSignal): Promise<void> {
  const { clock, random, logger, loops, jobTiming } = context;
  while (!signal.aborted) {
    const jitter = 1 + JITTER * (2 * random.fraction() - 1);
    await sleep(clock, jobTiming.heartbeatMs * jitter, signal).catch(() => undefined);
    if (signal.aborted) return;
    try {
      await sweepJobs(context);
      await ensureLoopJobs(context, loops);
    } catch (error) {
      logger.warn({ error }, "the job queue was not looked after");
    }
  }
}
