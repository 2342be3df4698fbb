// The scorers stand among the monitors, as in the NTP Pool, so that their scores stand beside the monitors' own. One that
// an operator has paused is left alone.

import { createUlid } from "@truechimer/base";
import type { ServerContext } from "../context.ts";

/** The NTP Pool's name of the overall scorer. */
export const RECENT_MEDIAN_SCORER: ScorerName = "recentmedian";
/** Its name of the score over all results, kept for comparison. */
export const EVERY_SCORER: ScorerName = "every";

export type ScorerName = "recentmedian" | "every";

const SCORERS: readonly ScorerName[] = [RECENT_MEDIAN_SCORER, EVERY_SCORER];

/** `monitors.id` of each scorer that is active. */
export type ActiveScorers = ReadonlyMap<ScorerName, bigint>;

/** Their rows, made where they are missing; what is there is never changed. */
export async function activeScorers(
  context: Pick<ServerContext, "database" | "clock" | "random">,
): Promise<ActiveScorers> {
  const { kysely } = context.database;
  await kysely
    .insertInto("monitors")
    .values(
      SCORERS.map((hostname) => ({
        id_token: createUlid(context.clock, context.random),
        type: "score" as const,
        hostname,
        status: "active" as const,
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const rows = await kysely
    .selectFrom("monitors")
    .select(["id", "hostname"])
    .where("type", "=", "score")
    .where("status", "=", "active")
    .execute();
  const ids = new Map(rows.map(({ id, hostname }) => [hostname, id]));
  return new Map(
    SCORERS.flatMap((name) => {
      const id = ids.get(name);
      return id === undefined ? [] : [[name, id] as const];
    }),
  );
}
