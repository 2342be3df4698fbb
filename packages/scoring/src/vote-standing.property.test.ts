import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NTP_POOL_RECENT_MEDIAN } from "./ntp-pool-rules.ts";
import { type AssignedRow, recentMedian, recentMedianRows } from "./recent-median.ts";
import { countVotes } from "./vote-standing.ts";

const { attempts } = NTP_POOL_RECENT_MEDIAN;

const AT_NS = 10_000_000_000_000n;

const rows = fc.uniqueArray(
  fc.record({
    monitorId: fc.integer({ min: 1, max: 20 }),
    atNs: fc.integer({ min: 0, max: 9_000 }).map((ago) => AT_NS - BigInt(ago) * 1_000_000_000n),
    score: fc.integer({ min: -100, max: 20 }),
    rttNs: fc.constantFrom(undefined, 1_000n, 2_000n),
    assignment: fc.constantFrom("active", "testing", "candidate", "paused"),
    monitorVotes: fc.boolean(),
  }) satisfies fc.Arbitrary<AssignedRow>,
  { selector: ({ monitorId }) => monitorId, maxLength: 12 },
);

describe("who has a vote in the overall score", () => {
  test("is told as the recent median has it", () => {
    fc.assert(
      fc.property(rows, (drawn) => {
        const { standings, chosen } = countVotes<AssignedRow>(drawn, AT_NS, attempts);
        const voting = new Set<AssignedRow>(recentMedianRows<AssignedRow>(drawn, AT_NS, attempts));
        for (const { row, refusal } of standings) {
          expect(refusal === undefined).toBe(voting.has(row));
        }
        expect(chosen).toBe(recentMedian([...voting]));
        expect(standings.filter((standing) => standing.chosen).map(({ row }) => row)).toEqual(
          chosen === undefined ? [] : [chosen],
        );
        expect(standings).toHaveLength(drawn.length);
      }),
    );
  });

  test("names why the others have none", () => {
    const row = (init: Partial<AssignedRow>): AssignedRow => ({
      monitorId: 1,
      atNs: AT_NS,
      score: 1,
      rttNs: undefined,
      assignment: "active",
      monitorVotes: true,
      ...init,
    });
    const voter = row({});
    const { standings, attempt } = countVotes(
      [
        voter,
        row({ monitorId: 2, score: 2, assignment: "testing" }),
        row({ monitorId: 3, score: 3, monitorVotes: false }),
        row({ monitorId: 4, score: 4, atNs: AT_NS - 1_201_000_000_000n }),
      ],
      AT_NS,
      attempts,
    );
    expect(attempt.statuses).toEqual(["active"]);
    expect(standings.map(({ refusal }) => refusal)).toEqual([
      undefined,
      "status",
      "monitor_not_live",
      "too_old",
    ]);
  });
});
