// What a replay of the stored history must know beside the results themselves: which of them were scored out of the order of
// their times, and how the monitors stood to a server when its votes were counted. Both are rare: most results come in
// order, and reviews change a standing now and then.

import { type Schema, type Timestamptz, timestamptzFromNs } from "@truechimer/database";
import { type Kysely, sql, type Transaction } from "kysely";
import type { ScoredResult } from "./scored-result.ts";
import type { ServerState } from "./server-memory.ts";

interface ScoredVisit {
  readonly server: { readonly id: bigint };
  readonly state: ServerState;
  /** In the order of their times. */
  readonly results: readonly ScoredResult[];
}

/** After the results were scored; moves the newest time on. */
export async function noteLateResults(
  transaction: Transaction<Schema>,
  visits: readonly ScoredVisit[],
): Promise<void> {
  const late: { readonly result: ScoredResult; readonly afterTs: Timestamptz }[] = [];
  for (const { state, results } of visits) {
    const { newestNs } = state;
    for (const result of results) {
      if (newestNs !== undefined && result.atNs <= newestNs)
        late.push({ result, afterTs: timestamptzFromNs(newestNs) });
    }
    const last = results.at(-1)?.atNs;
    if (last !== undefined && (newestNs === undefined || last > newestNs)) state.newestNs = last;
  }
  if (late.length === 0) return;
  await sql`
    insert into results_scored_late (server_id, log_score_id, ts, after_ts)
    select server_id, id, ts, after_ts from unnest(
      ${late.map(({ result }) => result.serverId)}::bigint[], ${late.map(({ result }) => result.id)}::bigint[],
      ${late.map(({ result }) => result.at)}::timestamptz[], ${late.map(({ afterTs }) => afterTs)}::timestamptz[]
    ) with ordinality as t (server_id, id, ts, after_ts, place)
    order by place`.execute(transaction);
}

/** How monitors stood to a server: active and testing ones. [monitor, status of the assignment, status of the monitor] */
export type StoredStandings = readonly (readonly [
  monitorId: number,
  assignment: "active" | "testing",
  monitorStatus: string,
])[];

/** Of servers that were loaded anew; written where it differs from what was counted with before. */
export async function noteStandings(
  transaction: Transaction<Schema>,
  loaded: readonly {
    readonly serverId: bigint;
    readonly state: ServerState;
    /** The first that is scored with it. */
    readonly first: ScoredResult;
  }[],
): Promise<void> {
  if (loaded.length === 0) return;
  await sql`
    insert into scored_standings (server_id, from_id, from_ts, standings)
    select t.server_id, t.from_id, t.from_ts, t.standings::jsonb
    from unnest(
      ${loaded.map(({ serverId }) => serverId)}::bigint[], ${loaded.map(({ first }) => first.id)}::bigint[],
      ${loaded.map(({ first }) => first.at)}::timestamptz[],
      ${loaded.map(({ state }) => JSON.stringify(standingsOf(state)))}::text[]
    ) as t (server_id, from_id, from_ts, standings)
    where t.standings::jsonb is distinct from (
      select known.standings from scored_standings known
      where known.server_id = t.server_id order by known.sequence desc limit 1
    )`.execute(transaction);
}

function standingsOf({ watchers }: ServerState): StoredStandings {
  return [...watchers]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([monitorId, { standing }]) => {
      const { assignment, monitorStatus } = standing;
      const counts = assignment === "active" || assignment === "testing";
      return counts ? [[Number(monitorId), assignment, monitorStatus] as const] : [];
    });
}

/** One run takes no more rows away than fit a short transaction; the next goes on. */
const DELETED_MAX = 50_000;

/** What tells of results that are no longer kept; of each server the standings that the oldest result was scored with stay. */
export async function cleanUpScoringOrder(
  database: Kysely<Schema>,
  retentionSeconds: number,
): Promise<void> {
  const before = sql`now() - make_interval(secs => ${retentionSeconds}::float8)`;
  await sql`
    delete from results_scored_late where (server_id, sequence) in (
      select server_id, sequence from results_scored_late where ts < ${before} limit ${DELETED_MAX}
    )`.execute(database);
  await sql`
    delete from scored_standings old where from_ts < ${before} and exists (
      select from scored_standings newer
      where newer.server_id = old.server_id and newer.sequence > old.sequence and newer.from_ts < ${before}
    )`.execute(database);
}
