// The job of each loop in the queue: one that waits for the loop's next run. A run that ends adds the next one itself;
// here is what makes the first, and makes good what was lost or put off too far.

import { JOB_QUEUE_SCHEMA } from "@truechimer/database";
import { sql } from "kysely";
import type { ServerContext } from "../context.ts";
import type { JobTask } from "../jobs/job-worker.ts";
import type { Loop } from "./loop.ts";
import { LOOP_JOB_ATTEMPTS_MAX, loopJobKind } from "./loop-job.ts";
import { runLoop } from "./loop-run.ts";

export function loopTasks(
  context: ServerContext,
  loops: readonly Loop[],
): Readonly<Record<string, JobTask>> {
  return Object.fromEntries(
    loops.map((loop) => [
      loopJobKind(loop.name),
      (_payload: unknown, signal: AbortSignal) => runLoop(context, loop, signal),
    ]),
  );
}

/** Any number of replicas may do so at once: a job too many finds nothing to do. */
export async function ensureLoopJobs(
  { database }: Pick<ServerContext, "database">,
  loops: readonly Loop[],
): Promise<void> {
  const names = loops.map(({ name }) => name);
  await sql`
    select ${sql.raw(JOB_QUEUE_SCHEMA)}.add_job('loop_' || l.name, run_at => l.next_run_at,
      job_key => 'loop_' || l.name, max_attempts => ${LOOP_JOB_ATTEMPTS_MAX}::int)
    from loop_runs l
    where l.name = any(${names}::text[]) and not exists (
      select 1 from ${sql.raw(JOB_QUEUE_SCHEMA)}.jobs j
      where j.key = 'loop_' || l.name and (j.locked_at is not null or j.run_at <= l.next_run_at)
    )`.execute(database.kysely);
}
