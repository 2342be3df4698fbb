// Background loops. A loop that must run once a period in the whole cluster claims the period's row first; whoever
// moves `next_run_at` on runs it. One whose process dies is run again a period later.

import { AppError } from "@truechimer/base";
import type { Database } from "@truechimer/database";
import { sql } from "kysely";
import type { ServerContext } from "../context.ts";

export interface Loop {
  /** Name in the API, in metrics and in the database. */
  readonly name: string;
  readonly periodMs: number;
  /** What it does, in one sentence. */
  readonly purpose: string;
  readonly run: (context: ServerContext) => Promise<unknown>;
}

/** Makes the row of each loop, so that all are seen from the start, and takes over a changed period. */
export async function registerLoops(database: Database, loops: readonly Loop[]): Promise<void> {
  if (loops.length === 0) return;
  await sql`
    insert into loop_runs (name, period_ms)
    select name, period_ms from unnest(
      ${loops.map(({ name }) => name)}::text[], ${loops.map(({ periodMs }) => periodMs)}::bigint[]
    ) as t (name, period_ms) order by name
    on conflict (name) do update set period_ms = excluded.period_ms,
      next_run_at = least(loop_runs.next_run_at, now() + make_interval(secs => excluded.period_ms / 1000.0))
    where loop_runs.period_ms <> excluded.period_ms`.execute(database.kysely);
}

export type LoopOutcome = "ran" | "not_due" | "not_claimed";

/** Runs the loop if its period has come and nobody else took it. Never rejects. */
export async function runLoopOnce(context: ServerContext, loop: Loop): Promise<LoopOutcome> {
  try {
    if (!(await claimPeriod(context.database, loop))) return "not_due";
  } catch (error) {
    context.logger.warn({ error, loop: loop.name }, "loop not claimed");
    return "not_claimed";
  }
  const startedNs = context.clock.monotonicNs();
  const outcome = await outcomeOf(context, loop);
  const tookMs = Number(context.clock.monotonicNs() - startedNs) / 1e6;
  context.metrics.loopSeconds.observe({ loop: loop.name }, tookMs / 1_000);
  context.metrics.loopRuns.inc({ loop: loop.name, outcome });
  try {
    await context.database.kysely
      .updateTable("loop_runs")
      .set({ took_ms: tookMs, outcome })
      .where("name", "=", loop.name)
      .execute();
  } catch (error) {
    context.logger.warn({ error, loop: loop.name }, "loop outcome not noted");
  }
  return "ran";
}

async function claimPeriod(database: Database, { name, periodMs }: Loop): Promise<boolean> {
  const claimed = await sql`
    update loop_runs set last_run_at = now(), runs_total = runs_total + 1,
      next_run_at = now() + make_interval(secs => ${periodMs / 1_000}::float8)
    where name = ${name} and next_run_at <= now()`.execute(database.kysely);
  return (claimed.numAffectedRows ?? 0n) > 0n;
}

async function outcomeOf(context: ServerContext, loop: Loop): Promise<string> {
  try {
    await loop.run(context);
    return "ok";
  } catch (error) {
    context.logger.error({ error, loop: loop.name }, "loop failed");
    return error instanceof AppError ? error.code : "internal";
  }
}
