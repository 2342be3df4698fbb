// How much waits in the queue of jobs.

import { type Database, JOB_QUEUE_SCHEMA } from "@truechimer/database";
import { sql } from "kysely";

export interface JobCounts {
  /** For an instant to come. */
  readonly waiting: number;
  /** Could be done now. */
  readonly due: number;
  readonly running: number;
  /** Given up after too many attempts. */
  readonly failed: number;
  /** How long the oldest of those that are due has waited. 0: none is. */
  readonly oldestDueMs: number;
}

const jobs = sql.raw(`${JOB_QUEUE_SCHEMA}.jobs`);

export async function readJobCounts({ kysely }: Pick<Database, "kysely">): Promise<JobCounts> {
  const counts = await sql<JobCounts>`
    with jobs as (
      select run_at, locked_at is not null as running, attempts >= max_attempts as spent, run_at <= now() as come
      from ${jobs}
    )
    select (count(*) filter (where not running and not spent and not come))::int as waiting,
      (count(*) filter (where not running and not spent and come))::int as due,
      (count(*) filter (where running))::int as running,
      (count(*) filter (where not running and spent))::int as failed,
      coalesce(extract(epoch from now() - min(run_at) filter (where not running and not spent and come)) * 1000, 0)::float8
        as "oldestDueMs"
    from jobs`.execute(kysely);
  const [row] = counts.rows;
  return row ?? { waiting: 0, due: 0, running: 0, failed: 0, oldestDueMs: 0 };
}
