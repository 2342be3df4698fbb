// Results as a pool's monitors submit them, set-based: of each server by its active monitors most often, by its candidates
// rarely, in the shares of the NTP Pool's intervals. Each statement is a transaction of several submissions of twelve.

import type { Database } from "@truechimer/database";
import { ACTIVE_MONITORS, type PoolSize, TESTING_MONITORS } from "../pool-scale/pool-size.ts";

/** Checks of an assignment a day at 9, 45 and 120 minutes. */
const ACTIVE_A_DAY = 160;
const TESTING_A_DAY = 32;
const CANDIDATE_A_DAY = 12;
const DAY_SECONDS = 86_400;

export interface ResultsToAdd {
  readonly size: PoolSize;
  readonly count: number;
  /** Time of the first and the last, in seconds before now. */
  readonly firstAgoSeconds: number;
  readonly lastAgoSeconds: number;
}

function resultsADay({ monitors, servers }: PoolSize): number {
  const candidates = monitors - ACTIVE_MONITORS - TESTING_MONITORS;
  return (
    servers *
    (ACTIVE_MONITORS * ACTIVE_A_DAY +
      TESTING_MONITORS * TESTING_A_DAY +
      candidates * CANDIDATE_A_DAY)
  );
}

/** How much of a pool's time so many results are. */
export function secondsOf(size: PoolSize, count: number): number {
  return (count / resultsADay(size)) * DAY_SECONDS;
}

export async function addResults(
  { pool }: Database,
  { size, count, firstAgoSeconds, lastAgoSeconds }: ResultsToAdd,
): Promise<void> {
  const { monitors, servers } = size;
  const perServer = resultsADay(size) / servers;
  const active = (ACTIVE_MONITORS * ACTIVE_A_DAY) / perServer;
  const testing = active + (TESTING_MONITORS * TESTING_A_DAY) / perServer;
  await pool.query(
    `with drawn as materialized (
       select i, 1 + floor(random() * $2)::int as s, random() as class, random() as which from generate_series(1, $1::int) i
     ),
     placed as materialized (
       select i, s, case
           when class < $4 then floor(which * ${ACTIVE_MONITORS})
           when class < $5 then ${ACTIVE_MONITORS} + floor(which * ${TESTING_MONITORS})
           else ${ACTIVE_MONITORS + TESTING_MONITORS}
             + floor(which * ($3 - ${ACTIVE_MONITORS + TESTING_MONITORS})) end::int as place
       from drawn
     ),
     results as materialized (
       select nextval('log_scores_id_seq') as id, s, 1 + ((place - s * 7 - 1) % $3 + $3) % $3 as m,
         now() - make_interval(secs => $6::float8 + ($7::float8 - $6::float8) * i / $1) as ts, 18.5 + random() * 1.5 as score
       from placed
     ),
     logged as (
       insert into log_scores (id, ts, server_id, monitor_id, score_before, step, score, rule, offset_ns, bound_ns, rtt_ns,
         stratum, leap, samples_sent, samples_answered)
       select id, ts, s, m, score, 1, score, 'ntp_pool_step/1/good', 1000000 * random(), 2000000, 5000000, 2, 0, 3, 3
       from results
     )
     update server_scores ss set score_raw = t.score, score_ts = t.ts, last_log_score_id = t.id, offset_ns = 1000000,
       rtt_ns = 5000000, last_answer_ts = t.ts, answer_offset_ns = 1000000, answer_bound_ns = 2000000
     from (select distinct on (s, m) * from results order by s, m, ts desc) t
     where ss.server_id = t.s and ss.monitor_id = t.m`,
    [count, servers, monitors, active, testing, firstAgoSeconds, lastAgoSeconds],
  );
}
