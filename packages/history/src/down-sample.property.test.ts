import fc from "fast-check";
import { expect, test } from "vitest";
import { aMeasurement } from "./_measurements.ts";
import { downSample } from "./down-sample.ts";
import { createHistoryStore } from "./history-store.ts";
import type { Measurement } from "./measurement.ts";
import { packRows } from "./row-packer.ts";

const POINTS_MAX = 40;
const TO_US = 1_000;

const rows = fc.uniqueArray(
  fc.record({
    id: fc.integer({ min: 1, max: 500 }),
    atUs: fc.integer({ min: 0, max: TO_US - 1 }),
    monitorId: fc.integer({ min: 1, max: 2 }),
    offsetNs: fc.oneof(fc.integer({ min: -50, max: 50 }), fc.constant(Number.NaN)),
    score: fc.integer({ min: -5, max: 5 }),
    reason: fc.constantFrom("", "", "", "timeout"),
  }),
  { selector: ({ id }) => id, minLength: 1, maxLength: 300 },
);

test("of each series the extremes remain, in the order of time, and no more than asked for", () => {
  fc.assert(
    fc.property(rows, (parts) => {
      const all = parts.map(aMeasurement);
      const store = createHistoryStore();
      for (const packed of packRows(all)) store.add(packed);
      const series = downSample(store, {
        serverId: 1,
        fromUs: 0,
        toUs: TO_US,
        pointsMax: POINTS_MAX,
        isWanted: (monitorId) => monitorId === 1,
      });
      const own = all.filter(({ monitorId }) => monitorId === 1);
      const kept = series.get(1) ?? [];
      expect([...series.keys()]).toEqual(own.length > 0 ? [1] : []);
      expect(kept.length).toBeLessThanOrEqual(POINTS_MAX);
      expect(kept.map(({ atUs }) => atUs)).toEqual(
        kept.map(({ atUs }) => atUs).toSorted((a, b) => a - b),
      );
      const good = (list: readonly Measurement[]): readonly number[] =>
        list
          .filter((row) => row.reason === "" && !Number.isNaN(row.offsetNs))
          .map((row) => row.offsetNs);
      expect(Math.min(...good(kept))).toBe(Math.min(...good(own)));
      expect(Math.max(...good(kept))).toBe(Math.max(...good(own)));
      expect(Math.min(...kept.map(({ score }) => score))).toBe(
        Math.min(...own.map(({ score }) => score)),
      );
      expect(kept.some(({ reason }) => reason !== "")).toBe(
        own.some(({ reason }) => reason !== ""),
      );
    }),
  );
});
