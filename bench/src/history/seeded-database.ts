// A PostgreSQL of its own with results of the last fifteen days, as a fleet of 500 servers and 40 monitors leaves them.

import { systemClock } from "@truechimer/base";
import { type Database, maintainPartitions } from "@truechimer/database";
import { openThrowAwayDatabase } from "../throw-away-database.ts";

export const SERVERS = 500;
export const MONITORS = 40;
export const DAYS = 15;
const DAY_NS = 86_400_000_000_000n;

export interface SeededDatabase extends AsyncDisposable {
  readonly database: Database;
  /** So many results in place of those that are there. */
  seed(rows: number): Promise<void>;
}

export async function openSeededDatabase(): Promise<SeededDatabase> {
  await using opening = new AsyncDisposableStack();
  const { database } = opening.use(await openThrowAwayDatabase(0));
  for (let day = DAYS; day >= 0; day -= 1) {
    await maintainPartitions(database, { nowNs: systemClock.nowNs() - BigInt(day) * DAY_NS });
  }
  // The rows are not committed by anybody: nobody follows them.
  await database.pool.query("alter table log_scores disable trigger log_scores_note_commits");
  const opened = opening.move();
  return {
    database,
    seed: async (rows) => {
      await database.pool.query("truncate log_scores");
      await database.pool.query(SEED, [rows]);
      await database.pool.query("vacuum (analyze) log_scores");
      await database.pool.query("checkpoint");
    },
    [Symbol.asyncDispose]: async () => await opened.disposeAsync(),
  };
}

const SEED = `
  insert into log_scores (ts, server_id, monitor_id, score_before, step, score, rule, offset_ns, bound_ns, rtt_ns, stratum,
    leap, reason, no_response, samples_sent, samples_answered, has_evidence)
  select now() - make_interval(secs => ${DAYS}::float8 * 86400 * ($1::float8 - n) / $1::float8), 1 + (n * 7919) % ${SERVERS},
    1 + (n * 104729) % ${MONITORS}, 20, case when n % 50 = 0 then -5 else 1 end, 20 - n % 13, 'ntp_pool_step/1/offset',
    case when n % 50 = 0 then null else (n * 7907) % 4000000 - 2000000 end, 1000000 + n % 100000,
    case when n % 50 = 0 then null else 10000000 + (n * 7717) % 90000000 end, 2, 0, case when n % 50 = 0 then 'timeout' end,
    n % 50 = 0, 3, 3, true
  from generate_series(1::bigint, $1::bigint) n`;
