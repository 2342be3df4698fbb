// Jobs that nobody works on any more: whoever locked them is no replica that lives.

import { JOB_QUEUE_SCHEMA } from "@truechimer/database";
import { type RawBuilder, sql } from "kysely";
import type { ServerContext } from "../context.ts";

/** A dead replica's row is shown for so long. */
const DEAD_SHOWN_MS = 600_000;

const queueJobs = sql.raw(`${JOB_QUEUE_SCHEMA}.jobs`);

/** Frees the jobs of dead replicas. Gives the number of workers whose jobs were freed. */
export async function sweepJobs({
  database,
  logger,
  jobTiming: { deadAfterMs },
}: Pick<ServerContext, "database" | "logger" | "jobTiming">): Promise<number> {
  const { kysely } = database;
  const freed = await sql<{ readonly pools: readonly string[] }>`
    with stranded as (
      select distinct locked_by from ${queueJobs} j
      where j.locked_by is not null and j.locked_at < ${ago(deadAfterMs)}
        and not exists (
          select 1 from replicas r where r.job_pool = j.locked_by and r.seen_at >= ${ago(deadAfterMs)}
        )
    )
    select array_agg(locked_by) as pools,
      ${sql.raw(JOB_QUEUE_SCHEMA)}.force_unlock_workers(array_agg(locked_by)) as done
    from stranded having count(*) > 0`.execute(kysely);
  await sql`delete from replicas where seen_at < ${ago(deadAfterMs + DEAD_SHOWN_MS)}`.execute(
    kysely,
  );
  const pools = freed.rows[0]?.pools ?? [];
  if (pools.length > 0) logger.warn({ pools }, "a worker died: its jobs go to others");
  return pools.length;
}

function ago(milliseconds: number): RawBuilder<unknown> {
  return sql`now() - make_interval(secs => ${milliseconds / 1_000}::float8)`;
}
