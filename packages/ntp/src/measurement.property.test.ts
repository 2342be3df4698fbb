import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exchangeOf, type TrueExchange } from "./_exchanges.ts";
import { judgeExchange } from "./judge-exchange.ts";
import type { Measurement } from "./sample.ts";

const NS_PER_SECOND = 10n ** 9n;

const leg = fc.bigInt({ min: 0n, max: NS_PER_SECOND });

/** Anything that can happen between two honest hosts within one check, in any era, the server up to 60 years off. */
const truth: fc.Arbitrary<TrueExchange> = fc.record({
  t1Ns: fc.bigInt({ min: 0n, max: 2n ** 63n }),
  thereNs: leg,
  heldNs: leg,
  backNs: leg,
  offsetNs: fc.oneof(
    fc.bigInt({ min: -NS_PER_SECOND, max: NS_PER_SECOND }),
    fc.bigInt({ min: -1_892_160_000n * NS_PER_SECOND, max: 1_892_160_000n * NS_PER_SECOND }),
  ),
  source: fc.constantFrom("kernel", "user_space"),
});

function measured(exchange: TrueExchange): Measurement {
  const { measurement, reason } = judgeExchange(exchangeOf(exchange));
  if (measurement === undefined) throw new Error(`not measured: ${reason}`);
  return measurement;
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

describe("a measurement between honest hosts", () => {
  it("holds the true offset within its bound, however asymmetric the path", () => {
    fc.assert(
      fc.property(truth, (exchange) => {
        const { offsetNs, boundNs } = measured(exchange);
        expect(magnitude(offsetNs - exchange.offsetNs) <= boundNs).toBe(true);
      }),
    );
  });

  it("is exact to the nanosecond on a symmetric path", () => {
    fc.assert(
      fc.property(truth, (exchange) => {
        const { offsetNs, delayNs } = measured({ ...exchange, backNs: exchange.thereNs });
        expect(magnitude(offsetNs - exchange.offsetNs) <= 1n).toBe(true);
        expect(magnitude(delayNs - 2n * exchange.thereNs) <= 1n).toBe(true);
      }),
    );
  });

  it("has parts that add up to the bound, none of them negative", () => {
    fc.assert(
      fc.property(truth, (exchange) => {
        const { boundNs, boundParts } = measured(exchange);
        expect(boundParts.reduce((sum, { valueNs }) => sum + valueNs, 0n)).toBe(boundNs);
        expect(boundParts.every(({ valueNs }) => valueNs >= 0n)).toBe(true);
      }),
    );
  });

  it("changes its sign when agent and server change places", () => {
    fc.assert(
      fc.property(truth, (exchange) => {
        const there = measured(exchange);
        const mirrored = measured({
          ...exchange,
          offsetNs: -exchange.offsetNs,
          thereNs: exchange.backNs,
          backNs: exchange.thereNs,
        });
        expect(magnitude(there.offsetNs + mirrored.offsetNs) <= 1n).toBe(true);
        expect(magnitude(there.delayNs - mirrored.delayNs) <= 1n).toBe(true);
      }),
    );
  });

  it("has the greater bound the longer the path", () => {
    fc.assert(
      fc.property(truth, leg, (exchange, more) => {
        const longer = measured({ ...exchange, backNs: exchange.backNs + more });
        expect(longer.boundNs >= measured(exchange).boundNs).toBe(true);
      }),
    );
  });

  it("holds the true offset, by the clock before and after, when the agent's clock is stepped", () => {
    fc.assert(
      fc.property(
        truth,
        fc.bigInt({ min: -NS_PER_SECOND, max: NS_PER_SECOND }),
        (happened, stepNs) => {
          fc.pre(stepNs !== 0n);
          const exchange = exchangeOf(happened);
          const t4 = exchange.t4 && { ...exchange.t4, atNs: exchange.t4.atNs + stepNs };
          const { reason, measurement } = judgeExchange({ ...exchange, t4, clockStepNs: stepNs });
          expect(reason).toBe("clock_stepped");
          if (measurement === undefined) throw new Error("not measured");
          for (const offsetNs of [happened.offsetNs, happened.offsetNs - stepNs]) {
            expect(magnitude(measurement.offsetNs - offsetNs) <= measurement.boundNs).toBe(true);
          }
        },
      ),
    );
  });
});
