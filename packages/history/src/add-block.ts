// Where rows that come in go among the blocks: next to them as a block of their own, or merged into those whose time
// they share. Blocks never overlap, so that the order of the blocks is the order of the rows.

import {
  appendRows,
  atUsOf,
  BLOCK_ROWS_MAX,
  type Block,
  copyRows,
  createBlock,
  fitsBase,
  idOf,
  lowerBound,
} from "./block.ts";
import { findInsertions, type Insertions, insertRows, type RowRun } from "./merge-rows.ts";

/** A batch of this many rows that overlaps nothing stays as it is; fewer are merged into a neighbour. */
const OWN_BLOCK_ROWS_MIN = 4_096;
const ROWS_FIRST = 64;
/** A block that grows leaves at most a fifth of itself unused. */
const GROWTH = 1.25;

/** Rows that were new. `blocks` is changed in place. */
export function addBlock(blocks: Block[], incoming: Block): number {
  if (incoming.length === 0) return 0;
  const first = blockFor(blocks, incoming, 0);
  const next = blocks[first + 1];
  const holder = blocks[first];
  const isBehind = holder === undefined || isAfterAll(holder, incoming, 0);
  const isBefore = next === undefined || isAfterAll(incoming, next, 0);
  const isAlone = blocks.length === 0 || incoming.length >= OWN_BLOCK_ROWS_MIN;
  if (isBehind && isBefore && isAlone) {
    blocks.splice(first + 1, 0, incoming);
    return incoming.length;
  }
  return mergeAll(blocks, incoming, Math.max(0, first));
}

/** The last block that begins at or before this row; -1: it is before all. */
function blockFor(blocks: readonly Block[], source: Block, row: number): number {
  let low = 0;
  let high = blocks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isAfter(blocks[middle] as Block, 0, source, row)) high = middle;
    else low = middle + 1;
  }
  return low - 1;
}

function isAfter(block: Block, row: number, other: Block, otherRow: number): boolean {
  const at = atUsOf(block, row);
  const otherAt = atUsOf(other, otherRow);
  return at > otherAt || (at === otherAt && idOf(block, row) > idOf(other, otherRow));
}

function isAfterAll(block: Block, other: Block, otherRow: number): boolean {
  return isAfter(other, otherRow, block, block.length - 1);
}

function mergeAll(blocks: Block[], incoming: Block, start: number): number {
  let added = 0;
  let from = 0;
  for (let at = start; from < incoming.length; at += 1) {
    const next = blocks[at + 1];
    const to =
      next === undefined
        ? incoming.length
        : Math.max(from, lowerBound(incoming, atUsOf(next, 0), idOf(next, 0)));
    if (to === from) continue;
    const before = blocks.length;
    added += mergeRun(blocks, at, { source: incoming, from, to });
    at += blocks.length - before;
    from = to;
  }
  return added;
}

/** Into the block at `at`, which is replaced by as many as it takes. */
function mergeRun(blocks: Block[], at: number, run: RowRun): number {
  const block = blocks[at] as Block;
  const stranger = strangerIn(block, run);
  if (stranger !== undefined) return mergeAround(blocks, at, run, stranger);
  const insertions = findInsertions(block, run);
  if (insertions.length === 0) return 0;
  const rows = block.length + insertions.length;
  if (rows > BLOCK_ROWS_MAX && insertions.places[0] === block.length) {
    blocks.splice(at + 1, 0, blockOf(run.source, insertions));
  } else if (rows > BLOCK_ROWS_MAX) {
    const whole = copyRows(block, 0, block.length, rows);
    insertRows(whole, run.source, insertions);
    blocks.splice(at, 1, ...halves(whole));
  } else if (rows > block.capacity) {
    const capacity = Math.min(BLOCK_ROWS_MAX, Math.max(ROWS_FIRST, Math.ceil(rows * GROWTH)));
    const grown = copyRows(block, 0, block.length, capacity);
    insertRows(grown, run.source, insertions);
    blocks[at] = grown;
  } else {
    insertRows(block, run.source, insertions);
  }
  return insertions.length;
}

/** New rows beyond a full block begin the next one. */
function blockOf(source: Block, { rows, length }: Insertions): Block {
  const block = createBlock(Math.max(ROWS_FIRST, length), source);
  let start = 0;
  for (let next = 1; next <= length; next += 1) {
    if (next < length && rows[next] === (rows[next - 1] as number) + 1) continue;
    appendRows(block, source, rows[start] as number, (rows[next - 1] as number) + 1);
    start = next;
  }
  return block;
}

function halves(block: Block): readonly Block[] {
  const parts = Math.ceil(block.length / BLOCK_ROWS_MAX);
  const size = Math.ceil(block.length / parts);
  return Array.from({ length: parts }, (_, part) =>
    copyRows(block, part * size, Math.min(block.length, (part + 1) * size)),
  );
}

/** A row whose time or id the block cannot express. */
function strangerIn(block: Block, { source, from, to }: RowRun): number | undefined {
  for (let row = from; row < to; row += 1) {
    if (!fitsBase(block, atUsOf(source, row), idOf(source, row))) return row;
  }
  return undefined;
}

/** The stranger has a block of its own between the two parts of the other one. */
function mergeAround(blocks: Block[], at: number, run: RowRun, stranger: number): number {
  const { source, from, to } = run;
  const block = blocks[at] as Block;
  const place = lowerBound(block, atUsOf(source, stranger), idOf(source, stranger));
  const parts = [
    ...(place > 0 ? [copyRows(block, 0, place)] : []),
    copyRows(source, stranger, stranger + 1),
    ...(place < block.length ? [copyRows(block, place, block.length)] : []),
  ];
  blocks.splice(at, 1, ...parts);
  const own = at + (place > 0 ? 1 : 0);
  let added = 1;
  if (stranger + 1 < to) {
    const behind = place < block.length ? own + 1 : own;
    added += mergeRun(blocks, behind, { source, from: stranger + 1, to });
  }
  if (from < stranger) {
    const before = place > 0 ? own - 1 : own;
    added += mergeRun(blocks, before, { source, from, to: stranger });
  }
  return added;
}
