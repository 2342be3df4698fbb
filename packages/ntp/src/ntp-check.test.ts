import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exchangeOf, silentExchange, TYPICAL_EXCHANGE } from "./_exchanges.ts";
import { judgeExchange } from "./judge-exchange.ts";
import {
  CHECK_SAMPLES_MAX,
  type CheckAction,
  type CheckOptions,
  checkResultOf,
  checkResultWithoutSamples,
  createCheck,
  isAgentFault,
  isExplicitBad,
  isNoResponse,
} from "./ntp-check.ts";
import type { NtpPacket } from "./ntp-packet.ts";
import { referenceIdFromText } from "./reference-id.ts";
import type { CheckResult, Sample } from "./sample.ts";
import { SAMPLE_REASONS, type SampleReason } from "./sample-reason.ts";

/** A good sample with this delay. */
function good(delayMs: number, changes: Partial<NtpPacket> = {}): Sample {
  const halfNs = BigInt(delayMs) * 500_000n;
  return judgeExchange(
    exchangeOf({ ...TYPICAL_EXCHANGE, thereNs: halfNs, backNs: halfNs }, changes),
  );
}

function silent(reason: SampleReason = "timeout"): Sample {
  return judgeExchange(silentExchange(), { silenceReason: reason });
}

function kiss(code: string): Sample {
  return good(10, { stratum: 0, referenceId: referenceIdFromText(code) });
}

function steppedSample(): Sample {
  return judgeExchange({ ...exchangeOf(TYPICAL_EXCHANGE), clockStepNs: 1_000_000_000n });
}

/** Runs a check that is given these samples; says which actions it asked for. */
function run(
  samples: readonly Sample[],
  options: CheckOptions = {},
): { asked: string[]; result: CheckResult } {
  const check = createCheck(options);
  const left = [...samples];
  const asked: string[] = [];
  let action: CheckAction = check.start();
  while (action.kind !== "done") {
    asked.push(action.kind === "set_timer" ? `wait ${action.delayMs} ms` : action.kind);
    if (action.kind === "set_timer") {
      action = check.onTimer();
      continue;
    }
    const sample = left.shift();
    if (sample === undefined) throw new Error("the check asks for more samples than were given");
    action = check.onSample(sample);
  }
  return { asked, result: action.result };
}

describe("createCheck", () => {
  it("takes three samples, two seconds apart", () => {
    const { asked, result } = run([good(10), good(20), good(30)]);
    expect(asked).toEqual(["exchange", "wait 2000 ms", "exchange", "wait 2000 ms", "exchange"]);
    expect(result.samples).toHaveLength(3);
  });

  it.each([
    { samples: 1, taken: 1 },
    { samples: 4, taken: 4 },
    { samples: 0, taken: 3 },
    { samples: -1, taken: 3 },
    { samples: 1_000, taken: CHECK_SAMPLES_MAX },
  ])("asked for $samples samples it takes $taken", ({ samples, taken }) => {
    const plenty = Array.from({ length: 30 }, () => good(10));
    expect(run(plenty, { samples, gapMs: 0 }).result.samples).toHaveLength(taken);
  });

  it("is ended by an explicit bad answer, which outranks the good ones before it", () => {
    const { result } = run([good(10), kiss("RATE"), good(20)]);
    expect(result.samples).toHaveLength(2);
    expect(result.selectedIndex).toBe(1);
    expect(result.outcome.reason).toBe("kiss_rate");
  });

  it("is not ended by silence", () => {
    const { result } = run([silent(), silent(), good(10)]);
    expect(result.selectedIndex).toBe(2);
    expect(result.outcome).toMatchObject({ reason: undefined, noResponse: false });
  });
});

describe("checkResultOf", () => {
  it.each([
    { name: "the lowest delay wins", samples: [good(30), good(10), good(20)], selected: 1 },
    {
      name: "equal delays stay with the first",
      samples: [good(10), good(10), good(10)],
      selected: 0,
    },
    { name: "a good sample beats silence before it", samples: [silent(), good(500)], selected: 1 },
    { name: "a good sample beats silence after it", samples: [good(500), silent()], selected: 0 },
    {
      name: "of silent ones the first counts",
      samples: [silent("timeout"), silent("host_unreachable")],
      selected: 0,
    },
    {
      name: "the first explicit bad answer counts",
      samples: [kiss("DENY"), kiss("RATE")],
      selected: 0,
    },
    { name: "a stepped clock beats silence", samples: [silent(), steppedSample()], selected: 1 },
    {
      name: "a good sample beats a stepped clock",
      samples: [steppedSample(), good(900)],
      selected: 1,
    },
    {
      name: "an explicit bad answer outranks the good one after it",
      samples: [kiss("RATE"), good(1)],
      selected: 0,
    },
    { name: "nothing is selected of nothing", samples: [], selected: undefined },
  ])("$name", ({ samples, selected }) => {
    expect(checkResultOf(samples).selectedIndex).toBe(selected);
  });

  it("gives a good sample's numbers", () => {
    const { outcome } = checkResultOf([good(10)]);
    expect(outcome).toMatchObject({
      reason: undefined,
      noResponse: false,
      offsetNs: 1_000_000n,
      rttNs: 10_000_000n,
      stratum: 1,
      leap: 0,
    });
    expect(outcome.boundNs).toBe(good(10).measurement?.boundNs);
  });

  it.each([
    {
      name: "RATE loses its offset",
      sample: kiss("RATE"),
      reason: "kiss_rate",
      hasOffset: false,
      stratum: 0,
    },
    {
      name: "DENY keeps its offset",
      sample: kiss("DENY"),
      reason: "kiss_deny",
      hasOffset: true,
      stratum: 0,
    },
    {
      name: "INIT keeps its offset",
      sample: kiss("INIT"),
      reason: "kiss_other",
      hasOffset: true,
      stratum: 0,
    },
    {
      name: "stratum 16 keeps it",
      sample: good(10, { stratum: 16 }),
      reason: "bad_stratum",
      hasOffset: true,
      stratum: 16,
    },
    {
      name: "leap 3 keeps it",
      sample: good(10, { leap: 3 }),
      reason: "not_synchronised",
      hasOffset: true,
      stratum: 1,
    },
  ])("$name, and none of them is silence", ({ sample, reason, hasOffset, stratum }) => {
    const { outcome } = checkResultOf([sample]);
    expect(outcome).toMatchObject({ reason, noResponse: false, stratum, rttNs: 10_000_000n });
    expect(outcome.offsetNs !== undefined).toBe(hasOffset);
    expect(outcome.boundNs !== undefined).toBe(hasOffset);
  });

  it("gives no numbers of an answer that breaks the protocol", () => {
    const { outcome } = checkResultOf([good(10, { mode: 5 })]);
    expect(outcome).toEqual({
      reason: "bad_mode",
      noResponse: true,
      offsetNs: undefined,
      boundNs: undefined,
      rttNs: undefined,
      stratum: 0,
      leap: 0,
    });
  });

  it("gives no numbers of a kiss without stamps", () => {
    const sample = good(10, {
      stratum: 0,
      referenceId: referenceIdFromText("DENY"),
      transmitTimestamp: 0n,
    });
    expect(checkResultOf([sample]).outcome).toMatchObject({
      offsetNs: undefined,
      rttNs: undefined,
    });
  });

  it("takes a check without samples for silence, and says why there are none", () => {
    expect(checkResultOf([]).outcome).toMatchObject({ reason: "timeout", noResponse: true });
    const refused = checkResultWithoutSamples("address_refused");
    expect(refused).toMatchObject({ samples: [], selectedIndex: undefined });
    expect(refused.outcome).toMatchObject({ reason: "address_refused", noResponse: true });
  });

  it("keeps every sample in the order of sending, and never prefers a failed one to a good one", () => {
    const sample = fc.oneof(
      fc.integer({ min: 1, max: 900 }).map((delayMs) => good(delayMs)),
      fc.constantFrom<SampleReason>("timeout", "connection_refused").map(silent),
    );
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 8 }), (samples) => {
        const { samples: kept, selectedIndex = -1, outcome } = checkResultOf(samples);
        expect(kept).toEqual(samples);
        const delays = samples.flatMap(({ measurement }) => measurement?.delayNs ?? []);
        expect(outcome.rttNs).toBe(delays.toSorted((a, b) => Number(a - b))[0]);
        expect(samples[selectedIndex]?.reason).toBe(outcome.reason);
      }),
    );
  });
});

describe("the kinds of reasons", () => {
  it("are exactly one of: explicit bad, no response, agent's fault", () => {
    for (const reason of SAMPLE_REASONS) {
      const kinds = [isExplicitBad(reason), isNoResponse(reason), isAgentFault(reason)];
      expect(kinds.filter(Boolean)).toHaveLength(1);
    }
  });

  it("do not include success", () => {
    expect([isExplicitBad(undefined), isNoResponse(undefined), isAgentFault(undefined)]).toEqual([
      false,
      false,
      false,
    ]);
  });
});
