import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NTP_POOL_RECENT_MEDIAN } from "./ntp-pool-rules.ts";
import { type AssignedRow, recentMedian, recentMedianRows } from "./recent-median.ts";

const { attempts } = NTP_POOL_RECENT_MEDIAN;

const NOW_NS = 1_767_225_600_000_000_000n;
const SECOND_NS = 1_000_000_000n;

interface RowInput {
  readonly monitorId: number;
  readonly ageSeconds?: number;
  readonly score?: number;
  readonly rttNs?: bigint;
  readonly assignment?: AssignedRow["assignment"];
  readonly monitorVotes?: boolean;
}

function row(input: RowInput): AssignedRow {
  const {
    monitorId,
    ageSeconds = 0,
    score = 20,
    rttNs,
    assignment = "active",
    monitorVotes = true,
  } = input;
  return {
    monitorId,
    atNs: NOW_NS - BigInt(ageSeconds) * SECOND_NS,
    score,
    rttNs,
    assignment,
    monitorVotes,
  };
}

const rowInput = fc.record({
  monitorId: fc.integer({ min: 1, max: 8 }),
  ageSeconds: fc.integer({ min: 0, max: 9_000 }),
  score: fc.integer({ min: -100, max: 20 }),
  assignment: fc.constantFrom("active", "testing", "candidate", "paused"),
});

describe("recentMedianRows", () => {
  it.each([
    {
      name: "an active row of exactly 20 min counts",
      rows: [row({ monitorId: 1, ageSeconds: 1_200 })],
      found: [1],
    },
    {
      name: "one a second older does not in the first attempt, but in the second",
      rows: [
        row({ monitorId: 1, ageSeconds: 1_201 }),
        row({ monitorId: 2, ageSeconds: 2_700, assignment: "testing" }),
      ],
      found: [1, 2],
    },
    {
      name: "an active row of exactly 20 min keeps the testing ones out",
      rows: [
        row({ monitorId: 1, ageSeconds: 1_200 }),
        row({ monitorId: 2, assignment: "testing" }),
      ],
      found: [1],
    },
    {
      name: "a testing row of exactly 45 min keeps the candidates out",
      rows: [
        row({ monitorId: 1, ageSeconds: 2_700, assignment: "testing" }),
        row({ monitorId: 2, assignment: "candidate" }),
      ],
      found: [1],
    },
    {
      name: "testing monitors wait for the second attempt",
      rows: [row({ monitorId: 1 }), row({ monitorId: 2, assignment: "testing" })],
      found: [1],
    },
    {
      name: "the third attempt takes candidates and testing, but no active",
      rows: [
        row({ monitorId: 1, ageSeconds: 7_000 }),
        row({ monitorId: 2, ageSeconds: 7_200, assignment: "candidate" }),
        row({ monitorId: 3, ageSeconds: 7_000, assignment: "testing" }),
      ],
      found: [2, 3],
    },
    {
      name: "a candidate is not asked while an active one is there",
      rows: [
        row({ monitorId: 1, ageSeconds: 1_000 }),
        row({ monitorId: 2, assignment: "candidate" }),
      ],
      found: [1],
    },
    {
      name: "nothing is found beyond two hours",
      rows: [row({ monitorId: 1, ageSeconds: 7_201, assignment: "testing" })],
      found: [],
    },
    {
      name: "paused assignments never count",
      rows: [row({ monitorId: 1, assignment: "paused" })],
      found: [],
    },
    {
      name: "deleted and paused monitors have no vote",
      rows: [row({ monitorId: 1, monitorVotes: false }), row({ monitorId: 2 })],
      found: [2],
    },
    {
      name: "rows after the triggering one do not count",
      rows: [row({ monitorId: 1, ageSeconds: -1 })],
      found: [],
    },
    {
      name: "of a monitor the latest counts",
      rows: [
        row({ monitorId: 1, ageSeconds: 60 }),
        row({ monitorId: 1, ageSeconds: 30 }),
        row({ monitorId: 1, ageSeconds: 90 }),
      ],
      found: [1],
    },
    {
      name: "two rows of a monitor at the same instant both count",
      rows: [row({ monitorId: 1, score: 3 }), row({ monitorId: 1, score: 5 })],
      found: [1, 1],
    },
  ])("$name", ({ rows, found }) => {
    expect(recentMedianRows(rows, NOW_NS, attempts).map(({ monitorId }) => monitorId)).toEqual(
      found,
    );
  });

  it("takes the latest of each monitor", () => {
    const rows = [
      row({ monitorId: 1, ageSeconds: 60, score: 1 }),
      row({ monitorId: 1, ageSeconds: 30, score: 2 }),
    ];
    expect(recentMedianRows(rows, NOW_NS, attempts).map(({ score }) => score)).toEqual([2]);
  });
});

describe("recentMedian", () => {
  it.each([
    { name: "nothing of nothing", scores: [], chosen: undefined },
    { name: "the one", scores: [{ score: 7 }], chosen: 7 },
    {
      name: "of two the older, not the median",
      scores: [
        { score: 7, ageSeconds: 10 },
        { score: 3, ageSeconds: 50 },
      ],
      chosen: 3,
    },
    {
      name: "of two the older, also when it comes first",
      scores: [
        { score: 9, ageSeconds: 50 },
        { score: 3, ageSeconds: 10 },
      ],
      chosen: 9,
    },
    {
      name: "of three the middle",
      scores: [{ score: 20 }, { score: -5 }, { score: 10 }],
      chosen: 10,
    },
    {
      name: "of four the lower middle",
      scores: [{ score: 4 }, { score: 1 }, { score: 3 }, { score: 2 }],
      chosen: 2,
    },
    {
      name: "of five the middle",
      scores: [{ score: 5 }, { score: 1 }, { score: 4 }, { score: 2 }, { score: 3 }],
      chosen: 3,
    },
  ])("chooses $name", ({ scores, chosen }) => {
    const rows = scores.map((input, index) => row({ monitorId: index, ...input }));
    expect(recentMedian(rows)?.score).toBe(chosen);
  });

  it("orders equal scores by round trip, a missing one as 0", () => {
    const rows = [
      row({ monitorId: 1, score: 20, rttNs: 30n }),
      row({ monitorId: 2, score: 20 }),
      row({ monitorId: 3, score: 20, rttNs: 10n }),
    ];
    expect(recentMedian(rows)?.monitorId).toBe(3);
  });

  it("takes a missing round trip for less than the smallest", () => {
    const rows = [
      row({ monitorId: 1, ageSeconds: 30, rttNs: 1n }),
      row({ monitorId: 2, ageSeconds: 20 }),
      row({ monitorId: 3, ageSeconds: 10, rttNs: 2n }),
    ];
    expect(recentMedian(rows)?.monitorId).toBe(1);
  });

  it("takes a missing round trip for a zero one, wherever it stands", () => {
    const rows = [
      row({ monitorId: 1, ageSeconds: 30 }),
      row({ monitorId: 2, ageSeconds: 20, rttNs: 0n }),
      row({ monitorId: 3, ageSeconds: 10 }),
    ];
    expect(recentMedian(rows)?.monitorId).toBe(2);
    expect(recentMedian([...rows, row({ monitorId: 4, rttNs: 1n })])?.monitorId).toBe(2);
  });

  it("orders equal scores and round trips by time", () => {
    const rows = [1, 2, 3].map((monitorId) => row({ monitorId, ageSeconds: monitorId, rttNs: 5n }));
    expect(recentMedian(rows)?.monitorId).toBe(2);
  });

  it("has no more than half of the rows below it and no more than half above, from three rows on", () => {
    fc.assert(
      fc.property(fc.array(rowInput, { minLength: 3, maxLength: 12 }), (inputs) => {
        const rows = inputs.map(row);
        const chosen = recentMedian(rows)?.score ?? Number.NaN;
        expect(rows.filter(({ score }) => score < chosen).length * 2).toBeLessThan(rows.length);
        expect(rows.filter(({ score }) => score > chosen).length * 2).toBeLessThanOrEqual(
          rows.length,
        );
      }),
    );
  });

  it("does not depend on the order in which the database gives the rows", () => {
    const shuffled = fc
      .uniqueArray(rowInput, {
        minLength: 1,
        maxLength: 8,
        selector: ({ ageSeconds }) => ageSeconds,
      })
      .chain((inputs) =>
        fc.tuple(fc.constant(inputs), fc.shuffledSubarray(inputs, { minLength: inputs.length })),
      );
    fc.assert(
      fc.property(shuffled, ([inputs, reordered]) => {
        const scoreOf = (order: readonly RowInput[]): number | undefined =>
          recentMedian(recentMedianRows(order.map(row), NOW_NS, attempts))?.score;
        expect(scoreOf(reordered)).toBe(scoreOf(inputs));
      }),
    );
  });
});

describe("rows of equal age", () => {
  it("come out the same in whatever order they are read", () => {
    const one = row({ monitorId: 9, score: -40 });
    const two = row({ monitorId: 10, score: 20 });
    expect(recentMedian([one, two])).toBe(one);
    expect(recentMedian([two, one])).toBe(one);
    expect(
      recentMedian([
        { ...two, monitorId: "b" },
        { ...one, monitorId: "a" },
      ])?.score,
    ).toBe(-40);
  });
});
