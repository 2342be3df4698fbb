import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judged, LIAR, times, witness } from "./_witnesses.ts";
import { VERDICT_REASONS } from "./verdict-reason.ts";
import { VERDICT_POLICY_UP, type Witness } from "./witness.ts";

const anyWitness: fc.Arbitrary<Witness> = fc
  .record({
    offsetMs: fc.integer({ min: -100, max: 100 }),
    boundMs: fc.integer({ min: 0, max: 100 }),
    checkedAgo: fc.double({ min: 0, max: 5, noNaN: true }),
    answeredAgo: fc.option(fc.double({ min: 0, max: 5, noNaN: true }), { nil: undefined }),
    watchingFor: fc.double({ min: 0, max: 10, noNaN: true }),
    failure: fc.option(
      fc.constantFrom("timeout", "origin_mismatch", "kiss_rate", "bad_stratum", "clock_stepped"),
      { nil: undefined },
    ),
  })
  .map(({ failure, ...input }) =>
    witness(failure === undefined ? input : { ...input, reason: failure }),
  );

describe("the laws of verdicts", () => {
  it("the order of the witnesses does not matter", () => {
    const orders = fc
      .array(anyWitness, { maxLength: 10 })
      .chain((witnesses) =>
        fc.tuple(
          fc.constant(witnesses),
          fc.shuffledSubarray(witnesses, { minLength: witnesses.length }),
        ),
      );
    fc.assert(
      fc.property(orders, ([witnesses, reordered]) => {
        expect(judged(reordered)).toEqual(judged(witnesses));
      }),
    );
  });

  it("falsetickers below half are outvoted, and more than half are believed", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 20 }),
        fc.integer({ min: 0, max: 20 }),
        (honest, liars) => {
          fc.pre(honest + liars > 0);
          const { verdict } = judged([...times(honest), ...times(liars, LIAR)]);
          expect(verdict).toBe(liars > honest ? "falseticker" : "truechimer");
        },
      ),
    );
  });

  it("no data never looks good", () => {
    fc.assert(
      fc.property(fc.array(anyWitness, { maxLength: 10 }), (witnesses) => {
        const withoutAnswers = witnesses.map((one) => ({ ...one, answer: undefined }));
        expect(judged(withoutAnswers).verdict).not.toBe("truechimer");
      }),
    );
  });

  it("every verdict has a documented reason and a sentence", () => {
    fc.assert(
      fc.property(
        fc.array(anyWitness, { maxLength: 10 }),
        fc.constantFrom(1, 3),
        (witnesses, witnessesMin) => {
          const { reason, text } = judged(witnesses, { ...VERDICT_POLICY_UP, witnessesMin });
          expect(VERDICT_REASONS).toContain(reason);
          expect(text).toMatch(/^[a-z0-9].*[^.]$/);
        },
      ),
    );
  });
});
