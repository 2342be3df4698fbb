// Several files of a day as one: their rows in one order, and a row that is in two of them once. Of each file one row group is
// in memory.

import type { ParquetColumn, ParquetValue } from "../../parquet/parquet-file.ts";
import { ROW_GROUP_ROWS } from "../../parquet/parquet-file.ts";
import type { OpenPart } from "./open-part.ts";
import { compareRows, type ValueRow } from "./parquet-rows.ts";
import type { Part } from "./part-name.ts";

export interface MergeLimits {
  /** So many neighbours of one size are merged while the day goes on, and at most so many at once: a row group of each is in memory. */
  readonly parts: number;
  /** Of files that are merged, together: a larger one takes readers longer than two. */
  readonly bytesMax: number;
  /** A day is over so long after its end. */
  readonly closedMs: number;
  /** And when nothing came for so long. */
  readonly quietMs: number;
}

export const MERGE_LIMITS: MergeLimits = {
  parts: 8,
  bytesMax: 67_108_864,
  closedMs: 7_200_000,
  quietMs: 3_600_000,
};

const DAY_MS = 86_400_000;

/** Of a day's parts that are in force, in their order, those to be made one. Undefined: it is well as it is. */
export function partsToMerge(
  parts: readonly Part[],
  { nowMs, limits }: { readonly nowMs: number; readonly limits: MergeLimits },
): readonly Part[] | undefined {
  return isClosed(parts, nowMs, limits)
    ? anyNeighbours(parts, limits)
    : neighboursOfOneSize(parts, limits);
}

/** Nothing is to be expected of it any more. */
export function isClosed(parts: readonly Part[], nowMs: number, limits: MergeLimits): boolean {
  return parts.every(
    ({ day, modifiedMs }) =>
      nowMs - (Date.parse(day) + DAY_MS) > limits.closedMs && nowMs - modifiedMs > limits.quietMs,
  );
}

function anyNeighbours(
  parts: readonly Part[],
  { bytesMax, parts: few }: MergeLimits,
): readonly Part[] | undefined {
  for (let begin = 0; begin < parts.length; begin += 1) {
    let end = begin + 1;
    while (end < parts.length && end - begin < few && bytesOf(parts, begin, end + 1) <= bytesMax)
      end += 1;
    const run = withTwins(parts, begin, end);
    if (run.length > 1) return run;
  }
  return undefined;
}

function neighboursOfOneSize(
  parts: readonly Part[],
  { parts: count, bytesMax }: MergeLimits,
): readonly Part[] | undefined {
  for (let begin = 0; begin + count <= parts.length; begin += 1) {
    const sizes = new Set(
      parts
        .slice(begin, begin + count)
        .map(({ first, last }) => Math.floor(Math.log(last - first + 1) / Math.log(count))),
    );
    if (sizes.size === 1 && bytesOf(parts, begin, begin + count) <= bytesMax)
      return withTwins(parts, begin, begin + count);
  }
  return undefined;
}

/** What has numbers within those of the merged one would pass for replaced. */
function withTwins(parts: readonly Part[], begin: number, end: number): readonly Part[] {
  let to = end;
  while (to < parts.length && (parts[to]?.first ?? 0) <= (parts[to - 1]?.last ?? 0)) to += 1;
  return parts.slice(begin, to);
}

function bytesOf(parts: readonly Part[], begin: number, end: number): number {
  return parts.slice(begin, end).reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Row groups of the merged file: of each a list of values for each column. */
export async function* mergedGroups(
  opened: readonly OpenPart[],
  columns: readonly ParquetColumn[],
): AsyncGenerator<readonly (readonly ParquetValue[])[], void> {
  const heads = (
    await Promise.all(
      opened.map((part) => advance({ rows: rowsOf(part, columns), at: 0, page: [] })),
    )
  ).filter((head) => head !== undefined);
  let group: ValueRow[] = [];
  let last: ValueRow | undefined;
  while (heads.length > 0) {
    const head = heads.reduce((least, other) =>
      compareRows(current(other), current(least)) < 0 ? other : least,
    );
    const row = current(head);
    if (last === undefined || compareRows(last, row) !== 0) group.push(row);
    last = row;
    head.at += 1;
    if (head.at >= head.page.length && (await advance(head)) === undefined)
      heads.splice(heads.indexOf(head), 1);
    if (group.length < ROW_GROUP_ROWS) continue;
    yield columnsOf(group, columns.length);
    group = [];
  }
  if (group.length > 0) yield columnsOf(group, columns.length);
}

interface Head {
  readonly rows: AsyncGenerator<readonly ValueRow[], void>;
  page: readonly ValueRow[];
  at: number;
}

/** To the next page. Undefined: there is none. */
async function advance(head: Head): Promise<Head | undefined> {
  for (;;) {
    const next = await head.rows.next();
    if (next.done === true) return undefined;
    head.page = next.value;
    head.at = 0;
    if (head.page.length > 0) return head;
  }
}

function current({ page, at }: Head): ValueRow {
  return page[at] ?? [];
}

async function* rowsOf(
  part: OpenPart,
  columns: readonly ParquetColumn[],
): AsyncGenerator<readonly ValueRow[], void> {
  const names = columns.map(({ name }) => name);
  for (const group of part.groups) {
    const rows = await part.read(group, names);
    yield rows.map((row) => columns.map((column) => storedValue(column, row[column.name])));
  }
}

/** What the file does not have, as one would be written that has nothing to say. */
function storedValue({ type, nullable }: ParquetColumn, value: unknown): ParquetValue {
  if (value !== undefined && value !== null) return value as ParquetValue;
  if (nullable) return null;
  switch (type) {
    case "int64_list":
    case "text_list":
      return [];
    case "text":
      return "";
    case "boolean":
      return false;
    case "int32":
    case "double":
      return 0;
    case "octets":
      return new Uint8Array();
    default:
      return 0n;
  }
}

/** Rows as lists of values for each column. */
export function columnsOf(
  rows: readonly ValueRow[],
  count: number,
): readonly (readonly ParquetValue[])[] {
  return Array.from({ length: count }, (_, index) => rows.map((row) => row[index] ?? null));
}
