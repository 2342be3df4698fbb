// Results back from the files of an archive. Of each day only those row groups are read that can have what is asked for, first
// the columns of their key, and then the others where a row was found; in memory are the rows of one answer, and of a chart
// those of a few days.

import type { Clock } from "@truechimer/base";
import {
  nsFromTimestamptz,
  startOfDay,
  type Timestamptz,
  timestamptzFromNs,
} from "@truechimer/database";
import type {
  ArchivedHistory,
  ArchiveQuestion,
  ArchiveReader,
  ReadBackDetails,
  ReadBackResult,
  ReadBackRow,
} from "../archive-reader.ts";
import { rememberedDay } from "../remembered-day.ts";
import { createExtremes } from "./extremes.ts";
import type { ObjectStore } from "./object-store.ts";
import { mayHave, type OpenPart, type RowGroup } from "./open-part.ts";
import { eventsOf } from "./parquet-events.ts";
import { type Part, parsePart } from "./part-name.ts";
import {
  daysInOrder,
  greater,
  lesser,
  listedAgain,
  partsByDay,
  type RememberedParts,
  rememberedParts,
} from "./parts-by-day.ts";

const NS_PER_US = 1_000n;
/** Days of a chart that are read beside each other. */
const DAYS_AT_ONCE = 8;
/** Of each two numbers. */
const ID_BOUNDS_REMEMBERED_MAX = 50_000;

const KEY_COLUMNS = ["id", "at", "server_id", "monitor_id", "is_score"] as const;
const LISTED_COLUMNS = [
  "server_name",
  "monitor_name",
  "offset_ns",
  "bound_ns",
  "rtt_ns",
  "stratum",
  "leap",
  "reason",
  "step",
  "score",
  "has_evidence",
] as const;
const STEP_COLUMNS = [
  "score_before",
  "rule",
  "no_response",
  "samples_sent",
  "samples_answered",
  "attributes",
] as const;
const COLUMNS_OF = {
  listed: LISTED_COLUMNS,
  steps: [...LISTED_COLUMNS, ...STEP_COLUMNS],
  packets: [...LISTED_COLUMNS, ...STEP_COLUMNS, "packets"],
} as const;
const READ_COLUMNS: ReadonlySet<string> = new Set([...KEY_COLUMNS, ...COLUMNS_OF.packets]);

/** A row that is wanted, and where it lies. */
interface Found {
  readonly id: bigint;
  readonly us: bigint;
  readonly serverId: bigint;
  readonly monitorId: bigint;
  readonly part: OpenPart;
  readonly group: RowGroup;
  /** In the group. */
  readonly index: number;
}

interface Wanted {
  /** Included. */
  readonly fromUs: bigint;
  /** Excluded. */
  readonly toUs: bigint;
  /** Absent: all. */
  readonly serverIds: ReadonlySet<bigint> | undefined;
  readonly isWanted: (row: KeyRow) => boolean;
  readonly order: "newest" | "oldest";
  /** So many are enough. */
  readonly rowsMax: number;
}

interface KeyRow {
  readonly id: bigint;
  readonly at: bigint;
  readonly server_id: bigint;
  readonly monitor_id: bigint;
  readonly is_score: boolean;
}

export function createParquetReader(
  store: ObjectStore,
  clock: Pick<Clock, "monotonicNs">,
): ArchiveReader {
  const parts = rememberedParts(store, READ_COLUMNS);
  const eventParts = rememberedParts(store);
  const idBounds = new Map<string, readonly [bigint, bigint]>();
  const dayRows = async (
    ofDay: readonly Part[],
    wanted: Wanted,
    details: keyof typeof COLUMNS_OF,
  ): Promise<readonly ReadBackRow[]> =>
    await readRows(await findRows(await opened(parts, ofDay), wanted), details);
  return {
    keepsPackets: true,
    oldest: rememberedDay(clock, () => oldestDay(store)),
    results: (question) => listedAgain(() => resultsOf(store, question, dayRows)),
    events: (question) => listedAgain(() => eventsOf(store, question, eventParts)),
    countHistory: (asked) =>
      listedAgain(async () => {
        const counts = new Map<bigint, number>();
        for await (const ofDay of daysOf(store, asked)) {
          const rows = await findRows(await opened(parts, ofDay), historyWanted(asked));
          for (const { monitorId } of rows) counts.set(monitorId, (counts.get(monitorId) ?? 0) + 1);
        }
        const each = [...counts.values()];
        return {
          rowsTotal: each.reduce((sum, count) => sum + count, 0),
          rowsMax: Math.max(0, ...each),
          series: each.length,
        };
      }),
    history: (asked, slots) =>
      listedAgain(async () => {
        const wanted = historyWanted(asked);
        const rows: ReadBackRow[] = [];
        const extremes = slots === undefined ? undefined : createExtremes({ ...wanted, slots });
        const days: Part[][] = [];
        for await (const ofDay of daysOf(store, asked)) days.push([...ofDay]);
        for (let begin = 0; begin < days.length; begin += DAYS_AT_ONCE) {
          const found = await Promise.all(
            days
              .slice(begin, begin + DAYS_AT_ONCE)
              .map((ofDay) => dayRows(ofDay, wanted, "listed")),
          );
          for (const row of found.flat()) {
            if (extremes === undefined) rows.push(row);
            else extremes.add(row);
          }
        }
        return extremes === undefined ? rows : extremes.rows();
      }),
    result: (id) => listedAgain(() => resultOf(store, { id, parts, idBounds })),
  };
}

async function oldestDay(store: ObjectStore): Promise<Timestamptz | undefined> {
  const name = await store.first("results/day=");
  const part = name === undefined ? undefined : parsePart({ name, bytes: 0, modifiedMs: 0 });
  return part === undefined ? undefined : startOfDay(part.day);
}

function opened(parts: RememberedParts, ofDay: readonly Part[]): Promise<readonly OpenPart[]> {
  return Promise.all(ofDay.map((part) => parts.open(part)));
}

async function* daysOf(
  store: ObjectStore,
  { from, to }: Pick<ArchivedHistory, "from" | "to">,
): AsyncGenerator<readonly Part[], void> {
  const days = await partsByDay(store, "results", { fromUs: usOf(from), toUs: usOf(to) });
  for (const day of [...days.keys()].toSorted()) yield days.get(day) ?? [];
}

type DayRows = (
  ofDay: readonly Part[],
  wanted: Wanted,
  details: keyof typeof COLUMNS_OF,
) => Promise<readonly ReadBackRow[]>;

async function resultsOf(
  store: ObjectStore,
  question: ArchiveQuestion,
  dayRows: DayRows,
): Promise<{ readonly rows: readonly ReadBackRow[]; readonly isOver: boolean }> {
  const { order, rowsMax, details = "listed", place } = question;
  const rows: ReadBackRow[] = [];
  const [fromUs, toUs, placeUs] = [usOf(question.from), usOf(question.to), usOf(place.ts)];
  const isNewest = order === "newest";
  const isScore = question.writtenBy === "score";
  const wanted: Omit<Wanted, "rowsMax"> = {
    fromUs: isNewest ? fromUs : greater(fromUs, placeUs),
    toUs: isNewest ? lesser(toUs, placeUs + 1n) : toUs,
    serverIds: question.serverIds && new Set(question.serverIds),
    isWanted: ({ id, at, is_score }) =>
      is_score === isScore && (at !== placeUs || (isNewest ? id < place.id : id > place.id)),
    order,
  };
  for await (const days of daysInOrder(store, "results", wanted)) {
    for (const ofDay of days) {
      const left = { ...wanted, rowsMax: rowsMax - rows.length };
      rows.push(...(await dayRows(ofDay, left, details)));
      if (rows.length >= rowsMax) return { rows, isOver: false };
    }
  }
  return { rows, isOver: true };
}

function historyWanted({ serverId, from, to, monitorIds, scorerIds }: ArchivedHistory): Wanted {
  const monitors = monitorIds === undefined ? undefined : new Set(monitorIds);
  const scorers = new Set(scorerIds);
  return {
    fromUs: usOf(from),
    toUs: usOf(to),
    serverIds: new Set([serverId]),
    isWanted: ({ monitor_id: id, is_score }) =>
      scorers.has(id) || (monitors === undefined ? !is_score : monitors.has(id)),
    order: "oldest",
    rowsMax: Number.POSITIVE_INFINITY,
  };
}

/** Of one day's files, in the order that is wanted, each row once. */
async function findRows(ofDay: readonly OpenPart[], wanted: Wanted): Promise<readonly Found[]> {
  const sign = wanted.order === "newest" ? -1 : 1;
  const groups = ofDay
    .flatMap((part) => part.groups.map((group) => ({ part, group })))
    .filter(({ group }) => mayBeWanted(group, wanted))
    .toSorted((a, b) => compare(edgeOf(a.group, wanted), edgeOf(b.group, wanted)) * sign);
  let found: readonly Found[] = [];
  for (const { part, group } of groups) {
    const last = found.length >= wanted.rowsMax ? found.at(-1) : undefined;
    // No row of this group, nor of those after it, comes before the last that is wanted.
    if (last !== undefined && compare(edgeOf(group, wanted), last.us) * sign > 0) break;
    const rows = (await part.read(group, KEY_COLUMNS)) as readonly unknown[] as readonly KeyRow[];
    const more = rows.flatMap((row, index) =>
      isRowWanted(row, wanted)
        ? [
            {
              id: row.id,
              us: row.at,
              serverId: row.server_id,
              monitorId: row.monitor_id,
              part,
              group,
              index,
            },
          ]
        : [],
    );
    if (more.length === 0) continue;
    found = [...found, ...more]
      .toSorted((a, b) => (compare(a.us, b.us) || compare(a.id, b.id)) * sign)
      .filter((row, index, all) => index === 0 || !isSame(row, all[index - 1]))
      .slice(0, wanted.rowsMax);
  }
  return found;
}

function isSame(row: Found, other: Found | undefined): boolean {
  return row.us === other?.us && row.id === other.id;
}

function mayBeWanted({ bounds }: RowGroup, { fromUs, toUs, serverIds }: Wanted): boolean {
  return (
    mayHave(bounds.at, fromUs, toUs - 1n) &&
    (serverIds === undefined || [...serverIds].some((id) => mayHave(bounds.server_id, id, id)))
  );
}

function isRowWanted(row: KeyRow, { fromUs, toUs, serverIds, isWanted }: Wanted): boolean {
  return (
    row.at >= fromUs &&
    row.at < toUs &&
    (serverIds === undefined || serverIds.has(row.server_id)) &&
    isWanted(row)
  );
}

/** The first instant of it that can be wanted, in the order that is wanted. */
function edgeOf({ bounds: { at } }: RowGroup, { order, fromUs, toUs }: Wanted): bigint {
  return order === "newest" ? (at.greatest ?? toUs) : (at.least ?? fromUs);
}

/** In the order that they were found in. */
async function readRows(
  found: readonly Found[],
  details: keyof typeof COLUMNS_OF,
): Promise<readonly ReadBackRow[]> {
  const rows = new Map<Found, ReadBackRow>();
  for (const [group, ofGroup] of Map.groupBy(found, (each) => each.group)) {
    const read = await ofGroup[0]?.part.read(group, COLUMNS_OF[details]);
    for (const each of ofGroup) {
      const row = read?.[each.index] as unknown as StoredRow | undefined;
      if (row !== undefined) rows.set(each, readBackRow(each, row, details !== "listed"));
    }
  }
  return found.flatMap((each) => rows.get(each) ?? []);
}

async function resultOf(
  store: ObjectStore,
  {
    id,
    parts,
    idBounds,
  }: {
    readonly id: bigint;
    readonly parts: RememberedParts;
    readonly idBounds: Map<string, readonly [bigint, bigint]>;
  },
): Promise<ReadBackResult | undefined> {
  const all = (await store.list("results/")).flatMap((each) => parsePart(each) ?? []);
  for (let end = all.length; end > 0; end -= DAYS_AT_ONCE) {
    const found = await Promise.all(
      all.slice(Math.max(0, end - DAYS_AT_ONCE), end).map(async (part) => {
        const [least, greatest] = idBounds.get(part.name) ?? [undefined, undefined];
        if (!mayHave({ least, greatest }, id, id)) return undefined;
        const open = await parts.open(part);
        rememberIds(idBounds, open);
        return await resultIn(open, id);
      }),
    );
    const result = found.find((each) => each !== undefined);
    if (result !== undefined) return result;
  }
  return undefined;
}

function rememberIds(
  idBounds: Map<string, readonly [bigint, bigint]>,
  { part, groups }: OpenPart,
): void {
  const leasts = groups.flatMap(({ bounds }) => bounds.id.least ?? []);
  const greatests = groups.flatMap(({ bounds }) => bounds.id.greatest ?? []);
  // Where one group does not tell, the file does not.
  if (leasts.length !== groups.length || greatests.length !== groups.length || groups.length === 0)
    return;
  if (idBounds.size >= ID_BOUNDS_REMEMBERED_MAX) idBounds.clear();
  idBounds.set(part.name, [
    leasts.reduce((a, b) => lesser(a, b)),
    greatests.reduce((a, b) => greater(a, b)),
  ]);
}

async function resultIn(part: OpenPart, id: bigint): Promise<ReadBackResult | undefined> {
  for (const group of part.groups) {
    if (!mayHave(group.bounds.id, id, id)) continue;
    const rows = (await part.read(group, KEY_COLUMNS)) as readonly unknown[] as readonly KeyRow[];
    const index = rows.findIndex((row) => row.id === id);
    const row = rows[index];
    if (row === undefined) continue;
    const found = {
      id,
      us: row.at,
      serverId: row.server_id,
      monitorId: row.monitor_id,
      part,
      group,
      index,
    };
    const [result] = await readRows([found], "packets");
    if (result?.details !== undefined) return { ...result, details: result.details };
  }
  return undefined;
}

/** As the file has it; a column that it lacks is undefined. */
interface StoredRow {
  readonly server_name: string;
  readonly monitor_name: string;
  readonly offset_ns: bigint | null;
  readonly bound_ns: bigint | null;
  readonly rtt_ns: bigint | null;
  readonly stratum: number | null;
  readonly leap: number | null;
  readonly reason: string;
  readonly step: number;
  readonly score: number;
  readonly has_evidence: boolean;
  readonly score_before?: number | null;
  readonly rule?: string;
  readonly no_response?: boolean;
  readonly samples_sent?: number;
  readonly samples_answered?: number;
  readonly attributes?: string;
  readonly packets?: Uint8Array | null;
}

function readBackRow(found: Found, row: StoredRow, hasDetails: boolean): ReadBackRow {
  return {
    id: found.id,
    ts: timestamptzFromNs(found.us * NS_PER_US),
    server_id: found.serverId,
    server_name: row.server_name,
    monitor_id: found.monitorId,
    monitor_name: row.monitor_name,
    offset_ns: row.offset_ns ?? null,
    bound_ns: row.bound_ns ?? null,
    rtt_ns: row.rtt_ns ?? null,
    stratum: row.stratum ?? null,
    leap: row.leap ?? null,
    reason: row.reason === "" ? null : row.reason,
    step: row.step,
    score: row.score,
    has_evidence: row.has_evidence,
    ...(hasDetails ? { details: detailsOf(row) } : {}),
  };
}

function detailsOf(row: StoredRow): ReadBackDetails {
  return {
    score_before: row.score_before ?? null,
    rule: row.rule ?? "",
    no_response: row.no_response ?? false,
    samples_sent: row.samples_sent ?? 0,
    samples_answered: row.samples_answered ?? 0,
    attributes: row.attributes === undefined || row.attributes === "" ? null : row.attributes,
    packets: row.packets ?? null,
  };
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : Number(a > b);
}

function usOf(instant: Timestamptz): bigint {
  return nsFromTimestamptz(instant) / NS_PER_US;
}
