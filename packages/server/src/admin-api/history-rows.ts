// The statements behind a server's history.

import type { AssignmentStatusName, MonitorType, Schema, Timestamptz } from "@truechimer/database";
import { type Kysely, sql } from "kysely";
import { RECENT_MEDIAN_SCORER } from "../scorer/scorers.ts";

export interface HistorySelection {
  readonly serverId: bigint;
  readonly from: Timestamptz;
  readonly to: Timestamptz;
  /** Empty: all monitors, and the overall score. 0 stands for the overall score; other scorers go by their id. */
  readonly monitorIds: readonly bigint[];
}

export interface HistoryRow {
  readonly id: bigint;
  readonly ts: Timestamptz;
  readonly monitor_id: bigint;
  readonly type: MonitorType;
  readonly hostname: string;
  readonly status: AssignmentStatusName | null;
  readonly offset_ns: bigint | null;
  readonly bound_ns: bigint | null;
  readonly rtt_ns: bigint | null;
  readonly score: number;
  readonly step: number;
  readonly reason: string | null;
}

function selected({ serverId, from, to, monitorIds }: HistorySelection): ReturnType<typeof sql> {
  const overall = monitorIds.length === 0 || monitorIds.includes(0n);
  return sql`l.server_id = ${serverId} and l.ts >= ${from} and l.ts <= ${to} and (
    l.monitor_id = any(${monitorIds}::bigint[])
    or (${monitorIds.length === 0} and l.monitor_id not in (select id from monitors where type = 'score'))
    or (${overall} and l.monitor_id in (
      select id from monitors where type = 'score' and hostname = ${RECENT_MEDIAN_SCORER})))`;
}

export interface HistoryCounts {
  readonly rowsTotal: number;
  /** Rows of the longest series. */
  readonly rowsMax: number;
  readonly series: number;
}

export async function countHistory(
  kysely: Kysely<Schema>,
  selection: HistorySelection,
): Promise<HistoryCounts> {
  const result = await sql<{
    readonly total: number;
    readonly most: number;
    readonly series: number;
  }>`
    select coalesce(sum(rows), 0)::float8 as total, coalesce(max(rows), 0)::float8 as most,
      count(*)::float8 as series
    from (select count(*) as rows from log_scores l where ${selected(selection)} group by l.monitor_id) series
    `.execute(kysely);
  const [row] = result.rows;
  return { rowsTotal: row?.total ?? 0, rowsMax: row?.most ?? 0, series: row?.series ?? 0 };
}

/** Every row, oldest first. */
export async function historyRows(
  kysely: Kysely<Schema>,
  selection: HistorySelection,
): Promise<readonly HistoryRow[]> {
  const result = await sql<HistoryRow>`
    ${rowColumns} where ${selected(selection)} order by l.ts, l.id`.execute(kysely);
  return result.rows;
}

/** Kept of each slot: least and greatest offset, worst score, first failure. */
export const KEPT_A_SLOT = 4;

/** At most `pointsMax` rows a series. */
export async function historyExtremes(
  kysely: Kysely<Schema>,
  selection: HistorySelection,
  pointsMax: number,
): Promise<readonly HistoryRow[]> {
  const picked = await pickExtremes(kysely, selection, pointsMax);
  const { from, to } = selection;
  // With both parts of the key each row is one look into one day.
  const result = await sql<HistoryRow>`
    ${rowColumns}
    join unnest(
      ${picked.map(({ id }) => id)}::bigint[], ${picked.map(({ ts }) => ts)}::timestamptz[]
    ) as t (id, ts) on t.id = l.id and t.ts = l.ts
    where l.ts >= ${from} and l.ts <= ${to}
    order by l.ts, l.id`.execute(kysely);
  return result.rows;
}

interface PickedRow {
  readonly id: bigint;
  readonly ts: Timestamptz;
}

/** Extremes are found by comparing arrays of a value and its row's key, which needs no sorting. */
async function pickExtremes(
  kysely: Kysely<Schema>,
  selection: HistorySelection,
  pointsMax: number,
): Promise<readonly PickedRow[]> {
  const slots = Math.max(1, Math.floor(pointsMax / KEPT_A_SLOT));
  const { from, to } = selection;
  const slotSeconds = sql`(extract(epoch from ${to}::timestamptz - ${from}::timestamptz)::float8 / ${slots}::float8)`;
  const result = await sql<PickedRow>`
    with extremes as (
      select
        min(array[l.offset_ns, l.id, us]) filter (where l.reason is null and l.offset_ns is not null) as least,
        max(array[l.offset_ns, l.id, us]) filter (where l.reason is null and l.offset_ns is not null) as greatest,
        min(array[l.score, l.id, us]) as worst,
        min(array[l.id, us]) filter (where l.reason is not null) as failed
      from log_scores l
      cross join lateral (values ((extract(epoch from l.ts) * 1000000)::bigint)) as instant (us)
      where ${selected(selection)}
      group by l.monitor_id,
        least(floor(extract(epoch from l.ts - ${from}::timestamptz)::float8 / ${slotSeconds}), ${slots - 1}::float8)
    )
    select distinct picked.id, timestamptz 'epoch' + picked.us * interval '1 microsecond' as ts
    from extremes
    cross join lateral (values
      (least[2], least[3]), (greatest[2], greatest[3]), (worst[2]::bigint, worst[3]::bigint), (failed[1], failed[2])
    ) as picked (id, us)
    where picked.id is not null`.execute(kysely);
  return result.rows;
}

const rowColumns = sql`
  select l.id, l.ts, l.monitor_id, m.type, m.hostname, ss.status, l.offset_ns, l.bound_ns, l.rtt_ns, l.score, l.step,
    l.reason
  from log_scores l
  join monitors m on m.id = l.monitor_id
  left join server_scores ss on ss.server_id = l.server_id and ss.monitor_id = l.monitor_id`;
