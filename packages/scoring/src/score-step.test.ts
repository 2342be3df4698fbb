import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NTP_POOL_RECENT_MEDIAN } from "./ntp-pool-rules.ts";
import { nextScore, scoreStep } from "./score-step.ts";
import type { ScoredStatus } from "./step-table.ts";

const GOOD: ScoredStatus = { noResponse: false, reason: undefined, offsetNs: 0n, stratum: 2 };

const status: fc.Arbitrary<ScoredStatus> = fc.record({
  noResponse: fc.boolean(),
  reason: fc.option(
    fc.constantFrom("kiss_rate", "kiss_deny", "bad_stratum", "timeout", "clock_stepped"),
    {
      nil: undefined,
    },
  ),
  offsetNs: fc.option(fc.bigInt({ min: -4_000_000_000n, max: 4_000_000_000n }), { nil: undefined }),
  stratum: fc.integer({ min: 0, max: 17 }),
});

function scoreAfter(checks: number, offsetMs: number): number {
  const step = scoreStep({ ...GOOD, offsetNs: BigInt(offsetMs) * 1_000_000n });
  return Array.from({ length: checks }).reduce((score: number) => nextScore(score, step), 0);
}

describe("scoreStep", () => {
  it("does not mind the sign of an offset", () => {
    fc.assert(
      fc.property(status, (input) => {
        const mirrored = {
          ...input,
          offsetNs: input.offsetNs === undefined ? undefined : -input.offsetNs,
        };
        expect(scoreStep(mirrored).step).toBe(scoreStep(input).step);
      }),
    );
  });

  it("never gives more for a larger offset", () => {
    const magnitude = fc.bigInt({ min: 0n, max: 4_000_000_000n });
    fc.assert(
      fc.property(magnitude, magnitude, (a, b) => {
        const [near, far] = a < b ? [a, b] : [b, a];
        const step = (offsetNs: bigint): number => scoreStep({ ...GOOD, offsetNs }).step;
        expect(step(far)).toBeLessThanOrEqual(step(near));
      }),
    );
  });

  it("is at most 1, at least -10, by a rule of the table, and says so with the number", () => {
    fc.assert(
      fc.property(status, (input) => {
        const { step, rule, ruleText } = scoreStep(input);
        expect(step).toBeLessThanOrEqual(1);
        expect(step).toBeGreaterThanOrEqual(-10);
        expect(NTP_POOL_RECENT_MEDIAN.steps.map((row) => row.rule)).toContain(rule);
        expect(ruleText).not.toBe("");
      }),
    );
  });

  it("does not count what is the agent's own fault", () => {
    const step = scoreStep({ ...GOOD, reason: "clock_stepped" });
    expect(step).toMatchObject({ counts: false, step: 0, rule: "agent_fault" });
    expect(nextScore(12.5, step)).toBe(12.5);
  });

  it.each([
    { offsetNs: 40_012_345n, text: "offset +40.0 ms: 1.167 − 6.667 per second, at most 1" },
    { offsetNs: -5_000_000_000n, text: "offset −5 s is beyond 3 s" },
    { offsetNs: 1_000n, text: "offset +1 µs is within 25 ms" },
  ])("says $text", ({ offsetNs, text }) => {
    expect(scoreStep({ ...GOOD, offsetNs }).ruleText).toBe(text);
  });
});

describe("nextScore", () => {
  it.each([
    { name: "decays and adds", before: 20, step: 1, cap: undefined, after: 20 },
    { name: "falls", before: 20, step: -5, cap: undefined, after: 14 },
    { name: "is cut at the cap", before: 20, step: -10, cap: -50, after: -50 },
    { name: "stays below the cap", before: -100, step: -10, cap: -50, after: -105 },
    { name: "has no floor", before: -200, step: -10, cap: undefined, after: -200 },
  ])("$name", ({ before, step, cap, after }) => {
    expect(nextScore(before, { step, cap })).toBeCloseTo(after, 10);
  });

  it.each([
    { offsetMs: 10, equilibrium: 20 },
    { offsetMs: 100, equilibrium: 10.006 },
    { offsetMs: 200, equilibrium: 5.388 },
    { offsetMs: 400, equilibrium: -3.844 },
    { offsetMs: 600, equilibrium: -13.076 },
    { offsetMs: 1_000, equilibrium: -40 },
  ])("$offsetMs ms off tends to $equilibrium", ({ offsetMs, equilibrium }) => {
    expect(scoreAfter(400, offsetMs)).toBeCloseTo(equilibrium, 3);
    expect(scoreAfter(100, offsetMs)).toBeCloseTo(
      equilibrium * (1 - NTP_POOL_RECENT_MEDIAN.decay ** 100),
      3,
    );
  });

  it("rises above 10, the NTP Pool's limit for admission, with the 18th good check after a silence", () => {
    let score = -5;
    let checks = 0;
    for (; score <= 10; checks += 1) score = nextScore(score, scoreStep(GOOD));
    expect(checks).toBe(18);
  });

  it("falls below 10 with the second timeout", () => {
    const silence = scoreStep({
      ...GOOD,
      noResponse: true,
      reason: "timeout",
      offsetNs: undefined,
    });
    expect(nextScore(20, silence)).toBeCloseTo(14, 10);
    expect(nextScore(nextScore(20, silence), silence)).toBeCloseTo(8.3, 10);
  });

  it("stays between the lowest and the highest equilibrium once it is there", () => {
    fc.assert(
      fc.property(fc.double({ min: -200, max: 20, noNaN: true }), status, (before, input) => {
        const after = nextScore(before, scoreStep(input));
        expect(after).toBeGreaterThanOrEqual(-200 - 1e-9);
        expect(after).toBeLessThanOrEqual(20 + 1e-9);
      }),
    );
  });
});
