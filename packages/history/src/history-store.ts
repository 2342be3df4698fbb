// The hot store: measurements of all servers by all monitors, in blocks by time, as far back as `horizonUs`. Everything
// at or after the horizon that was committed is here; a question that reaches beyond it belongs to the database.

import { assert } from "@truechimer/base";
import { addBlock } from "./add-block.ts";
import {
  appendRows,
  atUsOf,
  type Block,
  bytesOf,
  copyRows,
  createBlock,
  firstUsOf,
  idOf,
  lastUsOf,
  lowerBound,
  NO_ROW,
} from "./block.ts";
import { indexBlock } from "./block-index.ts";
import { createCodeDictionary } from "./code-dictionary.ts";
import type { Measurement } from "./measurement.ts";
import { PairDictionary } from "./pair-dictionary.ts";
import { dictionaryOf, type PackedRows } from "./row-packer.ts";
import { RowView } from "./row-view.ts";

/** From `fromUs` (included) to `toUs` (excluded). */
export interface HistoryWindow {
  readonly fromUs: number;
  readonly toUs: number;
}

/** What is looked for. Without a server: all of them; likewise the monitor. */
export interface HistoryScan extends HistoryWindow {
  readonly serverId?: number | undefined;
  readonly monitorId?: number | undefined;
}

/** The place of a row in the order of the store. */
export type RowKey = Pick<Measurement, "atUs" | "id">;

/** Rows with the numbers of the store's own dictionary. */
export type CopiedRows = Pick<PackedRows, "buffer" | "length" | "baseUs" | "baseId">;

/** What the pair and reason columns of copies stand for. */
export type RowDictionary = Pick<
  PackedRows,
  "pairServers" | "pairMonitors" | "serverIds" | "monitorIds" | "reasons"
>;

/** Measurements in memory, asked by time, server and monitor. No scan may be made within another. */
export interface HistoryStore {
  /** Rows held, those that eviction has hidden and not yet freed included. */
  readonly rows: number;
  /** Exact: buffers, chains and dictionaries. */
  readonly bytes: number;
  /** Everything from here on is held. Infinity: nothing has been loaded yet. */
  readonly horizonUs: number;
  /** Time of the oldest and newest row. Undefined: there is none. */
  readonly oldestUs: number | undefined;
  readonly newestUs: number | undefined;
  /** Rows that eviction has freed since the start. */
  readonly evictedRows: number;
  /**
   * Takes the buffer over. Returns how many rows were new; rows that eviction has passed, or from before `fromUs`, are
   * not taken.
   */
  add(packed: PackedRows, fromUs?: number): number;
  /** More has been loaded: the horizon moves back, never forward. */
  extendHorizon(toUs: number): void;
  /** Frees what is older, block by block, and hides the rest of it. The horizon moves forward. */
  evictBefore(us: number): number;
  /** Frees the oldest blocks until `bytes` fit; the newest one stays. */
  evictToBytes(bytesMax: number): number;
  /** Takes out what is in the window, such as a day that turned out not to be what the database holds. */
  drop(window: HistoryWindow): number;
  has(atUs: number, id: number): boolean;
  count(window: HistoryWindow): number;
  /** In the order of time. The row is one object that moves on: copy what is kept. */
  scan(scan: HistoryScan, visit: (row: RowView) => void): void;
  /** As `scan`, newest first, until `visit` answers false. */
  scanNewest(scan: HistoryScan, visit: (row: RowView) => boolean): void;
  /** As `scan`, until `visit` answers false. */
  scanOldest(scan: HistoryScan, visit: (row: RowView) => boolean): void;
  /**
   * A copy of the newest rows before a time and id, at most a block of them and none beyond the horizon: what a
   * checkpoint is made of, bit by bit while the store goes on. Undefined: there are no more.
   */
  copyBefore(key: RowKey): CopiedRows | undefined;
  /** All blocks, oldest first. Not to be changed. */
  blocks(): readonly Block[];
  /** What the numbers in the copies stand for; grows at its end alone. */
  dictionary(): RowDictionary;
}

/** Empty, with the horizon at infinity. */
export function createHistoryStore(): HistoryStore {
  return new Store();
}

class Store implements HistoryStore {
  readonly #pairs = new PairDictionary();
  readonly #reasons = createCodeDictionary();
  readonly #blocks: Block[] = [];
  readonly #view = new RowView(this.#pairs, this.#reasons);
  /** Rows of one server in a block, found from the newest on. */
  readonly #found = new Uint16Array(NO_ROW);
  /** Rows older than this were evicted, whether or not their block was freed. */
  #floorUs = Number.NEGATIVE_INFINITY;
  /** Of the blocks of a checkpoint, which share one. */
  #adopted: { readonly of: Uint32Array; readonly pairs: Uint32Array } | undefined;
  #loadedFromUs = Number.POSITIVE_INFINITY;
  evictedRows = 0;

  get rows(): number {
    return this.#blocks.reduce((sum, { length }) => sum + length, 0);
  }

  get bytes(): number {
    return this.#blocks.reduce((sum, block) => sum + bytesOf(block), this.#pairs.bytes);
  }

  get horizonUs(): number {
    return Math.max(this.#floorUs, this.#loadedFromUs);
  }

  get oldestUs(): number | undefined {
    const first = this.#blocks[0];
    return first && Math.max(firstUsOf(first), this.#floorUs);
  }

  get newestUs(): number | undefined {
    const last = this.#blocks.at(-1);
    return last && lastUsOf(last);
  }

  add(packed: PackedRows, fromUs: number = Number.NEGATIVE_INFINITY): number {
    const incoming = this.#adopt(packed);
    const hidden = lowerBound(incoming, Math.max(this.#floorUs, fromUs));
    if (hidden === incoming.length) return 0;
    const wanted = hidden === 0 ? incoming : withoutFirst(incoming, hidden);
    const added = addBlock(this.#blocks, wanted);
    // A large block is indexed when it comes and not by the first question; the newest one changes all the time.
    if (this.#blocks.at(-1) !== wanted) indexBlock(wanted, this.#pairs);
    return added;
  }

  extendHorizon(toUs: number): void {
    assert(toUs <= this.#loadedFromUs, `the horizon ${this.#loadedFromUs} moved on to ${toUs}`);
    this.#loadedFromUs = toUs;
  }

  evictBefore(us: number): number {
    this.#floorUs = Math.max(this.#floorUs, us);
    const kept = this.#blocks.findIndex((block) => lastUsOf(block) >= this.#floorUs);
    return this.#free(kept < 0 ? this.#blocks.length : kept);
  }

  evictToBytes(bytesMax: number): number {
    let bytes = this.bytes;
    let count = 0;
    while (bytes > bytesMax && count < this.#blocks.length - 1) {
      bytes -= bytesOf(this.#blocks[count] as Block);
      count += 1;
    }
    if (count === 0) return 0;
    // Rows of the same microsecond may stand in the next block: they go with these.
    this.#floorUs = Math.max(this.#floorUs, lastUsOf(this.#blocks[count - 1] as Block) + 1);
    return this.#free(count);
  }

  drop({ fromUs, toUs }: HistoryWindow): number {
    let dropped = 0;
    for (let at = this.#blocks.length - 1; at >= 0; at -= 1) {
      const block = this.#blocks[at] as Block;
      const from = lowerBound(block, fromUs);
      const to = lowerBound(block, toUs);
      if (from >= to) continue;
      dropped += to - from;
      const rest = createBlock(block.length - (to - from), block);
      appendRows(rest, block, 0, from);
      appendRows(rest, block, to, block.length);
      this.#blocks.splice(at, 1, ...(rest.length > 0 ? [rest] : []));
    }
    return dropped;
  }

  has(atUs: number, id: number): boolean {
    return this.#blocks.some((block) => {
      const row = lowerBound(block, atUs, id);
      return row < block.length && atUsOf(block, row) === atUs && idOf(block, row) === id;
    });
  }

  count({ fromUs, toUs }: HistoryWindow): number {
    const from = Math.max(fromUs, this.#floorUs);
    return this.#blocks.reduce(
      (sum, block) => sum + Math.max(0, lowerBound(block, toUs) - lowerBound(block, from)),
      0,
    );
  }

  scan(scan: HistoryScan, visit: (row: RowView) => void): void {
    this.scanOldest(scan, (row) => {
      visit(row);
      return true;
    });
  }

  scanNewest(scan: HistoryScan, visit: (row: RowView) => boolean): void {
    const first = this.#firstBlock(scan.fromUs);
    const state = { isOver: false };
    for (let at = this.#blocks.length - 1; at >= first && !state.isOver; at -= 1) {
      const block = this.#blocks[at] as Block;
      this.#findRows(block, scan, (row) => {
        state.isOver = !visit(this.#view.move(block, row));
        return !state.isOver;
      });
    }
  }

  scanOldest(scan: HistoryScan, visit: (row: RowView) => boolean): void {
    for (let at = this.#firstBlock(scan.fromUs); at < this.#blocks.length; at += 1) {
      const block = this.#blocks[at] as Block;
      if (firstUsOf(block) >= scan.toUs || !this.#scanBlock(block, scan, visit)) return;
    }
  }

  blocks(): readonly Block[] {
    return this.#blocks;
  }

  copyBefore({ atUs, id }: RowKey): CopiedRows | undefined {
    for (let at = this.#blocks.length - 1; at >= 0; at -= 1) {
      const block = this.#blocks[at] as Block;
      const to = lowerBound(block, atUs, id);
      if (to === 0) continue;
      const from = lowerBound(block, this.horizonUs);
      if (from >= to) return undefined;
      const { buffer, length, baseUs, baseId } = copyRows(block, from, to);
      return { buffer, length, baseUs, baseId };
    }
    return undefined;
  }

  dictionary(): RowDictionary {
    return dictionaryOf(this.#pairs, this.#reasons);
  }

  /** Whether every visit answered true. */
  #scanBlock(block: Block, scan: HistoryScan, visit: (row: RowView) => boolean): boolean {
    const view = this.#view;
    if (scan.serverId === undefined && scan.monitorId === undefined) {
      const to = lowerBound(block, scan.toUs);
      const from = lowerBound(block, Math.max(scan.fromUs, this.#floorUs));
      for (let row = from; row < to; row += 1) if (!visit(view.move(block, row))) return false;
      return true;
    }
    let found = 0;
    this.#findRows(block, scan, (row) => {
      this.#found[found] = row;
      found += 1;
      return true;
    });
    for (let at = found - 1; at >= 0; at -= 1)
      if (!visit(view.move(block, this.#found[at] as number))) return false;
    return true;
  }

  /** Newest first, along the chain of the server or of the monitor, until `take` answers false. */
  #findRows(block: Block, scan: HistoryScan, take: (row: number) => boolean): void {
    const from = lowerBound(block, Math.max(scan.fromUs, this.#floorUs));
    const to = lowerBound(block, scan.toUs);
    const { serverId, monitorId } = scan;
    if (serverId === undefined && monitorId === undefined) {
      for (let row = to - 1; row >= from; row -= 1) if (!take(row)) return;
      return;
    }
    indexBlock(block, this.#pairs);
    const server = serverId === undefined ? undefined : this.#pairs.serverOrdinal(serverId);
    const monitor = monitorId === undefined ? undefined : this.#pairs.monitorOrdinal(monitorId);
    if (serverId !== undefined && server === undefined) return;
    if (monitorId !== undefined && monitor === undefined) return;
    const byServer = server !== undefined;
    const chain = byServer ? block.previousOfServer : block.previousOfMonitor;
    const heads = byServer ? block.serverHeads : block.monitorHeads;
    let row = heads[byServer ? server : (monitor as number)] ?? NO_ROW;
    while (row !== NO_ROW && row >= from) {
      const isWanted =
        row < to &&
        (!byServer ||
          monitor === undefined ||
          this.#pairs.monitorOf[block.pair[row] as number] === monitor);
      if (isWanted && !take(row)) return;
      row = chain[row] as number;
    }
  }

  /** The first block that may hold a row at or after this. */
  #firstBlock(us: number): number {
    const from = Math.max(us, this.#floorUs);
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (lastUsOf(this.#blocks[middle] as Block) < from) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** In our numbers for pairs, reasons, servers and monitors. */
  #adopt(packed: PackedRows): Block {
    const { buffer, length, reasons } = packed;
    const block = createBlock(length, packed, { buffer, length });
    if (this.#adopted?.of !== packed.pairServers)
      this.#adopted = { of: packed.pairServers, pairs: this.#pairsOf(packed) };
    const { pairs } = this.#adopted;
    const codes = Uint8Array.from(reasons, (reason) => this.#reasons.codeOf(reason));
    const { pair, reason } = block;
    for (let row = 0; row < length; row += 1) pair[row] = pairs[pair[row] as number] as number;
    // Mostly the numbers are the same: few reasons come, and in the same order.
    if (codes.some((code, at) => code !== at))
      for (let row = 0; row < length; row += 1)
        reason[row] = codes[reason[row] as number] as number;
    if (packed.serverHeads.length > 0) this.#adoptChains(block, packed, pairs);
    return block;
  }

  #pairsOf({ pairServers, pairMonitors, serverIds, monitorIds }: PackedRows): Uint32Array {
    const pairs = new Uint32Array(pairServers.length);
    for (let at = 0; at < pairs.length; at += 1) {
      pairs[at] = this.#pairs.pairOf(
        serverIds[pairServers[at] as number] as number,
        monitorIds[pairMonitors[at] as number] as number,
      );
    }
    return pairs;
  }

  #adoptChains(block: Block, packed: PackedRows, pairs: Uint32Array): void {
    const { pairServers, pairMonitors, serverHeads, monitorHeads } = packed;
    const { serverOf, monitorOf } = this.#pairs;
    block.serverHeads = new Uint16Array(this.#pairs.servers).fill(NO_ROW);
    block.monitorHeads = new Uint16Array(this.#pairs.monitors).fill(NO_ROW);
    for (let at = 0; at < pairs.length; at += 1) {
      const pair = pairs[at] as number;
      block.serverHeads[serverOf[pair] as number] = serverHeads[
        pairServers[at] as number
      ] as number;
      block.monitorHeads[monitorOf[pair] as number] = monitorHeads[
        pairMonitors[at] as number
      ] as number;
    }
    block.indexed = block.length;
  }

  #free(count: number): number {
    const freed = this.#blocks.splice(0, count).reduce((sum, { length }) => sum + length, 0);
    this.evictedRows += freed;
    return freed;
  }
}

/** Of a copy: its oldest and its newest row. */
export function keysOfCopy(copied: CopiedRows): { readonly first: RowKey; readonly last: RowKey } {
  const block = createBlock(copied.length, copied, copied);
  const keyOf = (row: number): RowKey => ({ atUs: atUsOf(block, row), id: idOf(block, row) });
  return { first: keyOf(0), last: keyOf(block.length - 1) };
}

function withoutFirst(block: Block, count: number): Block {
  const rest = createBlock(block.length - count, block);
  appendRows(rest, block, count, block.length);
  return rest;
}
