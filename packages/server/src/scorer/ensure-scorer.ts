// The scorer stands among the monitors, as in the NTP Pool, so that its scores stand beside theirs.

import { createUlid } from "@truechimer/base";
import type { ServerContext } from "../context.ts";

/** The NTP Pool's name of the overall scorer. */
export const RECENT_MEDIAN_SCORER = "recentmedian";

/** The scorer's row, made where it is missing. */
export async function ensureScorer(
  context: Pick<ServerContext, "database" | "clock" | "random">,
): Promise<bigint> {
  const { kysely } = context.database;
  await kysely
    .insertInto("monitors")
    .values({
      id_token: createUlid(context.clock, context.random),
      type: "score",
      hostname: RECENT_MEDIAN_SCORER,
      status: "active",
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const row = await kysely
    .selectFrom("monitors")
    .select("id")
    .where("type", "=", "score")
    .where("hostname", "=", RECENT_MEDIAN_SCORER)
    .executeTakeFirstOrThrow();
  return row.id;
}
