// One run of a loop. A run is begun by raising `runs_total` of a row that is due, and only whoever holds that number may
// end it; ending writes the outcome, when it is due next, and the job of that next run, in one statement. So a job that
// is delivered twice, or by a worker that was taken for dead, does nothing.

import { AppError, type Clock } from "@truechimer/base";
import { inTransaction, JOB_QUEUE_SCHEMA, type Schema } from "@truechimer/database";
import { type Kysely, sql } from "kysely";
import type { ServerContext } from "../context.ts";
import { untilAborted } from "../jobs/until-aborted.ts";
import type { Loop } from "./loop.ts";
import { LOOP_JOB_ATTEMPTS_MAX, loopJobKind } from "./loop-job.ts";

const TIMEOUT_MS_DEFAULT = 300_000;
/** After the first failure in a row; each further one doubles it, up to the period. */
const RETRY_MS_MIN = 5_000;
/** More doublings would overflow, and no period is that long. */
const DOUBLINGS_MAX = 20;

const addJob = sql.raw(`${JOB_QUEUE_SCHEMA}.add_job`);

/** Does what is due, and nothing when nothing is. Rejects only when the database does not take the outcome. */
export async function runLoop(
  context: ServerContext,
  loop: Loop,
  /** Aborted when this replica stops and cannot wait any longer: the run goes to another one. */
  stopping: AbortSignal,
): Promise<void> {
  const { kysely } = context.database;
  const run = await beginRun(context, loop);
  if (run === undefined) return;
  const startedNs = context.clock.monotonicNs();
  const tookMs = (): number => Number(context.clock.monotonicNs() - startedNs) / 1e6;
  const time = limitTime(context.clock, loop, stopping);
  let outcome = "ok";
  try {
    if (!(await doWork(context, loop, { run, tookMs, signal: time.signal }))) return;
  } catch (error) {
    if (stopping.aborted) {
      await handBack(kysely, loop, run);
      return;
    }
    outcome = error instanceof AppError ? error.code : "internal";
    context.logger.error({ error, loop: loop.name }, "loop failed");
    await endRun(kysely, loop, { run, tookMs: tookMs(), outcome });
  } finally {
    time.end();
  }
  context.metrics.loopSeconds.observe({ loop: loop.name }, tookMs() / 1_000);
  context.metrics.loopRuns.inc({ loop: loop.name, outcome });
}

interface Run {
  readonly run: bigint;
  readonly tookMs: () => number;
  readonly signal: AbortSignal;
}

/** False: somebody else has begun a later run, or has done the work. */
async function doWork(context: ServerContext, loop: Loop, work: Run): Promise<boolean> {
  const { run, tookMs, signal } = work;
  if (loop.class === "idempotent") {
    await untilAborted(loop.run(context, signal), signal);
    await endRun(context.database.kysely, loop, { run, tookMs: tookMs(), outcome: "ok" });
    return true;
  }
  return inTransaction(context.database, async (transaction) => {
    const mine = await transaction
      .selectFrom("loop_runs")
      .select("name")
      .where("name", "=", loop.name)
      .where("runs_total", "=", run)
      .forUpdate()
      .executeTakeFirst();
    if (mine === undefined) return false;
    await untilAborted(loop.run(context, { transaction, signal }), signal);
    await endRun(transaction, loop, { run, tookMs: tookMs(), outcome: "ok" });
    return true;
  });
}

/** The number of the run. Undefined: nothing is due, or somebody is just doing it. */
async function beginRun(
  { database, replicaId }: ServerContext,
  { name }: Loop,
): Promise<bigint | undefined> {
  const begun = await sql<{ readonly run: bigint }>`
    update loop_runs set last_run_at = now(), running_since = now(), replica_id = ${replicaId},
      runs_total = runs_total + 1
    where name = (
      select name from loop_runs where name = ${name} and next_run_at <= now() for update skip locked
    )
    returning runs_total as run`.execute(database.kysely);
  return begun.rows[0]?.run;
}

interface Ending {
  readonly run: bigint;
  readonly tookMs: number;
  readonly outcome: string;
}

/** A run that is not the last one any more changes nothing. */
async function endRun(
  kysely: Kysely<Schema>,
  { name }: Loop,
  { run, tookMs, outcome }: Ending,
): Promise<void> {
  const good = outcome === "ok";
  await sql`
    with ended as (
      update loop_runs set took_ms = ${tookMs}, outcome = ${outcome}, running_since = null,
        periods_total = periods_total + ${good ? 1 : 0},
        failures = case when ${good} then 0 else failures + 1 end,
        next_run_at = case when ${good} then last_run_at + make_interval(secs => period_ms / 1000.0)
          else now() + make_interval(secs => least(
            period_ms, ${RETRY_MS_MIN}::float8 * 2 ^ least(failures, ${DOUBLINGS_MAX}::int)) / 1000.0) end
      where name = ${name} and runs_total = ${run}
      returning next_run_at
    )
    select ${addJob}(${loopJobKind(name)}, run_at => next_run_at, job_key => ${loopJobKind(name)},
      max_attempts => ${LOOP_JOB_ATTEMPTS_MAX}::int) from ended`.execute(kysely);
}

/** Still due: whoever is first takes it. */
async function handBack(kysely: Kysely<Schema>, { name }: Loop, run: bigint): Promise<void> {
  await sql`
    with given_back as (
      update loop_runs set running_since = null where name = ${name} and runs_total = ${run}
      returning next_run_at
    )
    select ${addJob}(${loopJobKind(name)}, run_at => next_run_at, job_key => ${loopJobKind(name)},
      max_attempts => ${LOOP_JOB_ATTEMPTS_MAX}::int) from given_back`.execute(kysely);
}

/** A signal for the run: it takes too long, or the replica stops. */
function limitTime(
  clock: Clock,
  { name, timeoutMs = TIMEOUT_MS_DEFAULT }: Loop,
  stopping: AbortSignal,
): { readonly signal: AbortSignal; readonly end: () => void } {
  const late = new AbortController();
  const end = clock.setTimer(timeoutMs, () =>
    late.abort(new AppError("timed_out", `the loop ${name} took longer than ${timeoutMs} ms`)),
  );
  return { signal: AbortSignal.any([late.signal, stopping]), end };
}
