// Where a server's history comes from: the memory where it holds the whole range, else the database, and the archive for
// what is older than the retention.

import { nsFromTimestamptz, type Timestamptz, timestamptzFromNs } from "@truechimer/database";
import { archiveBorder } from "../archive/archive-border.ts";
import type { ArchivedHistory, ArchiveReader, ReadBackRow } from "../archive/archive-reader.ts";
import type { ServerContext } from "../context.ts";
import {
  countHistory,
  type HistoryCounts,
  type HistoryRow,
  type HistorySelection,
  historyExtremes,
  historyRows,
  KEPT_A_SLOT,
} from "./history-rows.ts";
import { memoryHistory, monitorsOf } from "./memory-history.ts";

const NS_PER_US = 1_000n;

/** The history of one selection. Rows come oldest first. */
export interface HistorySource {
  readonly counts: HistoryCounts;
  readonly isMemory: boolean;
  readonly hasArchived: boolean;
  rows(): Promise<readonly HistoryRow[]>;
  /** At most `pointsMax` rows a series, but for one slot more at the border of two stores. */
  extremes(pointsMax: number): Promise<readonly HistoryRow[]>;
}

export async function historySource(
  context: ServerContext,
  selection: HistorySelection,
): Promise<HistorySource> {
  const memory = await memoryHistory(context, selection);
  if (memory !== undefined) {
    return {
      counts: memory.counts,
      isMemory: true,
      hasArchived: false,
      rows: async () => memory.rows(),
      extremes: async (pointsMax) => memory.extremes(pointsMax),
    };
  }
  const { archive } = context;
  const border = await archiveBorder(context, selection.from);
  if (archive === undefined || border === undefined || border <= selection.from)
    return await storedSource(context, selection);
  // The last instant belongs to a selection.
  const end = timestamptzFromNs(nsFromTimestamptz(selection.to) + NS_PER_US);
  const to = border < end ? border : end;
  const older = await archivedSource(context, archive, { ...selection, to });
  if (border >= end) return older;
  return joined(older, await storedSource(context, { ...selection, from: border }), {
    from: selection.from,
    border,
    to: selection.to,
  });
}

async function storedSource(
  { database: { kysely } }: ServerContext,
  selection: HistorySelection,
): Promise<HistorySource> {
  return {
    counts: await countHistory(kysely, selection),
    isMemory: false,
    hasArchived: false,
    rows: () => historyRows(kysely, selection),
    extremes: (pointsMax) => historyExtremes(kysely, selection, pointsMax),
  };
}

/** `to` is not of it. */
async function archivedSource(
  context: ServerContext,
  archive: ArchiveReader,
  selection: HistorySelection,
): Promise<HistorySource> {
  const { serverId, from, to, monitorIds } = selection;
  const monitors = await monitorsOf(context, selection);
  const scorerIds = [...monitors.values()].filter(({ type }) => type === "score");
  const asked: ArchivedHistory = {
    serverId,
    from,
    to,
    monitorIds: monitorIds.length === 0 ? undefined : monitorIds.filter((id) => id !== 0n),
    scorerIds: scorerIds.map(({ id }) => id),
  };
  const rowOf = (row: ReadBackRow): HistoryRow => {
    const monitor = monitors.get(Number(row.monitor_id));
    return {
      ...row,
      type: monitor?.type ?? "monitor",
      hostname: monitor?.hostname ?? row.monitor_name,
      status: monitor?.status ?? null,
    };
  };
  const read = async (slots?: number): Promise<readonly HistoryRow[]> =>
    (await archive.history(asked, slots)).map(rowOf);
  return {
    counts: await archive.countHistory(asked),
    isMemory: false,
    hasArchived: true,
    rows: () => read(),
    extremes: (pointsMax) => read(Math.max(1, Math.floor(pointsMax / KEPT_A_SLOT))),
  };
}

/** Points are shared by the length of the two parts. */
function joined(
  older: HistorySource,
  newer: HistorySource,
  range: { readonly from: Timestamptz; readonly border: Timestamptz; readonly to: Timestamptz },
): HistorySource {
  const [from, border, to] = [range.from, range.border, range.to].map((at) => Date.parse(at));
  const share = ((border ?? 0) - (from ?? 0)) / Math.max(1, (to ?? 0) - (from ?? 0));
  const both = async (
    read: (source: HistorySource, part: number) => Promise<readonly HistoryRow[]>,
  ): Promise<readonly HistoryRow[]> =>
    (await Promise.all([read(older, share), read(newer, 1 - share)])).flat();
  return {
    counts: {
      rowsTotal: older.counts.rowsTotal + newer.counts.rowsTotal,
      rowsMax: older.counts.rowsMax + newer.counts.rowsMax,
      series: Math.max(older.counts.series, newer.counts.series),
    },
    isMemory: false,
    hasArchived: true,
    rows: () => both((source) => source.rows()),
    extremes: (pointsMax) =>
      both((source, part) => source.extremes(Math.max(KEPT_A_SLOT, Math.floor(pointsMax * part)))),
  };
}
