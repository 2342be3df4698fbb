// Makes the tables of coming days and drops those beyond the retention, once archives have what they are to have of them.

import { maintainPartitions } from "@truechimer/database";
import { daysToKeep, noteLostDays } from "../archive/wait-for-archives.ts";
import type { ServerContext } from "../context.ts";

const DAY_MS = 86_400_000;

export async function dropOldDays(
  context: Pick<ServerContext, "database" | "policy" | "logger">,
): Promise<void> {
  const { database, policy } = context;
  const sums = Math.ceil(policy.retentionMs / DAY_MS);
  const packets = Math.ceil(policy.evidenceRetentionMs / DAY_MS);
  const results = await daysToKeep(database.kysely, sums);
  await maintainPartitions(database, {
    retentionDays: {
      log_scores: results,
      server_slots: sums,
      monitor_slots: sums,
      check_evidence: await daysToKeep(database.kysely, packets),
    },
  });
  await noteLostDays(context, results);
}
