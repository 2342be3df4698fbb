import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exchangeOf, type TrueExchange } from "./_exchanges.ts";
import { judgeExchange } from "./judge-exchange.ts";
import { measurePlainAnswer, PLAIN_FIGURES, type SplitStamp } from "./plain-answer.ts";
import type { Exchange } from "./sample.ts";

const NS = 1_000_000_000n;

function split(atNs: bigint): SplitStamp {
  return { seconds: Number(atNs / NS), nanoseconds: Number(atNs % NS) };
}

function plain(exchange: Exchange): Float64Array | undefined {
  const { response, t1, t4 } = exchange;
  if (response === undefined || t1 === undefined || t4 === undefined) return undefined;
  const figures = new Float64Array(PLAIN_FIGURES);
  const view = new DataView(response.buffer, response.byteOffset, response.byteLength);
  const datagram = { view, at: 0, lengthBytes: response.length };
  const stamps = { t1: split(t1.atNs), t4: split(t4.atNs) };
  return measurePlainAnswer(datagram, stamps, figures) ? figures : undefined;
}

const leg = fc.bigInt({ min: 0n, max: 2n * NS });
const truth: fc.Arbitrary<TrueExchange> = fc.record({
  t1Ns: fc.bigInt({ min: 0n, max: 4_000_000_000n * NS }),
  thereNs: leg,
  heldNs: leg,
  backNs: leg,
  offsetNs: fc.bigInt({ min: -3_000n * NS, max: 3_000n * NS }),
  source: fc.constant("kernel"),
});

describe("a plain answer", () => {
  it("between honest hosts is measured as the judge does, to within 2 ns, in any era", () => {
    fc.assert(
      fc.property(truth, (happened) => {
        const exchange = exchangeOf(happened);
        const { measurement, reason } = judgeExchange(exchange);
        const figures = plain(exchange);
        if (figures === undefined) return;
        expect(reason).toBeUndefined();
        expect(Math.abs((figures[0] ?? 0) - Number(measurement?.offsetNs))).toBeLessThanOrEqual(2);
        expect(Math.abs((figures[1] ?? 0) - Number(measurement?.delayNs))).toBeLessThanOrEqual(2);
        expect(Math.abs((figures[2] ?? 0) - Number(measurement?.boundNs))).toBeLessThanOrEqual(4);
      }),
      { numRuns: 1_000 },
    );
  });

  it("is what an ordinary answer is", () => {
    fc.assert(
      fc.property(truth, (happened) => {
        const isLong = happened.thereNs + happened.heldNs + happened.backNs === 0n;
        expect(plain(exchangeOf(happened)) !== undefined || isLong).toBe(true);
      }),
    );
  });

  it("is never one that the judge refuses, whatever the bytes say", () => {
    const hostile = fc.uint8Array({ minLength: 40, maxLength: 60 });
    const nearlyGood = fc
      .tuple(truth, fc.integer({ min: 0, max: 47 }), fc.integer({ min: 0, max: 255 }))
      .map(([happened, at, value]) => {
        const bytes = exchangeOf(happened).response?.slice() ?? new Uint8Array();
        // The nonce is the caller's to look at.
        if (at < 24 || at >= 32) bytes[at] = value;
        return bytes;
      });
    const exchange = exchangeOf({
      t1Ns: 1_767_225_600n * NS,
      thereNs: 5_000_000n,
      heldNs: 20_000n,
      backNs: 5_000_000n,
      offsetNs: 0n,
      source: "kernel",
    });
    fc.assert(
      fc.property(fc.oneof(hostile, nearlyGood), truth, (response, { t1Ns, thereNs }) => {
        const carrying = response.slice();
        if (carrying.length >= 32) carrying.set(exchange.request.subarray(40, 48), 24);
        const tried: Exchange = {
          ...exchange,
          response: carrying,
          t1: { atNs: t1Ns, source: "kernel" },
          t4: { atNs: t1Ns + thereNs, source: "kernel" },
        };
        if (plain(tried) !== undefined) expect(judgeExchange(tried).reason).toBeUndefined();
      }),
      { numRuns: 5_000 },
    );
  });
});
