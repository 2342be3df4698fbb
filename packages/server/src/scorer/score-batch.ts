// One transaction of the scorers: takes what waits, gives each result its scores, and brings up to date everything that
// follows from it (server, history, sums, verdict). A crash leaves the rows in the queue. When something in a batch cannot
// be scored, its servers are scored one by one, and the one that fails is set aside, so that it holds up nobody.

import { AppError, type ErrorCode } from "@truechimer/base";
import { inTransaction, type Schema } from "@truechimer/database";
import { withSpan } from "@truechimer/telemetry";
import { sql, type Transaction } from "kysely";
import type { ServerContext } from "../context.ts";
import { reachVerdicts } from "../verdict/reach-verdicts.ts";
import { addToSlots } from "./add-to-slots.ts";
import { noteLatestResults } from "./note-latest-results.ts";
import { scoreEvery } from "./score-every.ts";
import { type OverallScore, scoreRecentMedian } from "./score-recent-median.ts";
import { type ActiveScorers, EVERY_SCORER, RECENT_MEDIAN_SCORER } from "./scorers.ts";
import { setServerAside } from "./set-server-aside.ts";
import { type QueuedResult, type QueueSelection, takeQueue } from "./take-queue.ts";

/** Rows in one transaction: short enough that a submission never waits long for a server's row. */
export const SCORE_BATCH_ROWS_MAX = 200;

/** The world's doing and not the rows': all that waits would fail alike. */
const FAILURES_OF_THE_WORLD: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "database_unreachable",
  "database_busy",
  "disk_full",
  "stopped",
]);

/** How many results were scored; 0 when nothing waits. */
export async function scoreBatch(context: ServerContext, scorers: ActiveScorers): Promise<number> {
  try {
    return await scoreSome(context, scorers, { limit: SCORE_BATCH_ROWS_MAX });
  } catch (error) {
    if (isOfTheWorld(error)) throw error;
    return await scoreOneByOne(context, scorers);
  }
}

async function scoreOneByOne(context: ServerContext, scorers: ActiveScorers): Promise<number> {
  let scored = 0;
  for (const serverId of await waitingServers(context)) {
    try {
      scored += await scoreSome(context, scorers, { limit: SCORE_BATCH_ROWS_MAX, serverId });
    } catch (error) {
      if (isOfTheWorld(error)) throw error;
      await setServerAside(context, serverId, error);
    }
  }
  return scored;
}

function isOfTheWorld(error: unknown): boolean {
  return error instanceof AppError && FAILURES_OF_THE_WORLD.has(error.code);
}

/** Of about as many rows as a batch has. */
async function waitingServers({ database }: ServerContext): Promise<readonly bigint[]> {
  const result = await sql<{ readonly server_id: bigint }>`
    select distinct server_id from (
      select server_id from score_queue order by log_score_id limit ${SCORE_BATCH_ROWS_MAX}
    ) next order by server_id`.execute(database.kysely);
  return result.rows.map(({ server_id }) => server_id);
}

function scoreSome(
  context: ServerContext,
  scorers: ActiveScorers,
  selection: QueueSelection,
): Promise<number> {
  return withSpan("score batch", {}, async (span) => {
    const taken = await inTransaction(context.database, async (transaction) => {
      const queued = await takeQueue(transaction, selection);
      if (queued.length === 0) return 0;
      const serverIds = await lockServers(transaction, queued);
      const scores = await applyScorers(transaction, scorers, queued);
      await addToSlots(transaction, queued, scores);
      await noteLatestResults(transaction, queued);
      await reachVerdicts(context, transaction, serverIds);
      return queued.length;
    });
    span.setAttribute("truechimer.rows", taken);
    return taken;
  });
}

/** Returns the overall scores; none while that scorer is paused. */
async function applyScorers(
  transaction: Transaction<Schema>,
  scorers: ActiveScorers,
  queued: readonly QueuedResult[],
): Promise<readonly OverallScore[]> {
  const everyId = scorers.get(EVERY_SCORER);
  if (everyId !== undefined) await scoreEvery(transaction, everyId, queued);
  const overallId = scorers.get(RECENT_MEDIAN_SCORER);
  return overallId === undefined ? [] : await scoreRecentMedian(transaction, overallId, queued);
}

/** In the order of their ids: whoever writes servers does so in this order. */
async function lockServers(
  transaction: Transaction<Schema>,
  queued: readonly QueuedResult[],
): Promise<readonly bigint[]> {
  const rows = await transaction
    .selectFrom("servers")
    .select("id")
    .where("id", "in", [...new Set(queued.map(({ serverId }) => serverId))])
    .orderBy("id")
    .forNoKeyUpdate()
    .execute();
  return rows.map(({ id }) => id);
}
