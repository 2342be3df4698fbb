// Events back from the files of an archive. Of a day there are few beside its results: they are read as they lie.

import {
  nsFromTimestamptz,
  type Timestamptz,
  timestamptzFromNs,
  type VerdictName,
} from "@truechimer/database";
import type { ArchivedEventsQuestion } from "../archive-reader.ts";
import type { ArchivedEvent } from "../archived-event.ts";
import type { ObjectStore } from "./object-store.ts";
import { mayHave, type RowGroup } from "./open-part.ts";
import { TABLE_COLUMNS } from "./parquet-rows.ts";
import type { Part } from "./part-name.ts";
import {
  daysInOrder,
  greater,
  lesser,
  type RememberedParts,
  type UsRange,
} from "./parts-by-day.ts";

const NS_PER_US = 1_000n;
/** Whose files are opened beside each other. */
const DAYS_AT_ONCE = 8;
const COLUMNS = TABLE_COLUMNS.events.map(({ name }) => name);

interface Wanted extends UsRange {
  readonly serverIds: readonly bigint[] | undefined;
  readonly kind: string | undefined;
  /** Beyond the place of the question. */
  readonly isBeyond: (row: StoredEvent) => boolean;
  readonly sign: 1 | -1;
}

export async function eventsOf(
  store: ObjectStore,
  question: ArchivedEventsQuestion,
  parts: RememberedParts,
): Promise<{ readonly rows: readonly ArchivedEvent[]; readonly isOver: boolean }> {
  const { order, rowsMax } = question;
  const wanted = wantedOf(question);
  const rows: ArchivedEvent[] = [];
  for await (const days of daysInOrder(store, "events", { ...wanted, order })) {
    for (let begin = 0; begin < days.length; begin += DAYS_AT_ONCE) {
      const read = await Promise.all(
        days.slice(begin, begin + DAYS_AT_ONCE).map((ofDay) => dayEvents(ofDay, wanted, parts)),
      );
      for (const ofDay of read) {
        rows.push(...ofDay.slice(0, rowsMax - rows.length).map(readBackEvent));
        if (rows.length >= rowsMax) return { rows, isOver: false };
      }
    }
  }
  return { rows, isOver: true };
}

function wantedOf(question: ArchivedEventsQuestion): Wanted {
  const { order, place, serverIds, kind } = question;
  const [fromUs, toUs, placeUs] = [usOf(question.from), usOf(question.to), usOf(place.ts)];
  const isNewest = order === "newest";
  const sign = isNewest ? -1 : 1;
  return {
    fromUs: isNewest ? fromUs : greater(fromUs, placeUs),
    toUs: isNewest ? lesser(toUs, placeUs + 1n) : toUs,
    serverIds,
    kind,
    isBeyond: ({ id, at }) => at !== placeUs || compare(id, place.id) * sign > 0,
    sign,
  };
}

/** In the order that is wanted, each once. */
async function dayEvents(
  ofDay: readonly Part[],
  wanted: Wanted,
  parts: RememberedParts,
): Promise<readonly StoredEvent[]> {
  const found: StoredEvent[] = [];
  for (const part of await Promise.all(ofDay.map((each) => parts.open(each)))) {
    for (const group of part.groups.filter((each) => mayBeWanted(each, wanted))) {
      const rows = await part.read(group, COLUMNS);
      for (const row of rows as readonly unknown[] as readonly StoredEvent[])
        if (isWanted(row, wanted)) found.push(row);
    }
  }
  return found
    .toSorted((a, b) => (compare(a.at, b.at) || compare(a.id, b.id)) * wanted.sign)
    .filter(({ id }, index, all) => id !== all[index - 1]?.id);
}

function mayBeWanted({ bounds }: RowGroup, { fromUs, toUs, serverIds }: Wanted): boolean {
  return (
    mayHave(bounds.at, fromUs, toUs - 1n) &&
    (serverIds === undefined || serverIds.some((id) => mayHave(bounds.server_id, id, id)))
  );
}

function isWanted(row: StoredEvent, { fromUs, toUs, serverIds, kind, isBeyond }: Wanted): boolean {
  return (
    row.at >= fromUs &&
    row.at < toUs &&
    (kind === undefined || row.kind === kind) &&
    (serverIds === undefined || (row.server_id !== null && serverIds.includes(row.server_id))) &&
    isBeyond(row)
  );
}

/** As the file has it. */
interface StoredEvent {
  readonly id: bigint;
  readonly at: bigint;
  readonly server_id: bigint | null;
  readonly server_name: string;
  readonly monitor_id: bigint | null;
  readonly monitor_name: string;
  readonly kind: string;
  readonly verdict_before: VerdictName | null;
  readonly verdict_after: VerdictName | null;
  readonly reason: string;
  readonly text: string;
  readonly fault_before: string | null;
  readonly fault_after: string | null;
  readonly rule_set: string | null;
  readonly evidence: string | null;
}

function readBackEvent({ rule_set: rules, at, ...row }: StoredEvent): ArchivedEvent {
  return {
    id: row.id,
    at: timestamptzFromNs(at * NS_PER_US),
    kind: row.kind,
    server_id: row.server_id ?? null,
    server_name: row.server_name,
    monitor_id: row.monitor_id ?? null,
    monitor_name: row.monitor_name,
    verdict_before: row.verdict_before ?? null,
    verdict_after: row.verdict_after ?? null,
    reason: row.reason,
    text: row.text,
    fault_before: row.fault_before ?? null,
    fault_after: row.fault_after ?? null,
    verdict_rules: rules ?? null,
    evidence: row.evidence ?? null,
  };
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : Number(a > b);
}

function usOf(instant: Timestamptz): bigint {
  return nsFromTimestamptz(instant) / NS_PER_US;
}
