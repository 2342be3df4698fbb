// What the cluster does again and again, and the queue that it waits in.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import type { LoopClassName } from "@truechimer/database";
import { sql } from "kysely";
import type { ServerContext } from "../context.ts";
import { readJobCounts } from "../jobs/job-counts.ts";
import {
  durationFromMs,
  optionalField,
  optionalTimestamp,
  timestampFrom,
} from "./admin-message.ts";

const LOOP_CLASSES: Readonly<Record<LoopClassName, adminV1.LoopClass>> = {
  idempotent: adminV1.LoopClass.IDEMPOTENT,
  once_per_period: adminV1.LoopClass.ONCE_PER_PERIOD,
};

/** Those that this release knows; a row of another release tells nobody anything. */
export async function listLoops({
  database,
  loops,
}: Pick<ServerContext, "database" | "loops">): Promise<readonly adminV1.Loop[]> {
  const purposes = new Map(loops.map(({ name, purpose }) => [name, purpose]));
  const rows = await database.kysely
    .selectFrom("loop_runs")
    .selectAll()
    .where(sql<boolean>`name = any(${[...purposes.keys()]}::text[])`)
    .orderBy("name")
    .execute();
  return rows.map((row) =>
    create(adminV1.LoopSchema, {
      name: row.name,
      period: durationFromMs(Number(row.period_ms)),
      ...optionalTimestamp("lastRunAt", row.last_run_at),
      ...optionalField("lastTook", row.took_ms === null ? null : durationFromMs(row.took_ms)),
      lastOutcome: row.outcome,
      nextRunAt: timestampFrom(row.next_run_at),
      purpose: purposes.get(row.name) ?? "",
      class: LOOP_CLASSES[row.class],
      ...optionalTimestamp("runningSince", row.running_since),
      failures: row.failures,
      periodsTotal: row.periods_total,
      replicaId: row.replica_id ?? "",
    }),
  );
}

export async function readJobQueue(
  database: Pick<ServerContext["database"], "kysely">,
): Promise<adminV1.JobQueue> {
  const { waiting, due, running, failed, oldestDueMs } = await readJobCounts(database);
  return create(adminV1.JobQueueSchema, {
    waiting: BigInt(waiting),
    due: BigInt(due),
    running: BigInt(running),
    failed: BigInt(failed),
    oldestDue: durationFromMs(oldestDueMs),
  });
}
