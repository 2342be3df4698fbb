// Defects of a start that others have had (numbered as in the list that we learned from), as far as they are the store's.

import { expect, test } from "vitest";
import { aMeasurement } from "./_measurements.ts";
import { createHistoryStore, type HistoryStore } from "./history-store.ts";
import type { Measurement } from "./measurement.ts";
import { packRows, RowPacker } from "./row-packer.ts";

const ALWAYS = { fromUs: Number.NEGATIVE_INFINITY, toUs: Number.POSITIVE_INFINITY };

function add(store: HistoryStore, rows: readonly Measurement[]): number {
  return packRows(rows).reduce((sum, packed) => sum + store.add(packed), 0);
}

function idsOf(
  store: HistoryStore,
  scan: { serverId?: number; monitorId?: number } = {},
): number[] {
  const ids: number[] = [];
  store.scan({ ...ALWAYS, ...scan }, ({ id }) => ids.push(id));
  return ids;
}

/** As the thread packs them: newest first, with chains. */
function addChunk(store: HistoryStore, rows: readonly Measurement[]): void {
  const packer = new RowPacker(undefined, true);
  for (const row of rows.toReversed()) packer.push(row);
  for (const packed of packer.take()) store.add(packed);
}

const rowsFrom = (first: number, last: number): readonly Measurement[] =>
  Array.from({ length: last - first + 1 }, (_, at) =>
    aMeasurement({ id: first + at, serverId: (first + at) % 3, monitorId: (first + at) % 2 }),
  );

test("defect 5: a late row that came in live is not there twice when its window is loaded", () => {
  const store = createHistoryStore();
  addChunk(store, rowsFrom(501, 1_000));
  expect(add(store, [aMeasurement({ id: 250, serverId: 250 % 3, monitorId: 0 })])).toBe(1);
  addChunk(store, rowsFrom(1, 500));
  expect(store.rows).toBe(1_000);
  expect(idsOf(store)).toEqual(rowsFrom(1, 1_000).map(({ id }) => id));
});

test("defect 6: order, horizon, eviction and counts go by one time, the row's own, and not by the id", () => {
  const store = createHistoryStore();
  // The older the row, the greater its id.
  const rows = Array.from({ length: 50 }, (_, at) => aMeasurement({ id: 50 - at, atUs: at }));
  add(store, rows);
  store.extendHorizon(0);
  expect(idsOf(store)).toEqual(rows.map(({ id }) => id));
  store.evictBefore(20);
  expect([store.horizonUs, store.oldestUs, store.count(ALWAYS)]).toEqual([20, 20, 30]);
  expect(idsOf(store)).toEqual(rows.slice(20).map(({ id }) => id));
});

test("defect 8: the indexes still find every row after late rows were merged in", () => {
  const store = createHistoryStore();
  addChunk(
    store,
    rowsFrom(1, 400).filter(({ id }) => id % 5 !== 0),
  );
  expect(idsOf(store, { serverId: 1 })).toHaveLength(
    rowsFrom(1, 400).filter(({ id }) => id % 5 !== 0 && id % 3 === 1).length,
  );
  add(
    store,
    rowsFrom(1, 400).filter(({ id }) => id % 5 === 0),
  );
  for (const serverId of [0, 1, 2]) {
    const expected = rowsFrom(1, 400).filter((row) => row.serverId === serverId);
    expect(idsOf(store, { serverId })).toEqual(expected.map(({ id }) => id));
  }
  for (const monitorId of [0, 1]) {
    const expected = rowsFrom(1, 400).filter((row) => row.monitorId === monitorId);
    expect(idsOf(store, { monitorId })).toEqual(expected.map(({ id }) => id));
  }
});

test("defect 13: an index is made once, where its block is packed, and says how far it reaches", () => {
  const store = createHistoryStore();
  addChunk(store, rowsFrom(1, 5_000));
  const [block] = store.blocks();
  expect(block?.indexed).toBe(5_000);
  const heads = block?.serverHeads;
  idsOf(store, { serverId: 1 });
  expect(block?.serverHeads).toBe(heads);
  add(store, [aMeasurement({ id: 5_001, serverId: 7 })]);
  // What came since is taken up by the next question, and not before.
  expect(store.blocks().at(-1)?.indexed).toBeLessThan(5_001);
  expect(idsOf(store, { serverId: 7 })).toEqual([5_001]);
  expect(store.blocks().at(-1)?.indexed).toBe(5_001);
});
