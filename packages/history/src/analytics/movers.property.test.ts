import fc from "fast-check";
import { expect, test } from "vitest";
import type { CheckFigures } from "./check-tally.ts";
import { type Moved, worstMovers } from "./movers.ts";
import { SCORE_EDGES, scoreBins } from "./score-bins.ts";

function figures(absOffsetNs: number): CheckFigures {
  const none = Number.NaN;
  return {
    checks: 1,
    failed: 0,
    samplesSent: 4,
    samplesAnswered: 3,
    offsetNs: absOffsetNs,
    leastOffsetNs: absOffsetNs,
    greatestOffsetNs: absOffsetNs,
    absOffsetNs,
    rttNs: none,
    boundNs: none,
  };
}

const aValue = fc.oneof(fc.integer({ min: 0, max: 1_000 }), fc.constant(Number.NaN));
const someMoved = fc.array(fc.tuple(aValue, aValue), { maxLength: 40 }).map((pairs) =>
  pairs.map(
    ([before, after], at): Moved => ({
      serverId: at + 1,
      before: figures(before),
      after: figures(after),
    }),
  ),
);

test("movers are those that have grown the most, and every server is counted once", () => {
  fc.assert(
    fc.property(someMoved, fc.integer({ min: 1, max: 50 }), (servers, moversMax) => {
      const found = worstMovers(servers, { measure: "offset", moversMax });
      expect(found.compared + found.notCompared).toBe(servers.length);
      const changes = servers
        .map(({ before, after }) => after.absOffsetNs - before.absOffsetNs)
        .filter((change) => change > 0)
        .toSorted((one, other) => other - one);
      expect(found.movers.map(({ change }) => change)).toEqual(changes.slice(0, moversMax));
    }),
  );
});

test("turning time round turns growth into shrinking: nobody moves both ways", () => {
  fc.assert(
    fc.property(someMoved, (servers) => {
      const limits = { measure: "offset", moversMax: 99 } as const;
      const back = servers.map(({ serverId, before, after }) => ({
        serverId,
        before: after,
        after: before,
      }));
      const grown = new Set(worstMovers(servers, limits).movers.map(({ serverId }) => serverId));
      for (const { serverId } of worstMovers(back, limits).movers)
        expect(grown.has(serverId)).toBe(false);
    }),
  );
});

test("what was not measured in one of the times has not moved", () => {
  const servers: readonly Moved[] = [
    { serverId: 1, before: figures(Number.NaN), after: figures(9e9) },
    { serverId: 2, before: figures(5), after: figures(7) },
  ];
  const { movers, compared, notCompared } = worstMovers(servers, {
    measure: "offset",
    moversMax: 9,
  });
  expect([movers.map(({ serverId }) => serverId), compared, notCompared]).toEqual([[2], 1, 1]);
  expect(worstMovers(servers, { measure: "delay", moversMax: 9 }).compared).toBe(0);
});

test("each score is in the bin that it belongs to, 20 in the last one, and a dip is told", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -100, max: 20, noNaN: true }), { maxLength: 60 }),
      (lasts) => {
        const bins = scoreBins(lasts.map((last) => ({ last, least: last })));
        expect(bins.reduce((sum, { servers }) => sum + servers, 0)).toBe(lasts.length);
        for (const { from, to, servers } of bins) {
          const top = to === SCORE_EDGES.at(-1);
          expect(servers).toBe(
            lasts.filter((last) => last >= from && (last < to || (top && last === to))).length,
          );
        }
      },
    ),
  );
  const [bin] = scoreBins([{ last: 20, least: 3 }]).filter(({ servers }) => servers > 0);
  expect(bin).toEqual({ from: 19.5, to: 20, servers: 1, dipped: 1 });
});
