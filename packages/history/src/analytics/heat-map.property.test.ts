import fc from "fast-check";
import { expect, test } from "vitest";
import { aMeasurement } from "../_measurements.ts";
import { createHistoryStore, type HistoryStore } from "../history-store.ts";
import type { Measurement } from "../measurement.ts";
import { packRows } from "../row-packer.ts";
import { CheckTally } from "./check-tally.ts";
import { type HeatCell, heatMap, heatValue } from "./heat-map.ts";
import { CoverageWatch, SLICE_ROWS_MAX, scanInSlices } from "./scan-slices.ts";

const ALWAYS = { fromUs: Number.NEGATIVE_INFINITY, toUs: Number.POSITIVE_INFINITY };

function storeOf(rows: readonly Measurement[], horizonUs = 0): HistoryStore {
  const store = createHistoryStore();
  for (const packed of packRows(rows)) store.add(packed);
  store.extendHorizon(horizonUs);
  return store;
}

const aRow = fc.record({
  serverId: fc.integer({ min: 1, max: 4 }),
  monitorId: fc.integer({ min: 1, max: 3 }),
  offsetNs: fc.integer({ min: -1_000_000, max: 1_000_000 }),
  rttNs: fc.integer({ min: 1, max: 400_000_000 }),
  reason: fc.constantFrom("", "", "", "timeout"),
  samplesSent: fc.integer({ min: 0, max: 15 }),
});

const someRows = fc
  .array(aRow, { maxLength: 200 })
  .map((parts) =>
    parts.map((part, at) =>
      aMeasurement({ ...part, id: at + 1, samplesAnswered: part.samplesSent >> 1 }),
    ),
  );

/** As a scan by server finds them. */
function cellsOf(store: HistoryStore): HeatCell[] {
  const cells: HeatCell[] = [];
  for (let serverId = 1; serverId <= 4; serverId += 1) {
    const tallies = new Map<number, CheckTally>();
    for (const _slice of scanInSlices(store, { ...ALWAYS, serverId }, (row) => {
      const own = tallies.get(row.monitorId) ?? new CheckTally();
      tallies.set(row.monitorId, own);
      own.add(row);
    }));
    for (const [monitorId, tally] of tallies)
      cells.push({ serverId, monitorId, figures: tally.take() });
  }
  return cells;
}

/** By nearest rank, the plain way. */
function plainMedian(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
}

function least(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[0] ?? Number.NaN;
}

test("a cell has the counts and the medians of its own checks alone", () => {
  fc.assert(
    fc.property(someRows, (rows) => {
      const cells = cellsOf(storeOf(rows));
      expect(cells.reduce((sum, { figures }) => sum + figures.checks, 0)).toBe(rows.length);
      for (const { serverId, monitorId, figures } of cells) {
        const own = rows.filter((row) => row.serverId === serverId && row.monitorId === monitorId);
        const good = own.filter(({ reason }) => reason === "");
        const sum = (of: (row: Measurement) => number): number =>
          own.reduce((total, row) => total + of(row), 0);
        expect(figures).toEqual({
          checks: own.length,
          failed: own.length - good.length,
          samplesSent: sum((row) => row.samplesSent),
          samplesAnswered: sum((row) => row.samplesAnswered),
          offsetNs: plainMedian(good.map((row) => row.offsetNs)),
          leastOffsetNs: least(good.map((row) => row.offsetNs)),
          greatestOffsetNs: -least(good.map((row) => -row.offsetNs)),
          absOffsetNs: plainMedian(good.map((row) => Math.abs(row.offsetNs))),
          rttNs: plainMedian(good.map((row) => row.rttNs)),
          boundNs: plainMedian(good.map((row) => row.boundNs)),
        });
      }
    }),
  );
});

test("a map never loses its worst pair, and keeps to its limits", () => {
  fc.assert(
    fc.property(
      someRows,
      fc.constantFrom("offset" as const, "delay" as const, "loss" as const),
      fc.integer({ min: 1, max: 4 }),
      (rows, measure, linesMax) => {
        const cells = cellsOf(storeOf(rows));
        const limits = { measure, serversMax: linesMax, monitorsMax: linesMax, worstMax: 5 };
        const map = heatMap(cells, limits);
        const values = cells
          .map(({ figures }) => heatValue(measure, figures))
          .filter((value) => !Number.isNaN(value))
          .toSorted((one, other) => other - one);
        expect(map.worst.map(({ figures }) => heatValue(measure, figures))).toEqual(
          values.slice(0, 5),
        );
        expect(map.serversTotal).toBe(new Set(rows.map(({ serverId }) => serverId)).size);
        expect(map.servers.length).toBe(Math.min(linesMax, map.serversTotal));
        expect(map.monitors.length).toBe(Math.min(linesMax, map.monitorsTotal));
        const known = map.servers.map(({ value }) => value).filter((value) => value >= 0);
        expect(known).toEqual(known.toSorted((one, other) => other - one));
        const ids = new Set(map.servers.map(({ id }) => id));
        for (const { serverId } of map.cells) expect(ids.has(serverId)).toBe(true);
        const unlimited = heatMap(cells, { ...limits, serversMax: 99, monitorsMax: 99 });
        expect(unlimited.cells.length).toBe(cells.length);
      },
    ),
  );
});

test("one bad cell does not make its server the worst, a bad row does", () => {
  const row = (serverId: number, monitorId: number, offsetNs: number, id: number): Measurement =>
    aMeasurement({ id, serverId, monitorId, offsetNs });
  const rows = [
    ...[1, 2, 3].map((monitorId) => row(1, monitorId, monitorId === 2 ? -9e9 : 10, monitorId)),
    ...[1, 2, 3].map((monitorId) => row(2, monitorId, 2e6, 10 + monitorId)),
  ];
  const { servers, worst } = heatMap(cellsOf(storeOf(rows)), {
    measure: "offset",
    serversMax: 9,
    monitorsMax: 9,
    worstMax: 1,
  });
  expect(servers.map(({ id, value }) => [id, value])).toEqual([
    [2, 2e6],
    [1, 10],
  ]);
  expect(worst.map(({ serverId, monitorId }) => [serverId, monitorId])).toEqual([[1, 2]]);
});

test("slices visit what one scan visits, in the same order, each of them short", () => {
  const rows = Array.from({ length: 3 * SLICE_ROWS_MAX + 7 }, (_unused, at) =>
    // Many of the same instant: a slice must not stand still.
    aMeasurement({ id: at + 1, atUs: 1_000 * Math.floor(at / 30_000), serverId: 1 + (at % 3) }),
  );
  const store = storeOf(rows);
  for (const scan of [ALWAYS, { ...ALWAYS, serverId: 2 }, { fromUs: 500, toUs: 2_500 }]) {
    const whole: number[] = [];
    store.scan(scan, ({ id }) => whole.push(id));
    const sliced: number[] = [];
    let slices = 0;
    for (const _slice of scanInSlices(store, scan, ({ id }) => sliced.push(id))) slices += 1;
    expect(sliced).toEqual(whole);
    expect(slices).toBeGreaterThan(1);
  }
});

test("an answer tells what it covers, also when rows are evicted under way", () => {
  const rows = Array.from({ length: 3 * SLICE_ROWS_MAX }, (_unused, at) =>
    aMeasurement({ id: at + 1, atUs: at }),
  );
  const store = storeOf(rows, 100);
  const asked = { fromUs: 0, toUs: rows.length };
  expect(new CoverageWatch(store, asked).covered()).toEqual({
    asked,
    covered: { fromUs: 100, toUs: rows.length },
    horizonUs: 100,
    partial: true,
  });
  const later = { fromUs: 200, toUs: rows.length };
  expect(new CoverageWatch(store, later).covered()).toMatchObject({
    covered: later,
    partial: false,
  });
  const watch = new CoverageWatch(store, later);
  let isEvicted = false;
  for (const _slice of scanInSlices(store, later, () => undefined, watch)) {
    if (isEvicted) continue;
    store.evictBefore(2 * SLICE_ROWS_MAX);
    isEvicted = true;
  }
  expect(watch.covered()).toMatchObject({
    covered: { fromUs: 2 * SLICE_ROWS_MAX, toUs: rows.length },
    partial: true,
  });
});

test("of an empty store nothing is covered", () => {
  const watch = new CoverageWatch(createHistoryStore(), { fromUs: 0, toUs: 10 });
  expect(watch.covered()).toEqual({
    asked: { fromUs: 0, toUs: 10 },
    covered: undefined,
    horizonUs: Number.POSITIVE_INFINITY,
    partial: true,
  });
});
