import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerBytes, exchangeOf, NONCE, silentExchange, TYPICAL_EXCHANGE } from "./_exchanges.ts";
import { judgeExchange, responseRules, runResponseRules } from "./judge-exchange.ts";
import { referenceIdFromText } from "./reference-id.ts";
import { datagramAnswersRequest } from "./response-rules.ts";
import type { Exchange } from "./sample.ts";
import type { SampleReason } from "./sample-reason.ts";

const DENY = { stratum: 0, referenceId: referenceIdFromText("DENY") };

describe("judgeExchange", () => {
  it("finds a good answer good, and measures it", () => {
    const sample = judgeExchange(exchangeOf(TYPICAL_EXCHANGE));
    expect(sample.reason).toBeUndefined();
    expect(sample.packet?.stratum).toBe(1);
    expect(sample.measurement).toMatchObject({ offsetNs: 1_000_000n, delayNs: 10_000_000n });
  });

  it.each<SampleReason>(["timeout", "connection_refused", "network_unreachable"])(
    "says of silence what the network said: %s",
    (reason) => {
      const sample = judgeExchange(silentExchange(), { silenceReason: reason });
      expect(sample).toMatchObject({ reason, packet: undefined, measurement: undefined });
    },
  );

  it("takes silence for a timeout when the network said nothing", () => {
    expect(judgeExchange(silentExchange()).reason).toBe("timeout");
  });

  it.each(["t1", "t4"] as const)("does not judge an answer without %s", (stamp) => {
    const exchange: Exchange = { ...exchangeOf(TYPICAL_EXCHANGE), [stamp]: undefined };
    expect(judgeExchange(exchange)).toMatchObject({ reason: "timeout", measurement: undefined });
  });

  it("asks for the origin before anything else, even before a kiss code", () => {
    const exchange = exchangeOf(TYPICAL_EXCHANGE, { ...DENY, originTimestamp: NONCE + 1n });
    expect(judgeExchange(exchange).reason).toBe("origin_mismatch");
  });

  it("measures nothing by the stamps of a stranger", () => {
    const exchange = exchangeOf(TYPICAL_EXCHANGE, { originTimestamp: NONCE + 1n });
    expect(judgeExchange(exchange).measurement).toBeUndefined();
    expect(judgeExchange(exchange).packet).toBeDefined();
  });

  it("measures a refused answer whose stamps are usable", () => {
    const sample = judgeExchange(exchangeOf(TYPICAL_EXCHANGE, { leap: 3 }));
    expect(sample.reason).toBe("not_synchronised");
    expect(sample.measurement?.offsetNs).toBe(1_000_000n);
  });

  it("gives an answer with broken extension fields, but no packet", () => {
    const response = new Uint8Array([...answerBytes(TYPICAL_EXCHANGE), 1, 2, 3]);
    const sample = judgeExchange({ ...exchangeOf(TYPICAL_EXCHANGE), response });
    expect(sample).toMatchObject({ reason: "bad_extension", packet: undefined });
  });

  it("allows a delay as far below 0 as the clocks' precision explains, and no nanosecond more", () => {
    // 2^-10 s of the server, 1 ns and 1 µs of the agent's stamps, 1 ns of drift in 2 µs; twice, because each clock is
    // read twice.
    const allowedNs = 2n * (976_563n + 1n + 1_000n + 1n);
    const held = (heldNs: bigint): SampleReason | undefined => {
      const truth = { ...TYPICAL_EXCHANGE, thereNs: 1_000n, backNs: 1_000n - heldNs, heldNs };
      return judgeExchange(exchangeOf(truth, { precisionLog2: -10 })).reason;
    };
    expect(held(allowedNs + 2_000n)).toBeUndefined();
    expect(held(allowedNs + 2_001n)).toBe("negative_delay");
  });

  it("never throws, and gives every datagram a reason, as none carries the nonce", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (response) => {
        const { reason } = judgeExchange({ ...exchangeOf(TYPICAL_EXCHANGE), response });
        expect(["truncated", "origin_mismatch"]).toContain(reason);
      }),
    );
  });

  it("never throws when everything but the nonce is hostile", () => {
    const hostile = fc.uint8Array({ minLength: 48, maxLength: 200 }).map((bytes) => {
      new DataView(bytes.buffer).setBigUint64(24, NONCE);
      return bytes;
    });
    fc.assert(
      fc.property(hostile, (response) => {
        const exchange = { ...exchangeOf(TYPICAL_EXCHANGE), response };
        const { reason } = judgeExchange(exchange);
        const failed = runResponseRules(exchange).find(({ outcome }) => outcome === "fail");
        expect(failed?.rule.code).toBe(reason);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("runResponseRules", () => {
  it("passes every rung for a good answer, and says what it saw", () => {
    const findings = runResponseRules(exchangeOf(TYPICAL_EXCHANGE));
    expect(findings.map(({ rule }) => rule)).toEqual(responseRules);
    expect(findings.every(({ outcome, text }) => outcome === "pass" && text !== "")).toBe(true);
  });

  it("does not try what comes after a failure", () => {
    const findings = runResponseRules(exchangeOf(TYPICAL_EXCHANGE, DENY));
    const failedAt = findings.findIndex(({ rule }) => rule.code === "kiss_deny");
    expect(findings[failedAt]).toMatchObject({ outcome: "fail", text: 'kiss code "DENY"' });
    expect(findings.slice(0, failedAt).every(({ outcome }) => outcome === "pass")).toBe(true);
    const after = findings.slice(failedAt + 1);
    expect(after.every(({ outcome, text }) => outcome === "not_tried" && text === "")).toBe(true);
  });

  it.each([
    { name: "silence", exchange: silentExchange(), code: "timeout", text: /no datagram/ },
    {
      name: "an answer without a stamp",
      exchange: { ...exchangeOf(TYPICAL_EXCHANGE), t4: undefined },
      code: "timeout",
      text: /no time stamp/,
    },
    {
      name: "a fragment",
      exchange: { ...exchangeOf(TYPICAL_EXCHANGE), response: new Uint8Array(5) },
      code: "truncated",
      text: /^5 bytes, a header has 48$/,
    },
    {
      name: "a broken tail",
      exchange: {
        ...exchangeOf(TYPICAL_EXCHANGE),
        response: new Uint8Array([...answerBytes(TYPICAL_EXCHANGE), 0]),
      },
      code: "bad_extension",
      text: /do not add up/,
    },
    {
      name: "a stepped clock",
      exchange: { ...exchangeOf(TYPICAL_EXCHANGE), clockStepNs: 7_000_000n },
      code: "clock_stepped",
      text: /stepped by 7 ms/,
    },
  ])("tells of $name", ({ exchange, code, text }) => {
    const failed = runResponseRules(exchange).find(({ outcome }) => outcome === "fail");
    expect(failed?.rule.code).toBe(code);
    expect(failed?.text).toMatch(text);
  });
});

describe("responseRules", () => {
  it("have a code, a title and a source each, and no code twice", () => {
    expect(new Set(responseRules.map(({ code }) => code)).size).toBe(responseRules.length);
    for (const { title, source } of responseRules) {
      expect(title).not.toBe("");
      expect(source).toMatch(/^RFC \d+, (section|appendix) /);
    }
  });
});

describe("datagramAnswersRequest", () => {
  const { request } = exchangeOf(TYPICAL_EXCHANGE);

  it("knows the answer from a stranger's and from a fragment", () => {
    const bytes = answerBytes(TYPICAL_EXCHANGE);
    expect(datagramAnswersRequest(bytes, request)).toBe(true);
    expect(datagramAnswersRequest(bytes.subarray(0, 47), request)).toBe(false);
    const stranger = answerBytes(TYPICAL_EXCHANGE, { originTimestamp: NONCE + 1n });
    expect(datagramAnswersRequest(stranger, request)).toBe(false);
  });

  it("takes an origin of 0 for no answer, even to a request without a nonce", () => {
    expect(datagramAnswersRequest(new Uint8Array(48), new Uint8Array(48))).toBe(false);
  });
});
