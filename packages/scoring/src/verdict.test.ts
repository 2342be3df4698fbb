import { describe, expect, it } from "vitest";
import { judged, LIAR, SILENT, times, witness } from "./_witnesses.ts";
import { legacyBoundNs, VERDICT_POLICY_POOL, VERDICT_POLICY_UP, type Witness } from "./witness.ts";

const MS_NS = 1_000_000n;

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

  it("names the most frequent refusal, of equally frequent ones the first in the alphabet", () => {
    const refusals = (...reasons: readonly string[]): readonly Witness[] =>
      reasons.map((reason) => witness({ reason }));
    expect(judged(refusals("kiss_rate", "bad_stratum", "kiss_rate")).reason).toBe("kiss_rate");
    expect(judged(refusals("kiss_rate", "bad_stratum")).reason).toBe("bad_stratum");
  });
});

describe("legacyBoundNs", () => {
  it("is half of the round trip, rounded up, and 0.1 ms for the stamps", () => {
    expect(legacyBoundNs(10_000_001n)).toBe(5_100_001n);
    expect(legacyBoundNs(0n)).toBe(100_000n);
  });
});
