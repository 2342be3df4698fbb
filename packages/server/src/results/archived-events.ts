// Events from the archive: taken by their time, and then asked the filter, as results from there are. And how a page of them is
// put together with one of the database.

import { nsFromTimestamptz, type Timestamptz } from "@truechimer/database";
import {
  type Column,
  type Condition,
  columnsOf,
  compileCondition,
  type ReadColumn,
} from "@truechimer/filter";
import type { ArchivedEvent } from "../archive/archived-event.ts";
import type { ServerContext } from "../context.ts";
import { monitorRows, readerOf, serverRowsOf } from "./entity-rows.ts";

type Row = ArchivedEvent & { readonly serverId: number; readonly monitorId: number };

const ARCHIVED_EVENT: Readonly<Record<Column, ReadColumn<Row>>> = {
  "event.at": ({ at }) => nsFromTimestamptz(at),
  "event.kind": ({ kind }) => kind,
  "event.reason": ({ reason }) => (reason === "" ? undefined : reason),
  "event.verdict_before": (row) => row.verdict_before ?? undefined,
  "event.verdict_after": (row) => row.verdict_after ?? undefined,
  "event.text": ({ text }) => text,
  "event.id": ({ id }) => id,
};
/** No server and no monitor has it. */
const NONE = -1;

/** Between two events. */
export interface EventPlace {
  readonly at: Timestamptz;
  readonly id: bigint;
}

export interface EventPage<Event extends EventPlace> {
  readonly rows: readonly Event[];
  /** Where to go on. Undefined: that was the last. */
  readonly place: EventPlace | undefined;
}

export interface ArchivedEventsAsked {
  readonly from: Timestamptz;
  /** Excluded. */
  readonly to: Timestamptz;
  readonly order: "newest" | "oldest";
  /** Absent: of any kind. */
  readonly kind?: string;
  /** Absent: of all, and of none. */
  readonly serverIds: readonly bigint[] | undefined;
  /** Absent: every event passes. */
  readonly condition: Condition | undefined;
  readonly place: EventPlace;
  /** Looked through. */
  readonly rowsMax: number;
}

/** Those that pass of the next events of the archive, and how far it was looked through. */
export async function archivedEvents(
  { archive, database }: Pick<ServerContext, "archive" | "database">,
  { condition, place, ...asked }: ArchivedEventsAsked,
): Promise<EventPage<ArchivedEvent>> {
  if (archive === undefined) return { rows: [], place: undefined };
  const found = await archive.events({ ...asked, place: { ts: place.at, id: place.id } });
  const passes = condition === undefined ? () => true : await filterOf(database, condition);
  const rows = found.rows.filter((row) =>
    passes({
      ...row,
      serverId: Number(row.server_id ?? NONE),
      monitorId: Number(row.monitor_id ?? NONE),
    }),
  );
  return { rows, place: found.isOver ? undefined : found.rows.at(-1) };
}

async function filterOf(
  { kysely }: ServerContext["database"],
  condition: Condition,
): Promise<(row: Row) => boolean> {
  const columns = columnsOf(condition);
  const monitors = await monitorRows(kysely, columns);
  const servers = await serverRowsOf(kysely, columns, undefined);
  return compileCondition<Row>(condition, (column) =>
    readerOf(column, ARCHIVED_EVENT, { monitors, servers }),
  );
}

/** Two pages as one, as far as both have been looked through. An event that both have is told once. */
export function mergedEvents<Event extends EventPlace>(
  order: "newest" | "oldest",
  stored: EventPage<Event>,
  older: EventPage<Event>,
): EventPage<Event> {
  const sign = order === "newest" ? -1 : 1;
  const isWithin = (row: EventPlace, { place }: EventPage<Event>): boolean =>
    place === undefined || comparePlaces(row, place) * sign <= 0;
  const known = new Set(stored.rows.map(({ id }) => id));
  const rows = [...stored.rows, ...older.rows.filter(({ id }) => !known.has(id))]
    .filter((row) => isWithin(row, stored) && isWithin(row, older))
    .toSorted((a, b) => comparePlaces(a, b) * sign);
  const ends = [stored.place, older.place].filter((end) => end !== undefined);
  return { rows, place: ends.toSorted((a, b) => comparePlaces(a, b) * sign)[0] };
}

function comparePlaces(a: EventPlace, b: EventPlace): number {
  if (a.at === b.at) return a.id < b.id ? -1 : Number(a.id > b.id);
  return a.at < b.at ? -1 : 1;
}
