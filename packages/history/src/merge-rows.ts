// Rows merged into a block that has the room: those behind an insertion move back, once each, and nothing is allocated
// but the list of places.

import { assert } from "@truechimer/base";
import { atUsOf, type Block, idOf, lowerBound, setKey } from "./block.ts";

/** A run of rows of `source`, in order. */
export interface RowRun {
  readonly source: Block;
  readonly from: number;
  readonly to: number;
}

type Column = Block["columns"][number];

/** Shorter runs are moved faster by a loop than by a call. */
const COPY_WITHIN_MIN = 32;

/** Which of the run's rows the block does not hold yet, and before which of its rows they belong. */
export interface Insertions {
  readonly rows: Uint32Array;
  readonly places: Uint32Array;
  readonly length: number;
}

/** Rows that are held already are left out. */
export function findInsertions(block: Block, { source, from, to }: RowRun): Insertions {
  const rows = new Uint32Array(to - from);
  const places = new Uint32Array(to - from);
  let length = 0;
  let place = from < to ? lowerBound(block, atUsOf(source, from), idOf(source, from)) : 0;
  for (let row = from; row < to; row += 1) {
    const atUs = atUsOf(source, row);
    const id = idOf(source, row);
    while (place < block.length && isBefore(block, place, atUs, id)) place += 1;
    const isHeld =
      place < block.length && atUsOf(block, place) === atUs && idOf(block, place) === id;
    if (isHeld) continue;
    rows[length] = row;
    places[length] = place;
    length += 1;
  }
  return { rows, places, length };
}

function isBefore(block: Block, row: number, atUs: number, id: number): boolean {
  const at = atUsOf(block, row);
  return at < atUs || (at === atUs && idOf(block, row) < id);
}

/** Merges rows that `findInsertions` found; the block must have room for them. */
export function insertRows(block: Block, source: Block, insertions: Insertions): void {
  const { rows, places, length } = insertions;
  assert(block.length + length <= block.capacity, "merging rows into a block without room");
  if (length === 0) return;
  const samePlace = block.baseUs === source.baseUs && block.baseId === source.baseId;
  for (const [index, column] of block.columns.entries()) {
    insertValues(column, source.columns[index] as Column, block.length, insertions);
  }
  if (!samePlace) {
    for (let next = 0; next < length; next += 1) {
      const row = rows[next] as number;
      setKey(block, (places[next] as number) + next, atUsOf(source, row), idOf(source, row));
    }
  }
  const isAppended = places[0] === block.length;
  block.length += length;
  if (!isAppended) block.indexed = 0;
}

/** From the end, so that each value moves once. */
function insertValues(
  column: Column,
  from: Column,
  length: number,
  { rows, places, length: count }: Insertions,
): void {
  let end = length;
  for (let next = count - 1; next >= 0; next -= 1) {
    const place = places[next] as number;
    const by = next + 1;
    if (end - place >= COPY_WITHIN_MIN) column.copyWithin(place + by, place, end);
    else for (let at = end - 1; at >= place; at -= 1) column[at + by] = column[at] as number;
    column[place + next] = from[rows[next] as number] as number;
    end = place;
  }
}
