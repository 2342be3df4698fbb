// A run of a loop that a person asks for: the loop is due at once, for whoever of the cluster is first.

import { JOB_QUEUE_SCHEMA, type Schema } from "@truechimer/database";
import { type Kysely, sql } from "kysely";
import { LOOP_JOB_ATTEMPTS_MAX, loopJobKind } from "./loop-job.ts";

/** `running`: one is under way, and no other was asked for. */
export type AskedRun = "asked" | "running";

const queue = sql.raw(JOB_QUEUE_SCHEMA);

/**
 * However many ask at once, one run comes of it: the loop's only job is brought forward, and left alone where a worker has
 * it in hand already. Whoever runs an effect once in a period holds the loop's row meanwhile: nobody here waits for that.
 */
export async function askForRun(kysely: Kysely<Schema>, name: string): Promise<AskedRun> {
  const kind = loopJobKind(name);
  const { rows } = await sql<{ readonly jobs: bigint }>`
    with due as (
      update loop_runs set next_run_at = least(next_run_at, now())
      where name = (
        select name from loop_runs where name = ${name} and running_since is null for update skip locked
      )
      returning name
    ),
    job as (select id from ${queue}.jobs where key = ${kind})
    select case when exists (select from job)
      then (select count(*) from ${queue}.reschedule_jobs(array(select id from job), run_at => now()))
      else (select count(*) from ${queue}.add_job(${kind}, run_at => now(), job_key => ${kind},
        max_attempts => ${LOOP_JOB_ATTEMPTS_MAX}::int)) end as jobs
    from due`.execute(kysely);
  return rows.length > 0 ? "asked" : "running";
}
