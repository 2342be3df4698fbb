// GetSystem: what runs, and how it gets on.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { sql } from "kysely";
import type { ServerContext } from "../context.ts";
import { durationFromMs, durationFromNs, timestampFromNs } from "./admin-message.ts";
import { listLoops, readJobQueue } from "./loop-messages.ts";
import { listReplicas } from "./replica-messages.ts";

interface TotalsRow {
  readonly results_total: bigint;
  readonly queue_rows: bigint;
  readonly queue_lag_seconds: number;
  readonly lab: boolean;
  readonly schema_version: string | null;
}

export async function getSystem(context: ServerContext): Promise<adminV1.GetSystemResponse> {
  const { kysely, serverVersion } = context.database;
  const [totals, loops, replicas, jobQueue] = await Promise.all([
    sql<TotalsRow>`
      select (select coalesce(sum(checks_total), 0)::int8 from monitors) as results_total,
        (select count(*) from score_queue) as queue_rows,
        (select coalesce(extract(epoch from now() - min(queued_at)), 0)::float8 from score_queue) as queue_lag_seconds,
        exists (select 1 from servers where lab and state <> 'removed') as lab,
        (select max(version) from schema_migrations) as schema_version`.execute(kysely),
    listLoops(context),
    listReplicas(context),
    readJobQueue(context.database),
  ]);
  const [total] = totals.rows;
  return create(adminV1.GetSystemResponseSchema, {
    version: context.version,
    startedAt: timestampFromNs(context.startedAtNs),
    databaseVersion: serverVersion,
    schemaVersion: total?.schema_version ?? "",
    loops: [...loops],
    replicas: [...replicas],
    jobQueue,
    lab: total?.lab ?? false,
    resultsTotal: total?.results_total ?? 0n,
    scorerQueueRows: total?.queue_rows ?? 0n,
    scorerLag: durationFromNs(
      BigInt(Math.max(0, Math.round((total?.queue_lag_seconds ?? 0) * 1e9))),
    ),
    retention: durationFromMs(context.policy.retentionMs),
  });
}
