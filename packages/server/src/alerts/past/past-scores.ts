// Scores as they were, as far as a condition can tell them apart: the database gives a row only where one crosses a limit.

import { AppError } from "@truechimer/base";
import { nsFromTimestamptz, type Timestamptz, timestamptzFromNs } from "@truechimer/database";
import type { Condition } from "@truechimer/filter";
import { sql } from "kysely";
import type { ServerContext } from "../../context.ts";
import { RECENT_MEDIAN_SCORER } from "../../scorer/scorers.ts";
import type { Step } from "./changes.ts";

/** Some thousand results a server and day are read: more do not fit into an answer that somebody waits for. */
const SERVER_DAYS_MAX = 3_000;
const DAY_NS = 86_400_000_000_000n;

export interface ScoreQuestion {
  readonly ids: readonly bigint[];
  readonly condition: Condition;
  readonly fromNs: bigint;
  readonly toNs: bigint;
  readonly signal: AbortSignal;
}

interface ScoreState {
  readonly score: number | undefined;
}

/** By server, in their order; the first tells what was before the range, as far as it was scored the day before. */
export async function scoreSteps(
  { database }: ServerContext,
  { ids, condition, fromNs, toNs, signal }: ScoreQuestion,
): Promise<ReadonlyMap<bigint, readonly Step<ScoreState>[]>> {
  const days = Number((toNs - fromNs) / DAY_NS) + 1;
  if (ids.length * days > SERVER_DAYS_MAX) {
    throw new AppError(
      "limit_exceeded",
      `scores of ${ids.length} servers over ${days} days: at most ${SERVER_DAYS_MAX} server-days; take a shorter range, or add name:… to the filter`,
    );
  }
  const limits = scoreLimits(condition);
  const place = sql`array[${sql.join(limits.map((limit) => sql`sign(l.score - ${limit}::float8)`))}]::float8[]`;
  const found = new Map<bigint, readonly Step<ScoreState>[]>();
  for (const id of ids) {
    signal.throwIfAborted();
    const { rows } = await sql<{ readonly ts: Timestamptz; readonly score: number }>`
      select ts, score from (
        select l.ts, l.id, l.score, ${place} as place, lag(${place}) over (order by l.ts, l.id) as before
        from log_scores l where l.server_id = ${id}
          and l.monitor_id = (select id from monitors where type = 'score' and hostname = ${RECENT_MEDIAN_SCORER})
          and l.ts >= ${timestamptzFromNs(fromNs - DAY_NS)} and l.ts < ${timestamptzFromNs(toNs)}
      ) scores where before is distinct from place order by ts, id`.execute(database.kysely);
    const steps = rows.map(({ ts, score }) => ({ atNs: nsFromTimestamptz(ts), change: { score } }));
    const earlier = steps.findLast(({ atNs }) => atNs <= fromNs);
    found.set(id, [
      earlier ?? { atNs: fromNs, change: { score: undefined } },
      ...steps.filter(({ atNs }) => atNs > fromNs),
    ]);
  }
  return found;
}

/** What scores are compared with. */
function scoreLimits(condition: Condition): readonly number[] {
  switch (condition.kind) {
    case "and":
    case "or":
      return condition.operands.flatMap(scoreLimits);
    case "not":
    case "certain":
      return scoreLimits(condition.operand);
    case "compare":
      return condition.column === "server.score" ? [Number(condition.value)] : [];
    default:
      return [];
  }
}
