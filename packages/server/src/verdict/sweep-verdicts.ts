// Verdicts change with time as well, when nothing arrives any more: those that were reached some time ago are reached
// anew.

import { inTransaction } from "@truechimer/database";
import { sql } from "kysely";
import type { ServerContext } from "../context.ts";
import { FRESH_INTERVALS } from "../policy.ts";
import { reachVerdicts } from "./reach-verdicts.ts";

/** Servers in one transaction. */
const SWEEP_SERVERS_MAX = 200;

/** Gives the number of servers that were looked at. */
export async function sweepVerdicts(context: ServerContext): Promise<number> {
  let total = 0;
  for (;;) {
    const swept = await inTransaction(context.database, async (transaction) => {
      const ids = await outdated(context, transaction);
      await reachVerdicts(context, transaction, ids);
      return ids.length;
    });
    total += swept;
    if (swept < SWEEP_SERVERS_MAX) return total;
  }
}

type Transaction = Parameters<typeof reachVerdicts>[1];

async function outdated(
  context: ServerContext,
  transaction: Transaction,
): Promise<readonly bigint[]> {
  const { probe, labProbe } = context.policy;
  const rows = await transaction
    .selectFrom("servers")
    .select("id")
    .where("state", "=", "watched")
    .where((is) =>
      is.or([
        is("verdict_ts", "is", null),
        sql<boolean>`verdict_ts < now() - make_interval(secs =>
          case when lab then ${labProbe.checkIntervalMs / 1_000}::float8
               else ${probe.checkIntervalMs / 1_000}::float8 end)`,
      ]),
    )
    // After a start the newest data are as old as the stop was long: that is no news of any server.
    .where((is) =>
      is.or([
        is.val(startedFor(context) > graceMs(probe.checkIntervalMs)),
        sql<boolean>`lab and ${startedFor(context) > graceMs(labProbe.checkIntervalMs)}`,
      ]),
    )
    .orderBy("id")
    .limit(SWEEP_SERVERS_MAX)
    .forNoKeyUpdate()
    .skipLocked()
    .execute();
  return rows.map(({ id }) => id);
}

function startedFor({ clock, startedAtNs }: ServerContext): number {
  return Number((clock.nowNs() - startedAtNs) / 1_000_000n);
}

function graceMs(checkIntervalMs: number): number {
  return FRESH_INTERVALS * checkIntervalMs;
}
