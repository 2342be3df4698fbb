// Background loops: what runs again and again in the cluster, each in one place at a time. The row of a loop says when it
// is due and what became of it; how a run begins and ends is in loop-run.ts.

import type { Database, Schema } from "@truechimer/database";
import { sql, type Transaction } from "kysely";
import type { ServerContext } from "../context.ts";

interface LoopFacts {
  /** Name in the API, in metrics and in the database: lower case, with underscores. */
  readonly name: string;
  readonly periodMs: number;
  /** What it does, in one sentence. */
  readonly purpose: string;
  /** A run that takes longer has failed with `timed_out`. Default: 5 min. */
  readonly timeoutMs?: number;
}

/** What it does twice is as good as once, whether one after the other or at the same time. */
export interface IdempotentLoop extends LoopFacts {
  readonly class: "idempotent";
  readonly run: (context: ServerContext, signal: AbortSignal) => Promise<unknown>;
}

/**
 * Its effect comes about once in each period, whatever dies: it consists of what is written through `transaction`, which
 * also holds the mark that the period is done.
 */
export interface OncePerPeriodLoop extends LoopFacts {
  readonly class: "once_per_period";
  readonly run: (
    context: ServerContext,
    period: { readonly transaction: Transaction<Schema>; readonly signal: AbortSignal },
  ) => Promise<unknown>;
}

export type Loop = IdempotentLoop | OncePerPeriodLoop;

/**
 * Makes the row of each loop, so that all are seen from the start, and takes over what changed. A run may hold its row for
 * long, and no start waits for it: the next one takes over the change.
 */
export async function registerLoops(database: Database, loops: readonly Loop[]): Promise<void> {
  if (loops.length === 0) return;
  const known = sql`unnest(
      ${loops.map(({ name }) => name)}::text[], ${loops.map(({ periodMs }) => periodMs)}::bigint[],
      ${loops.map((loop) => loop.class)}::text[]
    ) as t (name, period_ms, class)`;
  await sql`
    insert into loop_runs (name, period_ms, class) select name, period_ms, class from ${known} order by name
    on conflict (name) do nothing`.execute(database.kysely);
  await sql`
    with changed as (
      select l.name, t.period_ms, t.class from loop_runs l join ${known} on t.name = l.name
      where l.period_ms <> t.period_ms or l.class <> t.class
      for update of l skip locked
    )
    update loop_runs l set period_ms = changed.period_ms, class = changed.class,
      next_run_at = least(l.next_run_at, now() + make_interval(secs => changed.period_ms / 1000.0))
    from changed where l.name = changed.name`.execute(database.kysely);
}
