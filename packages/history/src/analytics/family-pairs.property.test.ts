import fc from "fast-check";
import { expect, test } from "vitest";
import { aMeasurement } from "../_measurements.ts";
import { createHistoryStore } from "../history-store.ts";
import type { Measurement } from "../measurement.ts";
import { packRows } from "../row-packer.ts";
import { CheckTally } from "./check-tally.ts";
import { type FamilySide, type FamilySides, familyPairs } from "./family-pairs.ts";
import { CoverageWatch, scanInSlices } from "./scan-slices.ts";

const ALWAYS = { fromUs: Number.NEGATIVE_INFINITY, toUs: Number.POSITIVE_INFINITY };

function resultOf<Result>(steps: Iterator<void, Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

function sideOf(checks: readonly Partial<Measurement>[]): FamilySide {
  const store = createHistoryStore();
  const rows = checks.map((check, at) =>
    aMeasurement({ ...check, id: at + 1, atUs: at + 1, serverId: 1, monitorId: 1 }),
  );
  for (const packed of packRows(rows)) store.add(packed);
  store.extendHorizon(0);
  const tally = new CheckTally();
  resultOf(
    scanInSlices(
      store,
      { ...ALWAYS, serverId: 1 },
      (row) => tally.add(row),
      new CoverageWatch(store, ALWAYS),
    ),
  );
  return { spread: resultOf(tally.spreadInSteps()), figures: tally.take() };
}

const aCheck = fc.record({
  offsetNs: fc.integer({ min: -1_000_000, max: 1_000_000 }),
  rttNs: fc.integer({ min: 1, max: 400_000_000 }),
  reason: fc.constantFrom("", "", "", "timeout"),
  samplesSent: fc.constant(4),
  samplesAnswered: fc.integer({ min: 0, max: 4 }),
});
const aSide = fc.array(aCheck, { minLength: 1, maxLength: 20 }).map(sideOf);
const somePairs = fc
  .array(fc.tuple(aSide, aSide), { maxLength: 12 })
  .map((sides) => sides.map(([ipv4, ipv6], at): FamilySides => ({ name: `n${at}`, ipv4, ipv6 })));

const nearestRankMedian = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[Math.ceil(values.length / 2) - 1] ?? Number.NaN;

test("the spread is the median distance from the median, and the group is as it was", () => {
  fc.assert(
    fc.property(fc.array(aCheck, { minLength: 1, maxLength: 40 }), (checks) => {
      const { spread, figures } = sideOf(checks);
      const good = checks.filter(({ reason }) => reason === "");
      for (const [own, median, deviation, count] of [
        [good.map(({ offsetNs }) => offsetNs), figures.offsetNs, spread.offsetNs, spread.offsets],
        [good.map(({ rttNs }) => rttNs), figures.rttNs, spread.rttNs, spread.rtts],
      ] as const) {
        expect(count).toBe(own.length);
        expect(median).toBe(nearestRankMedian(own));
        expect(deviation).toBe(nearestRankMedian(own.map((value) => Math.abs(value - median))));
      }
    }),
  );
});

test("the most certain difference of offsets comes first, those that nothing is known of last, and all are counted", () => {
  fc.assert(
    fc.property(somePairs, fc.integer({ min: 1, max: 15 }), (sides, pairsMax) => {
      const { pairs, total } = familyPairs(sides, { pairsMax });
      expect(total).toBe(sides.length);
      expect(pairs.length).toBe(Math.min(total, pairsMax));
      const certainty = pairs.map(({ offset }) =>
        Number.isNaN(offset.standardError)
          ? -1
          : Math.abs(offset.difference) / offset.standardError,
      );
      expect(certainty).toEqual(certainty.toSorted((one, other) => other - one));
    }),
  );
});

test("exchanging the families turns every difference round and changes nothing else", () => {
  fc.assert(
    fc.property(aSide, aSide, (ipv4, ipv6) => {
      const [there] = familyPairs([{ name: "n", ipv4, ipv6 }], { pairsMax: 1 }).pairs;
      const [back] = familyPairs([{ name: "n", ipv4: ipv6, ipv6: ipv4 }], { pairsMax: 1 }).pairs;
      for (const measure of ["offset", "rtt", "loss"] as const) {
        const [one, other] = [there?.[measure], back?.[measure]];
        expect((one?.difference ?? 1) + (other?.difference ?? 1) || 0).toBe(0);
        expect(one?.standardError).toBe(other?.standardError);
      }
      const turned = { ipv4: "ipv6", ipv6: "ipv4", none: "none" } as const;
      expect(back?.betterInLoss ?? "none").toBe(turned[there?.betterInLoss ?? "none"]);
    }),
  );
});

test("a standard error is that of two medians, and needs five values over each family", () => {
  const side = (offsets: readonly number[]): FamilySide =>
    sideOf(offsets.map((offsetNs) => ({ offsetNs, rttNs: 10, reason: "" })));
  const [pair] = familyPairs(
    [
      {
        name: "n",
        ipv4: side([0, 100, 200, 300, 400]),
        ipv6: side([900, 1_000, 1_100, 1_200, 1_300]),
      },
    ],
    { pairsMax: 1 },
  ).pairs;
  // √(π/2) × 1.4826 × 100 / √5, of both: times √2.
  expect(pair?.offset).toEqual({ difference: 900, standardError: expect.closeTo(117.52, 1) });
  expect(pair?.rtt).toEqual({ difference: 0, standardError: 1 });
  const [short] = familyPairs([{ name: "n", ipv4: side([0, 100, 200, 300]), ipv6: side([900]) }], {
    pairsMax: 1,
  }).pairs;
  expect(short?.offset).toEqual({ difference: 800, standardError: Number.NaN });
});

test("a family is the better one where its loss is smaller by more than chance", () => {
  const side = (answered: readonly number[]): FamilySide =>
    sideOf(answered.map((samplesAnswered) => ({ reason: "", samplesSent: 4, samplesAnswered })));
  const better = (ipv4: FamilySide, ipv6: FamilySide): string | undefined =>
    familyPairs([{ name: "n", ipv4, ipv6 }], { pairsMax: 1 }).pairs[0]?.betterInLoss;
  const whole = side([4, 4, 4, 4, 4]);
  expect(better(whole, side([4, 4, 4, 4, 3]))).toBeUndefined();
  expect(better(whole, side([1, 1, 1, 1, 1]))).toBe("ipv4");
  expect(better(side([1, 1, 1, 1, 1]), whole)).toBe("ipv6");
  expect(better(whole, whole)).toBeUndefined();
});
