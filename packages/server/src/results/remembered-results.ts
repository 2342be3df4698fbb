// Results from memory. What a filter asks of servers and monitors is read from the database once a page; the results
// themselves are not.

import { setImmediate as nextTurn } from "node:timers/promises";
import { assert } from "@truechimer/base";
import {
  nsFromTimestamptz,
  type Schema,
  type Timestamptz,
  timestamptzFromNs,
} from "@truechimer/database";
import { type Column, columnsOf, compileCondition, type ReadColumn } from "@truechimer/filter";
import { copyMeasurement, type HistoryStore, type Measurement } from "@truechimer/history";
import { type Kysely, sql } from "kysely";
import { nanosecondsOf, sevenDigits } from "../admin-api/measurement-numbers.ts";
import type { SqlColumns } from "../filter/condition-sql.ts";
import { CHECK_FILTER_COLUMNS } from "../filter/filter-columns.ts";
import { REMEMBERED_CHECK, rowValue } from "../filter/remembered-check.ts";
import type { FoundRows, ListedRow, ResultPart } from "./result-part.ts";
import { RESULTS_LIMITS, type ResultPlace } from "./results-question.ts";

const NS_PER_US = 1_000n;

/** `current` is asked when everything else is known: what it gives is looked through without a pause. */
export async function rememberedResults(
  kysely: Kysely<Schema>,
  part: ResultPart,
  current: () => Promise<HistoryStore | undefined>,
): Promise<FoundRows | undefined> {
  const { question, servers } = part;
  const condition = servers.decideAll ? undefined : question.condition;
  const columns = condition === undefined ? [] : columnsOf(condition);
  const [monitors, serverRows] = await Promise.all([
    monitorRows(kysely, columns),
    serverRowsOf(kysely, columns, servers.ids),
  ]);
  const store = await current();
  if (store === undefined || usOf(part.from) < store.horizonUs) return undefined;
  const asked = servers.ids === undefined ? undefined : new Set([...servers.ids].map(Number));
  const known: Pick<ReadonlySet<number>, "has"> | undefined = serverRows ?? asked;
  const isWanted = (row: Measurement): boolean =>
    monitors.has(row.monitorId) && (known === undefined || known.has(row.serverId));
  const passes =
    condition === undefined
      ? () => true
      : compileCondition<Measurement>(condition, (column) =>
          readerOf(column, monitors, serverRows ?? new Map()),
        );
  const kept: Measurement[] = [];
  let { place }: { place: ResultPlace | undefined } = part;
  for (let left: number = RESULTS_LIMITS.memoryRowsMax; left > 0 && place !== undefined; ) {
    const rowsMax = part.rowsMax - kept.length;
    const found = look(store, { ...part, place, rowsMax }, (row) => isWanted(row) && passes(row));
    kept.push(...found.kept);
    ({ place } = found);
    left -= RESULTS_LIMITS.memoryStretchRowsMax;
    if (kept.length >= part.rowsMax || place === undefined) break;
    // Others have their turn. What eviction takes away meanwhile belongs to the database.
    await nextTurn();
    if (usOf(part.from) < store.horizonUs) return undefined;
  }
  const names = await serverNames(kysely, kept);
  return {
    rows: kept.map((row) => ({
      ...checkRow(row),
      monitor_name: monitors.get(row.monitorId)?.name ?? null,
      server_name: names.get(row.serverId) ?? "",
    })),
    place,
  };
}

/** The rows of one stretch that pass, copied, and the last one that was looked at, where there is more. */
function look(
  store: HistoryStore,
  { question, servers, from, to, place, rowsMax }: ResultPart,
  passes: (row: Measurement) => boolean,
): {
  readonly kept: readonly Measurement[];
  readonly place: ResultPlace | undefined;
} {
  const isNewest = question.order === "newest";
  const placeUs = usOf(place.ts);
  const placeId = Number(place.id);
  const [onlyId] = servers.ids?.size === 1 ? servers.ids : [];
  const scan = {
    fromUs: isNewest ? usOf(from) : Math.max(usOf(from), placeUs),
    toUs: isNewest ? Math.min(usOf(to), placeUs + 1) : usOf(to),
    ...(onlyId === undefined ? {} : { serverId: Number(onlyId) }),
  };
  const kept: Measurement[] = [];
  let looked = 0;
  let last: Pick<Measurement, "atUs" | "id"> | undefined;
  let isOver = true;
  const visit = (row: Measurement): boolean => {
    const { atUs } = row;
    if (atUs === placeUs && (isNewest ? row.id >= placeId : row.id <= placeId)) return true;
    if (kept.length >= rowsMax || looked >= RESULTS_LIMITS.memoryStretchRowsMax) {
      isOver = false;
      return false;
    }
    looked += 1;
    if (passes(row)) kept.push(copyMeasurement(row));
    if (kept.length >= rowsMax || looked >= RESULTS_LIMITS.memoryStretchRowsMax)
      last = { atUs, id: row.id };
    return true;
  };
  if (isNewest) store.scanNewest(scan, visit);
  else store.scanOldest(scan, visit);
  const end = isOver ? undefined : last;
  return { kept, place: end && { ts: instantOf(end.atUs), id: BigInt(end.id) } };
}

/** A row of servers or of monitors: what the filter asks of it, under the names of its columns. */
interface NamedRow {
  readonly name: string;
  readonly values: Readonly<Record<string, unknown>>;
}

type Rows = ReadonlyMap<number, NamedRow>;

async function monitorRows(kysely: Kysely<Schema>, columns: readonly Column[]): Promise<Rows> {
  const { rows } = await sql<Readonly<Record<string, unknown>>>`
    select m.id, m.hostname as name ${selected(columns, "monitor.")}
    from monitors m left join agents a on a.id = m.agent_id where m.type = 'monitor'`.execute(
    kysely,
  );
  return byId(rows);
}

/** Absent: the filter asks nothing of servers, or has been answered by their ids. */
async function serverRowsOf(
  kysely: Kysely<Schema>,
  columns: readonly Column[],
  ids: ReadonlySet<bigint> | undefined,
): Promise<Rows | undefined> {
  if (!columns.some((column) => column.startsWith("server."))) return undefined;
  const { rows } = await sql<Readonly<Record<string, unknown>>>`
    select s.id, s.name ${selected(columns, "server.")} from servers s
    where ${ids === undefined ? sql`true` : sql`s.id = any(${[...ids]}::bigint[])`}`.execute(
    kysely,
  );
  return byId(rows);
}

function selected(columns: readonly Column[], prefix: string): ReturnType<typeof sql> {
  const own = [...new Set(columns.filter((column) => column.startsWith(prefix)))];
  return sql`${sql.join(
    own.map((column) => sql`, ${columnOf(column).expression} as ${sql.id(column)}`),
    sql``,
  )}`;
}

function byId(rows: readonly Readonly<Record<string, unknown>>[]): Rows {
  return new Map(
    rows.map((values) => [Number(values["id"]), { name: String(values["name"]), values }]),
  );
}

function columnOf(column: Column): SqlColumns[string] {
  const found = CHECK_FILTER_COLUMNS[column];
  assert(found !== undefined, `no column ${column}`);
  return found;
}

async function serverNames(
  kysely: Kysely<Schema>,
  rows: readonly Measurement[],
): Promise<ReadonlyMap<number, string>> {
  const ids = [...new Set(rows.map(({ serverId }) => BigInt(serverId)))];
  if (ids.length === 0) return new Map();
  const found = await kysely
    .selectFrom("servers")
    .select(["id", "name"])
    .where("id", "in", ids)
    .execute();
  return new Map(found.map(({ id, name }) => [Number(id), name]));
}

function readerOf(column: Column, monitors: Rows, servers: Rows): ReadColumn<Measurement> {
  const own = REMEMBERED_CHECK[column];
  if (own !== undefined) return own;
  const isOfServer = column.startsWith("server.");
  return (row) => {
    const entity = isOfServer ? servers.get(row.serverId) : monitors.get(row.monitorId);
    return entity && rowValue(entity.values, column);
  };
}

function checkRow(row: Measurement): Omit<ListedRow, "monitor_name" | "server_name"> {
  return {
    id: BigInt(row.id),
    ts: instantOf(row.atUs),
    server_id: BigInt(row.serverId),
    monitor_id: BigInt(row.monitorId),
    offset_ns: nanosecondsOf(row.offsetNs),
    bound_ns: nanosecondsOf(row.boundNs),
    rtt_ns: nanosecondsOf(row.rttNs),
    stratum: row.stratum < 0 ? null : row.stratum,
    leap: row.leap < 0 ? null : row.leap,
    reason: row.reason === "" ? null : row.reason,
    step: sevenDigits(row.step),
    score: sevenDigits(row.score),
    has_evidence: row.hasEvidence,
  };
}

function instantOf(atUs: number): Timestamptz {
  return timestamptzFromNs(BigInt(atUs) * NS_PER_US);
}

/** Microseconds since 1970. */
function usOf(instant: Timestamptz): number {
  return Number(nsFromTimestamptz(instant) / NS_PER_US);
}
