// GetSystem: what runs, and how it gets on.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { sql } from "kysely";
import type { ServerContext } from "../context.ts";
import { readIngest } from "../ingest/read-ingest.ts";
import { scorerLag } from "../scorer/scorer-lag.ts";
import { durationFromMs, timestampFromNs } from "./admin-message.ts";
import { listArchives } from "./archive-messages.ts";
import { dashboardCertificateMessage } from "./dashboard-certificate-message.ts";
import { ingestMessage } from "./ingest-message.ts";
import { loadMessage } from "./load-message.ts";
import { listLoops, readJobQueue } from "./loop-messages.ts";
import { listReplicas } from "./replica-messages.ts";
import {
  countServersSetAside,
  durationFromSeconds,
  listScorerShards,
  listScorers,
} from "./scorer-messages.ts";

interface TotalsRow {
  readonly results_total: bigint;
  readonly lab: boolean;
  readonly schema_version: string | null;
}

export async function getSystem(context: ServerContext): Promise<adminV1.GetSystemResponse> {
  const { kysely, serverVersion } = context.database;
  const [lag, totals, loops, replicas, jobQueue, ingest] = await Promise.all([
    scorerLag(kysely),
    sql<TotalsRow>`
      select (select coalesce(sum(checks_total), 0)::int8 from monitors) as results_total,
        exists (select 1 from servers where lab and state <> 'removed') as lab,
        (select max(version) from schema_migrations) as schema_version`.execute(kysely),
    listLoops(context),
    listReplicas(context),
    readJobQueue(context.database),
    readIngest(context),
  ]);
  const [scorers, scorerShards, serversSetAside, archives, certificate] = await Promise.all([
    listScorers(kysely, lag),
    listScorerShards(kysely),
    countServersSetAside(kysely),
    listArchives(kysely),
    dashboardCertificateMessage(context),
  ]);
  const [total] = totals.rows;
  const history = loadMessage(context);
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
    scorerQueueRows: lag.results,
    scorerLag: durationFromSeconds(lag.seconds),
    scorers: [...scorers],
    scorerShards: [...scorerShards],
    serversSetAside,
    archives: [...archives],
    retention: durationFromMs(context.policy.retentionMs),
    ...(history === undefined ? {} : { history }),
    ingest: ingestMessage(ingest),
    ...(certificate === undefined ? {} : { dashboardCertificate: certificate }),
  });
}
