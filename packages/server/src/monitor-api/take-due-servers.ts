// The servers that a monitor owes a visit, taken so that no other call gets them in the same interval: the rows are
// locked where nobody holds them, and PostgreSQL tests the conditions again on a row that changed meanwhile.

import type { UnixNs } from "@truechimer/base";
import { type Database, nsFromTimestamptz, type Timestamptz } from "@truechimer/database";
import { sql } from "kysely";
import { type ProbePolicy, SLOW_SCORE } from "../policy.ts";
import type { CallingMonitor } from "./authenticate-monitor.ts";

export interface DueServers {
  readonly servers: readonly DueServer[];
  /** When they were taken, by the database's clock: one clock for all replicas. Absent: there was nothing to take. */
  readonly takenAtNs: UnixNs | undefined;
}

export interface DueServer {
  readonly serverId: bigint;
  readonly address: string;
  readonly port: number;
  /** Between two checks of it by this monitor, as its assignment is now. */
  readonly checkIntervalMs: number;
  /** Its path is asked for now and then, too. */
  readonly traced: boolean;
}

export interface TakeDueServersOptions {
  readonly monitor: CallingMonitor;
  readonly probe: ProbePolicy;
  /** False: only servers on port 123. */
  readonly anyPort: boolean;
}

interface DueRow {
  readonly server_id: bigint;
  readonly ip: string;
  readonly port: number;
  readonly place: bigint;
  readonly check_interval_ms: number;
  readonly traced: boolean;
  readonly taken_at: Timestamptz;
}

/** In the order of their waiting: never visited first, then the longest ago. All times by the database's clock. */
export async function takeDueServers(
  database: Database,
  options: TakeDueServersOptions,
): Promise<DueServers> {
  const { monitor, probe, anyPort } = options;
  const activeMs = monitor.status === "active" ? probe.checkIntervalMs : probe.testingIntervalMs;
  const result = await sql<DueRow>`
    with due as (
      select ss.id, s.id as server_id, host(s.ip) as ip, s.port, s.traced, ss.queue_ts as waited_since,
        case when ss.score_raw > ${SLOW_SCORE} and ss.status = 'active' then ${activeMs}::float8
          when ss.score_raw > ${SLOW_SCORE} and ss.status = 'testing' then ${probe.testingIntervalMs}::float8
          else ${probe.slowIntervalMs}::float8 end as check_interval_ms
      from server_scores ss
      join servers s on s.id = ss.server_id
      where ss.monitor_id = ${monitor.id}
        and s.ip_version = ${monitor.family}
        and s.lab = ${monitor.lab}
        and s.state = 'watched'
        and (s.deletion_on is null or s.deletion_on > now())
        and (${anyPort} or s.port = 123)
        and (ss.queue_ts is null
          or (ss.score_raw > ${SLOW_SCORE} and ss.status = 'active' and ss.queue_ts < now() - ${ms(activeMs)})
          or (ss.score_raw > ${SLOW_SCORE} and ss.status = 'testing' and ss.queue_ts < now() - ${ms(probe.testingIntervalMs)})
          or ss.queue_ts < now() - ${ms(probe.slowIntervalMs)})
        and (${probe.serverIntervalMs === 0} or s.score_ts is null
          or s.score_ts < now() - ${ms(probe.serverIntervalMs)})
      order by ss.queue_ts asc nulls first, ss.id
      limit ${probe.batchSize}
      for update of ss skip locked
    ),
    taken as (
      update server_scores ss set queue_ts = now() from due where ss.id = due.id returning ss.id
    )
    select due.server_id, due.ip, due.port, due.traced, due.check_interval_ms,
      now() as taken_at, row_number() over (order by due.waited_since asc nulls first, due.id) as place
    from due join taken on taken.id = due.id
    order by place`.execute(database.kysely);
  const takenAt = result.rows[0]?.taken_at;
  return {
    servers: result.rows.map((row) => ({
      serverId: row.server_id,
      address: row.ip,
      port: row.port,
      checkIntervalMs: row.check_interval_ms,
      traced: row.traced,
    })),
    takenAtNs: takenAt === undefined ? undefined : nsFromTimestamptz(takenAt),
  };
}

/** A bound interval; the driver would send a bare number as text. */
function ms(milliseconds: number): ReturnType<typeof sql> {
  return sql`make_interval(secs => ${milliseconds / 1_000}::double precision)`;
}
