import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Verdict, verdictOf } from "./verdict.ts";
import { VERDICT_REASONS } from "./verdict-reason.ts";
import {
  legacyBoundNs,
  VERDICT_POLICY_POOL,
  VERDICT_POLICY_UP,
  type VerdictPolicy,
  type Witness,
} from "./witness.ts";

const NOW_NS = 1_767_225_600_000_000_000n;
const MINUTE_NS = 60_000_000_000n;
const MS_NS = 1_000_000n;

interface WitnessInput {
  readonly offsetMs?: number;
  readonly boundMs?: number;
  /** Intervals (of one minute) since the last check, the last answer, the first check. */
  readonly checkedAgo?: number;
  readonly answeredAgo?: number | undefined;
  readonly watchingFor?: number;
  readonly reason?: string;
}

let lastMonitorId = 0;

function ago(minutes: number): bigint {
  return NOW_NS - BigInt(Math.round(minutes * 60_000)) * MS_NS;
}

function witness(input: WitnessInput = {}): Witness {
  const { offsetMs = 0, boundMs = 1, checkedAgo = 0.5, watchingFor = 100, reason } = input;
  const answeredAgo = "answeredAgo" in input ? input.answeredAgo : checkedAgo;
  lastMonitorId += 1;
  return {
    monitorId: lastMonitorId,
    checkedAtNs: ago(checkedAgo),
    reason,
    answer:
      answeredAgo === undefined
        ? undefined
        : {
            atNs: ago(answeredAgo),
            offsetNs: BigInt(Math.round(offsetMs * 1e6)),
            boundNs: BigInt(Math.round(boundMs * 1e6)),
          },
    watchingSinceNs: ago(watchingFor),
    intervalNs: MINUTE_NS,
  };
}

function times(count: number, input: WitnessInput = {}): readonly Witness[] {
  return Array.from({ length: count }, () => witness(input));
}

function judged(witnesses: readonly Witness[], policy: VerdictPolicy = VERDICT_POLICY_UP): Verdict {
  return verdictOf({ nowNs: NOW_NS, witnesses, policy });
}

const SILENT: WitnessInput = { reason: "timeout", answeredAgo: undefined };
const LIAR: WitnessInput = { offsetMs: 40 };

describe("the verdict on each server of the lab", () => {
  it.each([
    { server: "correct", witnesses: times(12), verdict: "truechimer", reason: "within_limit" },
    {
      server: "40 ms off",
      witnesses: times(12, LIAR),
      verdict: "falseticker",
      reason: "offset_outside_limit",
    },
    {
      server: "2 s off",
      witnesses: times(12, { offsetMs: -2_000 }),
      verdict: "falseticker",
      reason: "offset_outside_limit",
    },
    {
      server: "drifting, 20 ms so far",
      witnesses: times(12, { offsetMs: 20 }),
      verdict: "truechimer",
      reason: "within_limit",
    },
    {
      server: "drifting, beyond 25 ms",
      witnesses: times(12, { offsetMs: 26.1 }),
      verdict: "falseticker",
      reason: "offset_outside_limit",
    },
    {
      server: "20 % loss",
      witnesses: [...times(11), witness({ reason: "timeout", answeredAgo: 1.5 })],
      verdict: "truechimer",
      reason: "within_limit",
    },
    { server: "silent", witnesses: times(12, SILENT), verdict: "unreachable", reason: "no_answer" },
    {
      server: "sends RATE",
      witnesses: times(12, { reason: "kiss_rate", answeredAgo: undefined }),
      verdict: "unsure",
      reason: "kiss_rate",
    },
    {
      server: "stratum 16",
      witnesses: times(12, { reason: "bad_stratum", answeredAgo: undefined }),
      verdict: "unsure",
      reason: "bad_stratum",
    },
    {
      server: "leap 3",
      witnesses: times(12, { reason: "not_synchronised", answeredAgo: undefined }),
      verdict: "unsure",
      reason: "not_synchronised",
    },
    {
      server: "wrong origin",
      witnesses: times(12, { reason: "origin_mismatch", answeredAgo: undefined }),
      verdict: "unreachable",
      reason: "no_valid_answer",
    },
  ])("$server → $verdict, $reason", ({ witnesses, verdict, reason }) => {
    for (const policy of [VERDICT_POLICY_UP, VERDICT_POLICY_POOL]) {
      expect(judged(witnesses, policy)).toMatchObject({ verdict, reason });
    }
  });
});

describe("verdictOf", () => {
  it.each([
    {
      name: "most of five hold it off",
      witnesses: [...times(3, LIAR), ...times(2)],
      verdict: "falseticker",
    },
    {
      name: "half of four are not most",
      witnesses: [...times(2, LIAR), ...times(2)],
      verdict: "truechimer",
    },
    {
      name: "exactly 25 ms beyond the bound is within",
      witnesses: times(3, { offsetMs: 26, boundMs: 1 }),
      verdict: "truechimer",
    },
    {
      name: "a nanosecond more is not",
      witnesses: times(3, { offsetMs: 26.000001, boundMs: 1 }),
      verdict: "falseticker",
    },
    {
      name: "a long path makes no liar",
      witnesses: times(3, { offsetMs: 100, boundMs: 90 }),
      verdict: "truechimer",
    },
    {
      name: "servers behind lie as well as those ahead",
      witnesses: times(3, { offsetMs: -40 }),
      verdict: "falseticker",
    },
    {
      name: "silence of some is no proof",
      witnesses: [...times(5, SILENT), ...times(3)],
      verdict: "truechimer",
    },
    {
      name: "the silent have no say in a lie",
      witnesses: [...times(5, SILENT), ...times(3, LIAR)],
      verdict: "falseticker",
    },
    {
      name: "RATE for a few says nothing of the clock",
      witnesses: [...times(2, { reason: "kiss_rate" }), ...times(3)],
      verdict: "truechimer",
    },
    {
      name: "RATE for half leaves it open",
      witnesses: [...times(3, { reason: "kiss_rate" }), ...times(3)],
      verdict: "unsure",
    },
    {
      name: "one liar against six that say stratum 16 is not most",
      witnesses: [...times(6, { reason: "bad_stratum" }), witness(LIAR)],
      verdict: "unsure",
    },
    {
      name: "old checks do not count",
      witnesses: [...times(9, { checkedAgo: 3 }), ...times(3, LIAR)],
      verdict: "falseticker",
    },
  ])("$name: $verdict", ({ witnesses, verdict }) => {
    expect(judged(witnesses, VERDICT_POLICY_POOL).verdict).toBe(verdict);
  });

  it.each([
    { name: "nobody watches", witnesses: [], reason: "no_witness" },
    {
      name: "nobody has checked yet",
      witnesses: [{ ...witness(), checkedAtNs: undefined }],
      reason: "no_witness",
    },
    {
      name: "all checks are three intervals old",
      witnesses: times(5, { checkedAgo: 3 }),
      reason: "no_witness",
    },
    {
      name: "silence since less than three intervals",
      witnesses: times(5, { ...SILENT, watchingFor: 2.9 }),
      reason: "no_witness",
    },
    { name: "two of the three that a pool asks for", witnesses: times(2), reason: "few_witnesses" },
    {
      name: "two liars of the three that a pool asks for",
      witnesses: times(2, LIAR),
      reason: "few_witnesses",
    },
    { name: "two silent ones of the three", witnesses: times(2, SILENT), reason: "few_witnesses" },
    {
      name: "one answer against six silent ones",
      witnesses: [...times(6, SILENT), witness()],
      reason: "few_witnesses",
    },
    { name: "stratum 0", witnesses: times(3, { reason: "stratum_zero" }), reason: "stratum_zero" },
  ])("is unsure when $name", ({ witnesses, reason }) => {
    expect(judged(witnesses, VERDICT_POLICY_POOL)).toMatchObject({ verdict: "unsure", reason });
  });

  it("takes a silence of exactly three intervals for one", () => {
    const atLimit = { reason: "timeout", answeredAgo: 3, checkedAgo: 0.1 };
    expect(judged(times(3, atLimit)).verdict).toBe("unreachable");
    expect(judged(times(3, { ...atLimit, answeredAgo: 2.999 })).verdict).toBe("truechimer");
    expect(judged(times(3, { ...SILENT, watchingFor: 3 })).verdict).toBe("unreachable");
  });

  it("minds leap 3 also when the agent, of an older version, does not", () => {
    const witnesses = times(3).map((one) => ({ ...one, leap: 3 }));
    expect(judged(witnesses)).toMatchObject({ verdict: "unsure", reason: "not_synchronised" });
    expect(judged(times(3).map((one) => ({ ...one, leap: 1 }))).verdict).toBe("truechimer");
  });

  it("says that nothing came back unless most of the silent monitors got something", () => {
    const withDatagram = times(2, { reason: "bad_mode", answeredAgo: undefined });
    expect(judged([...withDatagram, ...times(2, SILENT)]).reason).toBe("no_answer");
    expect(judged([...withDatagram, ...times(1, SILENT)]).reason).toBe("no_valid_answer");
  });

  it("goes on with a good answer while the checks after it fail", () => {
    expect(judged(times(3, { ...LIAR, reason: "timeout", answeredAgo: 2 })).verdict).toBe(
      "falseticker",
    );
  });

  it("follows the limit of the policy", () => {
    const policy = { ...VERDICT_POLICY_UP, offsetLimitNs: 50n * MS_NS };
    expect(judged(times(3, LIAR), policy).verdict).toBe("truechimer");
    expect(judged(times(3, LIAR), policy).text).toContain("±50 ms");
  });

  it("gives the middle offset with its own bound", () => {
    const { offsetNs, boundNs } = judged([
      witness({ offsetMs: 3, boundMs: 0.3 }),
      witness({ offsetMs: 1, boundMs: 0.1 }),
      witness({ offsetMs: 2, boundMs: 0.25 }),
      witness({ offsetMs: 2, boundMs: 0.2 }),
    ]);
    expect([offsetNs, boundNs]).toEqual([2n * MS_NS, 200_000n]);
    expect(judged(times(3, SILENT)).offsetNs).toBeUndefined();
  });

  it("counts who is fresh and who is against", () => {
    const witnesses = [
      ...times(4, LIAR),
      ...times(2),
      ...times(2, SILENT),
      witness({ reason: "kiss_rate" }),
      witness({ checkedAgo: 9 }),
    ];
    expect(judged(witnesses)).toMatchObject({ witnessesFresh: 9, witnessesAgainst: 4 });
  });

  it.each([
    {
      witnesses: [
        ...times(11, { offsetMs: 40.02, boundMs: 0.5 }),
        witness({ offsetMs: 40.02, boundMs: 300 }),
      ],
      text: "11 of 12 monitors with fresh data hold it outside ±25 ms; the middle one has +40.0 ms ± 0.5",
    },
    {
      witnesses: [witness({ offsetMs: -0.0003, boundMs: 0.0011 })],
      text: "its one monitor with fresh data has −0.3 µs ± 1.1, which is not outside ±25 ms",
    },
    {
      witnesses: times(12, SILENT),
      text: "none of 12 monitors had an answer for 3 check intervals",
    },
    {
      witnesses: times(2, { reason: "origin_mismatch", answeredAgo: undefined }),
      text: "none of 2 monitors had a valid answer for 3 check intervals, though datagrams came back",
    },
    {
      witnesses: [...times(7, { reason: "kiss_rate" }), ...times(5)],
      text: "7 of 12 monitors are told: the server asks us to come less often (RATE)",
    },
    {
      witnesses: times(1, { reason: "stratum_zero" }),
      text: "its one monitor is told: the server answers with stratum 0",
    },
    { witnesses: times(1, SILENT), text: "its one monitor had no answer for 3 check intervals" },
    {
      witnesses: times(1, { offsetMs: 40.02, boundMs: 0.5 }),
      text: "its one monitor with fresh data has +40.0 ms ± 0.5, which is outside ±25 ms",
    },
    {
      witnesses: [...times(2), witness(LIAR)],
      text: "1 of 3 monitors with fresh data holds it outside ±25 ms; the middle one has 0.0 ms ± 1.0",
    },
    {
      witnesses: [witness(), witness({ reason: "kiss_rate" })],
      text: "1 of 2 monitors is told: the server asks us to come less often (RATE)",
    },
    { witnesses: [], text: "no monitor has fresh data on it" },
  ])("says: $text", ({ witnesses, text }) => {
    expect(judged(witnesses).text).toBe(text);
  });

  it.each([
    { count: 0, silent: 2, text: "no monitor has fresh data on it, and the policy asks for 3" },
    { count: 1, silent: 0, text: "1 monitor has fresh data on it, and the policy asks for 3" },
    { count: 2, silent: 4, text: "2 monitors have fresh data on it, and the policy asks for 3" },
  ])("says of $count monitors with data and $silent without: $text", ({ count, silent, text }) => {
    const witnesses = [...times(count), ...times(silent, SILENT)];
    expect(judged(witnesses, VERDICT_POLICY_POOL).text).toBe(text);
  });

  it("names the most frequent refusal, of equally frequent ones the first in the alphabet", () => {
    const refusals = (...reasons: readonly string[]): readonly Witness[] =>
      reasons.map((reason) => witness({ reason }));
    expect(judged(refusals("kiss_rate", "bad_stratum", "kiss_rate")).reason).toBe("kiss_rate");
    expect(judged(refusals("kiss_rate", "bad_stratum")).reason).toBe("bad_stratum");
  });
});

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

describe("legacyBoundNs", () => {
  it("is half of the round trip, rounded up, and 0.1 ms for the stamps", () => {
    expect(legacyBoundNs(10_000_001n)).toBe(5_100_001n);
    expect(legacyBoundNs(0n)).toBe(100_000n);
  });
});
