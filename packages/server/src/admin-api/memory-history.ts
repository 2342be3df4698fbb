// A server's history from memory: the same rows and the same choice as the statements of history-rows.ts make.

import {
  type AssignmentStatusName,
  type MonitorType,
  nsFromTimestamptz,
  type Timestamptz,
  timestamptzFromNs,
} from "@truechimer/database";
import {
  compareKeys,
  copyMeasurement,
  downSample,
  type HistoryStore,
  type HistoryWindow,
  type Measurement,
} from "@truechimer/history";
import { sql } from "kysely";
import type { ServerContext } from "../context.ts";
import { RECENT_MEDIAN_SCORER } from "../scorer/scorers.ts";
import type { HistoryCounts, HistoryRow, HistorySelection } from "./history-rows.ts";
import { nanosecondsOf, sevenDigits } from "./measurement-numbers.ts";

/** The history of one selection, in the store as it is now. */
export interface MemoryHistory {
  readonly counts: HistoryCounts;
  /** Every row, oldest first. */
  rows(): readonly HistoryRow[];
  /** At most `pointsMax` rows a series. */
  extremes(pointsMax: number): readonly HistoryRow[];
}

interface MonitorRow {
  readonly id: bigint;
  readonly type: MonitorType;
  readonly hostname: string;
  readonly status: AssignmentStatusName | null;
}

const NS_PER_US = 1_000n;

/** Absent: a part of the range is not in memory, or it cannot be known. The database has it all. */
export async function memoryHistory(
  context: ServerContext,
  selection: HistorySelection,
): Promise<MemoryHistory | undefined> {
  const fromUs = usOf(selection.from);
  if (context.history === undefined || fromUs < context.history.store.horizonUs) return undefined;
  const monitors = await monitorsOf(context, selection);
  const store = await context.history.current();
  if (store === undefined || fromUs < store.horizonUs) return undefined;
  // The last instant belongs to the range.
  const window: HistoryWindow = { fromUs, toUs: usOf(selection.to) + 1 };
  const scan = { ...window, serverId: Number(selection.serverId) };
  const rowOf = (row: Measurement): HistoryRow => historyRow(row, monitors.get(row.monitorId));
  return {
    counts: countRows(store, scan, monitors),
    rows: () => {
      const rows: HistoryRow[] = [];
      store.scan(scan, (row) => {
        if (monitors.has(row.monitorId)) rows.push(rowOf(copyMeasurement(row)));
      });
      return rows;
    },
    extremes: (pointsMax) => {
      const series = downSample(store, {
        ...scan,
        pointsMax,
        isWanted: (monitorId) => monitors.has(monitorId),
      });
      return [...series.values()].flat().toSorted(compareKeys).map(rowOf);
    },
  };
}

/** Those that are asked for, or all but the other scorers. */
export async function monitorsOf(
  { database }: ServerContext,
  { serverId, monitorIds }: HistorySelection,
): Promise<ReadonlyMap<number, MonitorRow>> {
  const isAll = monitorIds.length === 0;
  const isOverall = isAll || monitorIds.includes(0n);
  const { rows } = await sql<MonitorRow>`
    select m.id, m.type, m.hostname, ss.status
    from monitors m
    left join server_scores ss on ss.server_id = ${serverId} and ss.monitor_id = m.id
    where m.id = any(${monitorIds}::bigint[]) or (${isAll} and m.type <> 'score')
      or (${isOverall} and m.type = 'score' and m.hostname = ${RECENT_MEDIAN_SCORER})`.execute(
    database.kysely,
  );
  return new Map(rows.map((row) => [Number(row.id), row]));
}

function countRows(
  store: HistoryStore,
  scan: HistoryWindow & { readonly serverId: number },
  monitors: ReadonlyMap<number, MonitorRow>,
): HistoryCounts {
  const counts = new Map<number, number>();
  store.scan(scan, ({ monitorId }) => counts.set(monitorId, (counts.get(monitorId) ?? 0) + 1));
  const wanted = [...counts].flatMap(([monitorId, count]) =>
    monitors.has(monitorId) ? [count] : [],
  );
  return {
    rowsTotal: wanted.reduce((sum, count) => sum + count, 0),
    rowsMax: wanted.reduce((most, count) => Math.max(most, count), 0),
    series: wanted.length,
  };
}

function historyRow(row: Measurement, monitor: MonitorRow | undefined): HistoryRow {
  return {
    id: BigInt(row.id),
    ts: timestamptzFromNs(BigInt(row.atUs) * NS_PER_US),
    monitor_id: BigInt(row.monitorId),
    type: monitor?.type ?? "monitor",
    hostname: monitor?.hostname ?? "",
    status: monitor?.status ?? null,
    offset_ns: nanosecondsOf(row.offsetNs),
    bound_ns: nanosecondsOf(row.boundNs),
    rtt_ns: nanosecondsOf(row.rttNs),
    score: sevenDigits(row.score),
    step: sevenDigits(row.step),
    reason: row.reason === "" ? null : row.reason,
  };
}

function usOf(instant: Timestamptz): number {
  return Number(nsFromTimestamptz(instant) / NS_PER_US);
}
