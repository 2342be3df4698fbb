import { expect, test } from "vitest";
import { aMeasurement } from "./_measurements.ts";
import { BLOCK_ROWS_MAX, BYTES_PER_ROW } from "./block.ts";
import { createHistoryStore, type HistoryStore } from "./history-store.ts";
import type { Measurement } from "./measurement.ts";
import { packRows, RowPacker } from "./row-packer.ts";

const ALWAYS = { fromUs: 0, toUs: Number.POSITIVE_INFINITY };

test("a large store takes at most 48 bytes a row with both indexes, and counts every byte", () => {
  const store = createHistoryStore();
  fill(store, 200_000, { servers: 500, monitors: 40 });
  const before = store.bytes;
  store.scan({ ...ALWAYS, serverId: 7 }, () => undefined);
  expect(store.bytes / store.rows).toBeLessThanOrEqual(48);
  expect(store.bytes - before).toBeLessThan(store.rows);
  const buffers = store.blocks().map(({ buffer }) => buffer.byteLength);
  expect(store.bytes).toBeGreaterThan(buffers.reduce((sum, bytes) => sum + bytes, 0));
  expect(store.rows * BYTES_PER_ROW).toBeLessThanOrEqual(
    buffers.reduce((sum, bytes) => sum + bytes, 0),
  );
});

test("rows that come one by one fill blocks to the brim", () => {
  const store = createHistoryStore();
  for (let id = 1; id <= 3_000; id += 1) add(store, [aMeasurement({ id })]);
  expect(store.blocks()).toHaveLength(1);
  expect(store.bytes / store.rows).toBeLessThan(60);
});

test("a full block is closed and the next one begun; late rows halve a full one", () => {
  const store = createHistoryStore();
  fill(store, BLOCK_ROWS_MAX, { servers: 3, monitors: 2 });
  const next = BLOCK_ROWS_MAX * 10;
  add(store, [aMeasurement({ id: next })]);
  expect(store.blocks().map(({ length }) => length)).toEqual([BLOCK_ROWS_MAX, 1]);
  add(store, [aMeasurement({ id: next + 1, atUs: 5_500_000 })]);
  expect(store.blocks().map(({ length }) => length)).toEqual([
    BLOCK_ROWS_MAX / 2 + 1,
    BLOCK_ROWS_MAX / 2,
    1,
  ]);
  expect(store.has(5_500_000, next + 1)).toBe(true);
  expect(store.rows).toBe(BLOCK_ROWS_MAX + 2);
});

test("a batch that is loaded while some of its rows are there already adds the others", () => {
  const store = createHistoryStore();
  const rows = Array.from({ length: 10_000 }, (_, at) => aMeasurement({ id: at + 1 }));
  add(
    store,
    rows.filter(({ id }) => id % 7 === 0),
  );
  expect(add(store, rows)).toBe(10_000 - Math.floor(10_000 / 7));
  expect(store.count(ALWAYS)).toBe(10_000);
});

test("the horizon moves back as more is loaded, forward as it is evicted, and never by itself", () => {
  const store = createHistoryStore();
  expect(store.horizonUs).toBe(Number.POSITIVE_INFINITY);
  add(store, [aMeasurement({ id: 5 }), aMeasurement({ id: 9 })]);
  expect(store.horizonUs).toBe(Number.POSITIVE_INFINITY);
  store.extendHorizon(4_000_000);
  store.extendHorizon(1_000_000);
  expect(() => store.extendHorizon(2_000_000)).toThrow("assertion failed: the horizon");
  store.evictBefore(6_000_000);
  expect(store.horizonUs).toBe(6_000_000);
  expect(store.oldestUs).toBe(6_000_000);
  expect(add(store, [aMeasurement({ id: 5 })])).toBe(0);
  expect(store.count(ALWAYS)).toBe(1);
});

test("a packer gives a block when it is full, and one for rows too far apart", () => {
  const packer = new RowPacker(2);
  for (const id of [9, 8, 7]) packer.push(aMeasurement({ id }));
  packer.push(aMeasurement({ id: 6, atUs: -1e15 }));
  const packed = packer.take();
  expect(packed.map(({ length }) => length)).toEqual([2, 1, 1]);
  expect(packer.take()).toEqual([]);
  const store = createHistoryStore();
  for (const each of packed) store.add(each);
  const ids: number[] = [];
  store.scan({ ...ALWAYS, fromUs: Number.NEGATIVE_INFINITY }, ({ id }) => ids.push(id));
  expect(ids).toEqual([6, 7, 8, 9]);
});

test("what is packed for another thread lies in memory that both have, whether or not a block is full", () => {
  const packer = new RowPacker(8, true);
  for (let id = 12; id > 0; id -= 1) packer.push(aMeasurement({ id, serverId: id % 3 }));
  const packed = packer.take();
  expect(packed.map(({ length }) => length)).toEqual([8, 4]);
  for (const { buffer } of packed) expect(buffer).toBeInstanceOf(SharedArrayBuffer);
  const store = createHistoryStore();
  for (const each of packed) store.add(each);
  const ids: number[] = [];
  store.scan({ ...ALWAYS, serverId: 1 }, ({ id }) => ids.push(id));
  expect(ids).toEqual([1, 4, 7, 10]);
});

test("more reasons than a byte can number are told as other", () => {
  const store = createHistoryStore();
  add(
    store,
    Array.from({ length: 300 }, (_, at) => aMeasurement({ id: at + 1, reason: `reason_${at}` })),
  );
  const words = new Set<string>();
  store.scan(ALWAYS, ({ reason }) => words.add(reason));
  expect(words.has("other")).toBe(true);
  expect(words.size).toBe(255);
});

function add(store: HistoryStore, rows: readonly Measurement[]): number {
  return packRows(rows).reduce((sum, packed) => sum + store.add(packed), 0);
}

function fill(
  store: HistoryStore,
  rows: number,
  { servers, monitors }: { readonly servers: number; readonly monitors: number },
): void {
  const packer = new RowPacker();
  for (let id = rows; id > 0; id -= 1) {
    packer.push(aMeasurement({ id, serverId: id % servers, monitorId: id % monitors }));
  }
  for (const packed of packer.take()) store.add(packed);
}

test("the newest rows of all servers are found without a look at the others", () => {
  const store = createHistoryStore();
  expect([store.oldestUs, store.newestUs]).toEqual([undefined, undefined]);
  add(
    store,
    Array.from({ length: 20 }, (_, at) => aMeasurement({ id: at + 1, serverId: at % 3 })),
  );
  expect(store.newestUs).toBe(20_000_000);
  const seen: number[] = [];
  store.scanNewest(ALWAYS, ({ id }) => {
    seen.push(id);
    return seen.length < 4;
  });
  expect(seen).toEqual([20, 19, 18, 17]);
  seen.length = 0;
  store.scanNewest({ ...ALWAYS, serverId: 1 }, ({ id }) => {
    seen.push(id);
    return seen.length < 2;
  });
  expect(seen).toEqual([20, 17]);
});
