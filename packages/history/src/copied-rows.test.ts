import { expect, test } from "vitest";
import { aMeasurement } from "./_measurements.ts";
import { createHistoryStore, type HistoryStore, keysOfCopy, type RowKey } from "./history-store.ts";
import type { Measurement } from "./measurement.ts";
import { packRows } from "./row-packer.ts";
import { copyMeasurement } from "./row-view.ts";

const ALWAYS = { fromUs: Number.NEGATIVE_INFINITY, toUs: Number.POSITIVE_INFINITY };
const AFTER_ALL: RowKey = { atUs: Number.POSITIVE_INFINITY, id: Number.POSITIVE_INFINITY };
const NO_CHAINS = { serverHeads: new Uint16Array(0), monitorHeads: new Uint16Array(0) };

function add(store: HistoryStore, rows: readonly Measurement[]): void {
  for (const packed of packRows(rows)) store.add(packed);
}

function rowsOf(store: HistoryStore): readonly Measurement[] {
  const rows: Measurement[] = [];
  store.scan(ALWAYS, (row) => rows.push(copyMeasurement(row)));
  return rows;
}

/** As a checkpoint does; `meanwhile` is called between two copies. */
function copyAll(store: HistoryStore, meanwhile: () => void = () => undefined): HistoryStore {
  const copy = createHistoryStore();
  const copies = [];
  for (let key = AFTER_ALL; ; ) {
    const copied = store.copyBefore(key);
    if (copied === undefined) break;
    copies.push(copied);
    key = keysOfCopy(copied).first;
    meanwhile();
  }
  const dictionary = store.dictionary();
  for (const copied of copies) copy.add({ ...copied, ...dictionary, ...NO_CHAINS });
  return copy;
}

const rows = Array.from({ length: 9_000 }, (_, at) =>
  aMeasurement({
    id: at + 1,
    serverId: 1 + (at % 11),
    monitorId: 1 + (at % 4),
    reason: at % 9 === 0 ? "timeout" : "",
    noResponse: at % 9 === 0,
    leap: at % 5 === 0 ? -1 : at % 4,
    stratum: at % 7 === 0 ? -1 : 2,
  }),
);

test("copies, newest first, hold every row of the store as it is", () => {
  const store = createHistoryStore();
  add(store, rows.slice(4_500));
  add(store, rows.slice(0, 4_500));
  expect(store.blocks().length).toBeGreaterThan(1);
  store.extendHorizon(0);
  expect(rowsOf(copyAll(store))).toEqual(rows);
});

test("there is nothing to copy before something is loaded, and nothing beyond the horizon", () => {
  const store = createHistoryStore();
  expect(store.copyBefore(AFTER_ALL)).toBeUndefined();
  add(store, rows);
  expect(store.copyBefore(AFTER_ALL)).toBeUndefined();
  store.extendHorizon(8_000_000_000);
  expect(rowsOf(copyAll(store))).toEqual(rows.slice(7_999));
  store.evictBefore(8_500_000_000);
  expect(rowsOf(copyAll(store))).toEqual(rows.slice(8_499));
});

test("rows that come in behind the copier are left out, those before it are in, and none is there twice", () => {
  const store = createHistoryStore();
  add(store, rows.slice(4_500));
  add(store, rows.slice(0, 4_500));
  store.extendHorizon(0);
  let late = 20_000;
  const copy = copyAll(store, () => {
    late += 1;
    add(store, [aMeasurement({ id: late, atUs: 1, serverId: 99 })]);
    add(store, [aMeasurement({ id: late + 5_000, atUs: 1e12 })]);
  });
  const held = rowsOf(copy).map(({ id }) => id);
  expect(new Set(held).size).toBe(held.length);
  for (const { id } of rows) expect(held.includes(id)).toBe(true);
  expect(held.some((id) => id > 25_000)).toBe(false);
});

test("a copy tells its first and last row", () => {
  const store = createHistoryStore();
  add(store, [
    aMeasurement({ id: 7, atUs: 10 }),
    aMeasurement({ id: 30, atUs: 20 }),
    aMeasurement({ id: 8, atUs: 30 }),
  ]);
  store.extendHorizon(0);
  const copied = store.copyBefore(AFTER_ALL);
  if (copied === undefined) throw new Error("there are rows");
  expect(keysOfCopy(copied)).toEqual({
    first: { atUs: 10, id: 7 },
    last: { atUs: 30, id: 8 },
  });
});

test("of what is added, rows from before a time are left out where that is asked for", () => {
  const store = createHistoryStore();
  const [packed] = packRows(rows);
  if (packed === undefined) throw new Error("there are rows");
  expect(store.add(packed, 5_000_000_001)).toBe(4_000);
  expect(rowsOf(store)).toEqual(rows.slice(5_000));
});
