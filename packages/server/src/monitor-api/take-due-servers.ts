// The servers that monitors owe a visit, taken so that no other call gets them in the same interval: the rows are locked
// where nobody holds them, and PostgreSQL tests the conditions again on a row that changed meanwhile. One statement for
// the calls of several monitors; the cost of a call does not grow with the number of assignments.

import type { UnixNs } from "@truechimer/base";
import { type Database, nsFromTimestamptz, type Timestamptz } from "@truechimer/database";
import { type RawBuilder, sql } from "kysely";
import type { ProbePolicy } from "../policy.ts";
import type { CallingMonitor } from "./authenticate-monitor.ts";
import type { Outcome } from "./gather.ts";

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
  /** Position of the call, from 1. */
  readonly place: number;
  readonly server_id: bigint;
  readonly ip: string;
  readonly port: number;
  readonly check_interval_ms: number;
  readonly traced: boolean;
  readonly taken_at: Timestamptz;
}

/** Values of server_scores.pace (migrations). */
const PACES = [
  { pace: 1, interval: "active_ms" },
  { pace: 2, interval: "testing_ms" },
  { pace: 3, interval: "slow_ms" },
] as const;

/**
 * Of each pace so many are looked at that wait, oldest first, while their servers were scored by others a moment ago.
 * Beyond that, the monitor is told that nothing is due, and asks again.
 */
const LOOKED_AT_MAX = 500;

/** In the order of their waiting: never visited first, then the longest ago. All times by the database's clock. */
export async function takeDueServers(
  { kysely }: Pick<Database, "kysely">,
  calls: readonly TakeDueServersOptions[],
): Promise<readonly Outcome<DueServers>[]> {
  const of = <Value>(value: (call: TakeDueServersOptions) => Value): Value[] => calls.map(value);
  const { rows } = await sql<DueRow>`
    /* prepared: take_due_servers */
    with call as materialized (
      select * from unnest(
        ${of(({ monitor }) => monitor.id)}::bigint[], ${of(({ monitor }) => monitor.family)}::text[],
        ${of(({ monitor }) => monitor.lab)}::boolean[], ${of(({ anyPort }) => anyPort)}::boolean[],
        ${of(({ monitor, probe }) => (monitor.status === "active" ? probe.checkIntervalMs : probe.testingIntervalMs))}::float8[],
        ${of(({ probe }) => probe.testingIntervalMs)}::float8[], ${of(({ probe }) => probe.slowIntervalMs)}::float8[],
        ${of(({ probe }) => probe.serverIntervalMs)}::float8[], ${of(({ probe }) => probe.batchSize)}::int[]
      ) with ordinality
        as t (monitor_id, family, lab, any_port, active_ms, testing_ms, slow_ms, server_ms, batch_size, place)
    ),
    due as (
      select call.place, call.batch_size, due.*,
        row_number() over (partition by call.place order by due.waited_since, due.id) as waiting_place
      from call cross join lateral (
        ${sql.join(PACES.map(waitingAtPace), sql` union all `)}
      ) due
    ),
    locked as (
      select ss.id from due join server_scores ss on ss.id = due.id
      where due.waiting_place <= due.batch_size and coalesce(ss.queue_ts, '-infinity') = due.waited_since
      order by ss.id
      for no key update of ss skip locked
    ),
    taken as (
      update server_scores ss set queue_ts = now() from locked where ss.id = locked.id returning ss.id
    )
    select due.place::int as place, due.server_id, host(due.ip) as ip, due.port, due.traced, due.check_interval_ms, now() as taken_at
    from due join taken on taken.id = due.id
    order by due.place, due.waiting_place`.execute(kysely);
  const answers = calls.map(() => ({ rows: [] as DueRow[] }));
  for (const row of rows) answers[row.place - 1]?.rows.push(row);
  return answers.map((answer) => ({ value: dueServers(answer.rows) }));
}

/** In a lateral subquery: the index gives them in the order of their waiting, and no more are read than are wanted. */
function waitingAtPace({ pace, interval }: (typeof PACES)[number]): RawBuilder<unknown> {
  const intervalMs = sql.ref(`call.${interval}`);
  return sql`(
    select id, server_id, ip, port, traced, waited_since, ${intervalMs} as check_interval_ms
    from (
      select ss.id, ss.server_id, s.ip, s.port, s.traced, coalesce(ss.queue_ts, '-infinity') as waited_since, s.score_ts
      from server_scores ss
      join servers s on s.id = ss.server_id
      where ss.monitor_id = call.monitor_id and ss.pace = ${sql.lit(pace)}
        and coalesce(ss.queue_ts, '-infinity') < now() - make_interval(secs => ${intervalMs} / 1000)
        and s.ip_version = call.family
        and s.lab = call.lab
        and s.state = 'watched'
        and (s.deletion_on is null or s.deletion_on > now())
        and (call.any_port or s.port = 123)
      order by coalesce(ss.queue_ts, '-infinity'), ss.id
      limit ${sql.lit(LOOKED_AT_MAX)}
    ) waiting
    where call.server_ms = 0 or score_ts is null or score_ts < now() - make_interval(secs => call.server_ms / 1000)
    order by waited_since, id
    limit call.batch_size
  )`;
}

function dueServers(rows: readonly DueRow[]): DueServers {
  const takenAt = rows[0]?.taken_at;
  return {
    servers: rows.map((row) => ({
      serverId: row.server_id,
      address: row.ip,
      port: row.port,
      checkIntervalMs: row.check_interval_ms,
      traced: row.traced,
    })),
    takenAtNs: takenAt === undefined ? undefined : nsFromTimestamptz(takenAt),
  };
}
