// The servers that monitors owe a visit, taken so that no other call gets them in the same interval: PostgreSQL looks again at
// a turn that somebody else was writing, and leaves it where it has changed. One statement for the calls of several
// monitors; the cost of a call does not grow with the number of assignments. Nobody waits for the disk: when PostgreSQL
// itself is lost, what was handed out in its last moments is due again, and is checked twice (decision 35).

import type { UnixNs } from "@truechimer/base";
import type { Database } from "@truechimer/database";
import { type RawBuilder, sql } from "kysely";
import type { ProbePolicy } from "../policy.ts";
import type { CallingMonitor } from "./authenticate-monitor.ts";
import type { Outcome } from "./gather.ts";
import { MONITOR_MARK, noteSeen } from "./monitor-mark.ts";
import type { PassedOver, TurnPlace } from "./passed-over.ts";
import { WITHDRAWN, type WithdrawnLeases, withdrawnLeases } from "./withdrawn-leases.ts";

export type DueServers = "monitor_changed" | ServersTaken;

export interface ServersTaken {
  readonly servers: readonly DueServer[];
  /** When they were taken, by the database's clock: one clock for all replicas. Absent: there was nothing to take. */
  readonly takenAtNs: UnixNs | undefined;
  /** Of who has leases. */
  readonly withdrawn: WithdrawnLeases | undefined;
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
  /** False: only servers on port 123, and it is not told what is withdrawn. */
  readonly leased: boolean;
  /** The cursor of withdrawals that it was told last. Absent: none. */
  readonly withdrawalsAfter: bigint | undefined;
}

/** One a call, if there was anything to look at. */
interface DueRow {
  /** Position of the call, from 1. */
  readonly place: number;
  readonly taken_at_us: bigint;
  /** As parseTurn reads them: one text costs a quarter of as many rows. */
  readonly turns: string;
}

/** One a call that has leases. */
interface WithdrawnRow {
  readonly place: number;
  readonly turns: null;
  readonly cursor: bigint;
  readonly withdrawn: string | null;
}

/** One a call whose monitor is not what it was taken for. */
interface ChangedRow {
  readonly place: number;
  readonly turns: null;
  readonly cursor: null;
}

interface LookedAtTurn extends TurnPlace, Omit<DueServer, "checkIntervalMs"> {
  readonly pace: number;
  /** False: its server was scored by others a moment ago; it only says how far was looked. */
  readonly eligible: boolean;
  /** Turns of this pace that were looked at up to this one, this one too. */
  readonly lookedAt: number;
}

/** Values of check_turns.pace (migrations), each with its interval. */
const PACES = [1, 2, 3] as const;

/**
 * Of each pace so many are looked at that wait, oldest first, while their servers were scored by others a moment ago.
 * Beyond that, the monitor is told that nothing is due, and asks again: then those that follow are looked at.
 */
const LOOKED_AT_MAX = 500;

/** In the order of their waiting: never visited first, then the longest ago. All times by the database's clock. */
export async function takeDueServers(
  { kysely }: Pick<Database, "kysely">,
  passedOver: PassedOver,
  calls: readonly TakeDueServersOptions[],
): Promise<readonly Outcome<DueServers>[]> {
  const of = <Value>(value: (call: TakeDueServersOptions) => Value): Value[] => calls.map(value);
  const from = PACES.map((pace) => of(({ monitor }) => passedOver.from(monitor.id, pace)));
  const { rows } = await sql<DueRow | WithdrawnRow | ChangedRow>`
    /* prepared: take_due_servers */
    with asked as materialized (
      select * from unnest(
        ${of(({ monitor }) => monitor.id)}::bigint[], ${of(({ monitor }) => monitor.mark)}::bigint[],
        ${of(({ monitor }) => monitor.family)}::text[],
        ${of(({ monitor }) => monitor.lab)}::boolean[], ${of(({ leased }) => leased)}::boolean[],
        ${of(({ withdrawalsAfter: after }) => (after === undefined ? null : String(after)))}::numeric[],
        ${of(({ probe }) => probe.serverIntervalMs)}::float8[], ${of(({ probe }) => probe.batchSize)}::int[],
        ${sql.join(PACES.map((pace) => sql`${of((call) => intervalMs(call, pace))}::float8[]`))},
        ${sql.join(from.map((places) => sql`${places.map(({ queueTs }) => queueTs)}::timestamptz[], ${places.map(({ serverId }) => serverId)}::bigint[]`))}
      ) with ordinality
        as t (monitor_id, mark, family, lab, leased, withdrawals_after, server_ms, batch_size, interval_1, interval_2, interval_3,
          from_ts_1, from_id_1, from_ts_2, from_id_2, from_ts_3, from_id_3, place)
    ),
    call as materialized (
      select asked.*, m.id, m.last_seen from asked join monitors m on m.id = asked.monitor_id
      where ${MONITOR_MARK} = asked.mark
    ),
    ${noteSeen("call")},
    due as materialized (
      select call.place, waiting.* from call cross join lateral (
        select * from (${sql.join(PACES.map(waitingAtPace), sql` union all `)}) waiting
        order by queue_ts, server_id
        limit call.batch_size
      ) waiting
    ),
    taken as (
      update check_turns t set queue_ts = now()
      from (select * from due where eligible order by monitor_id, server_id) due
      where (select set_config('synchronous_commit', 'off', true)) = 'off'
        and t.ctid = due.tid and t.queue_ts = due.queue_ts and t.pace = due.pace and t.watched
      returning t.monitor_id, t.server_id
    )
    select due.place::int as place, null::bigint as cursor, null::text as withdrawn,
      (extract(epoch from now()) * 1000000)::bigint as taken_at_us,
      string_agg(concat_ws('|', due.pace, due.server_id, host(due.ip), due.port, due.traced::int, due.eligible::int,
        due.looked_at, due.queue_ts), ';' order by due.queue_ts, due.server_id) as turns
    from due left join taken on taken.server_id = due.server_id and taken.monitor_id = due.monitor_id
    where taken.server_id is not null or not due.eligible
    group by due.place
    union all
    select place::int, cursor, withdrawn, null::bigint, null::text from (${WITHDRAWN}) told
    union all
    select place::int, null::bigint, null::text, null::bigint, null::text from asked
    where place not in (select place from call)`.execute(kysely);
  const due = new Map<number, DueRow>();
  const told = new Map<number, WithdrawnRow>();
  const changed = new Set<number>();
  for (const row of rows) {
    if (row.turns !== null) due.set(row.place, row);
    else if (row.cursor !== null) told.set(row.place, row);
    else changed.add(row.place);
  }
  return calls.map((call, index) => {
    if (changed.has(index + 1)) return { value: "monitor_changed" };
    const withdrawals = told.get(index + 1);
    return {
      value: {
        ...dueServers(passedOver, call, due.get(index + 1)),
        withdrawn: withdrawals && withdrawnLeases(withdrawals.cursor, withdrawals.withdrawn),
      },
    };
  });
}

function intervalMs({ monitor, probe }: TakeDueServersOptions, pace: number): number {
  if (pace === 3) return probe.slowIntervalMs;
  return pace === 1 && monitor.status === "active"
    ? probe.checkIntervalMs
    : probe.testingIntervalMs;
}

/** In a lateral subquery: the index gives them in the order of their waiting, and no more are read than are wanted. */
function waitingAtPace(pace: (typeof PACES)[number]): RawBuilder<unknown> {
  const column = (name: string): RawBuilder<unknown> => sql.ref(`call.${name}_${pace}`);
  return sql`(
    select * from (
      select t.ctid as tid, t.monitor_id, t.server_id, t.pace, t.queue_ts, s.ip, s.port, s.traced, s.eligible,
        row_number() over (order by t.queue_ts, t.server_id) as looked_at
      from check_turns t
      cross join lateral (
        select ip, port, traced, call.server_ms = 0 or score_ts is null
          or score_ts < now() - make_interval(secs => call.server_ms / 1000) as eligible
        from servers
        -- The second condition always holds. Without it PostgreSQL remembers each server for the next turn that has it, which
        -- of one monitor none does, and that costs three times what finding it does.
        where id = t.server_id and t.queue_ts is not null
          and ip_version = call.family
          and lab = call.lab
          and state = 'watched'
          and (deletion_on is null or deletion_on > now())
          and (call.leased or port = 123)
        limit 1
      ) s
      where t.monitor_id = call.monitor_id and t.pace = ${sql.lit(pace)} and t.watched
        and t.queue_ts < now() - make_interval(secs => ${column("interval")} / 1000)
        and (t.queue_ts, t.server_id) > (${column("from_ts")}, ${column("from_id")})
      order by t.queue_ts, t.server_id
      limit ${sql.lit(LOOKED_AT_MAX)}
    ) looked
    where eligible or looked_at = ${sql.lit(LOOKED_AT_MAX)}
    order by queue_ts, server_id
  )`;
}

function dueServers(
  passedOver: PassedOver,
  call: TakeDueServersOptions,
  row: DueRow | undefined,
): Omit<ServersTaken, "withdrawn"> {
  if (row === undefined) return { servers: [], takenAtNs: undefined };
  const turns = row.turns.split(";").map(parseTurn);
  notePassedOver(passedOver, call.monitor.id, turns);
  const servers = turns.flatMap(({ eligible, pace, serverId, address, port, traced }) =>
    eligible ? [{ serverId, address, port, traced, checkIntervalMs: intervalMs(call, pace) }] : [],
  );
  return { servers, takenAtNs: servers.length === 0 ? undefined : row.taken_at_us * NS_PER_US };
}

const NS_PER_US = 1_000n;

function parseTurn(text: string): LookedAtTurn {
  const [pace, serverId = "0", address = "", port, traced, eligible, lookedAt, queueTs = ""] =
    text.split("|");
  return {
    pace: Number(pace),
    serverId: BigInt(serverId),
    address,
    port: Number(port),
    traced: traced === "1",
    eligible: eligible === "1",
    lookedAt: Number(lookedAt),
    queueTs,
  };
}

/** The last of each pace says how many before it were not taken. */
function notePassedOver(
  passedOver: PassedOver,
  monitorId: bigint,
  turns: readonly LookedAtTurn[],
): void {
  for (const pace of PACES) {
    const ofPace = turns.filter((turn) => turn.pace === pace);
    const last = ofPace.at(-1);
    if (last !== undefined) passedOver.note(monitorId, pace, last, last.lookedAt - ofPace.length);
  }
}
