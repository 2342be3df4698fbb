import { unsafelyDeterministicRandom } from "@truechimer/base";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createInterleavedPeer, type Passage } from "./_interleaved-peer.ts";
import { createInterleavedSession } from "./interleaved-session.ts";
import { judgeExchange, judgeExchanges } from "./judge-exchange.ts";
import type { Sample } from "./sample.ts";

const START_NS = 1_767_225_600_000_000_000n;
const leg = fc.bigInt({ min: 1n, max: 500_000_000n });

const passage: fc.Arbitrary<Passage> = fc
  .record({
    thereNs: leg,
    heldNs: leg,
    backNs: leg,
    late: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ late, ...legs }) => ({
    ...legs,
    lateNs: BigInt(Math.floor(Number(legs.heldNs) * late)),
  }));

interface Step {
  readonly passage: Passage;
  readonly fate: "answered" | "request lost" | "answer lost";
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    passage,
    fate: fc.constantFrom("answered", "answered", "answered", "request lost", "answer lost"),
  }),
  { minLength: 1, maxLength: 12 },
);

function samplesOf(
  path: readonly Step[],
  options: { readonly offsetNs: bigint; readonly knowsInterleaved: boolean },
): readonly Sample[] {
  const peer = createInterleavedPeer(options);
  const session = createInterleavedSession();
  const random = unsafelyDeterministicRandom(7);
  return path.map(({ passage: met, fate }, index) => {
    const { bytes } = session.nextRequest(random);
    const atNs = START_NS + BigInt(index) * 3_000_000_000n;
    return session.judge(
      fate === "answered"
        ? peer.exchange(bytes, atNs, met)
        : peer.loss(bytes, atNs, fate === "request lost"),
    );
  });
}

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);

describe("a session on any path, with any losses, in either mode", () => {
  const offset = fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n });

  it("has a good sample of every exchange that was answered, and holds the true offset in its bound", () => {
    fc.assert(
      fc.property(steps, offset, fc.boolean(), (path, offsetNs, knowsInterleaved) => {
        const samples = samplesOf(path, { offsetNs, knowsInterleaved });
        for (const [index, sample] of samples.entries()) {
          const isAnswered = path[index]?.fate === "answered";
          expect(sample.reason).toBe(isAnswered ? undefined : "timeout");
          if (sample.measurement === undefined) continue;
          const errorNs = magnitude(sample.measurement.offsetNs - offsetNs);
          expect(errorNs <= sample.measurement.boundNs).toBe(true);
        }
      }),
    );
  });

  it("never bounds the interleaved sample wider than the basic one of the same exchange", () => {
    fc.assert(
      fc.property(steps, offset, (path, offsetNs) => {
        const samples = samplesOf(path, { offsetNs, knowsInterleaved: true });
        for (const { mode, timed, measurement } of samples) {
          if (mode !== "interleaved" || timed === undefined) continue;
          const basic = samples.find(({ exchange }) => exchange === timed.exchange);
          if (basic?.mode !== "basic") continue;
          // A nanosecond of rounding each.
          const basicBoundNs = (basic.measurement?.boundNs ?? 0n) + 1n;
          expect((measurement?.boundNs ?? 0n) <= basicBoundNs).toBe(true);
        }
      }),
    );
  });

  it("comes to the same samples when its evidence is judged again", () => {
    fc.assert(
      fc.property(steps, offset, (path, offsetNs) => {
        const samples = samplesOf(path, { offsetNs, knowsInterleaved: true });
        expect(judgeExchanges(samples.map(({ exchange }) => exchange))).toEqual(samples);
      }),
    );
  });

  it("never throws on a hostile answer, and never measures by a stamp outside of the exchange that it times", () => {
    const hostile = fc.uint8Array({ minLength: 48, maxLength: 120 });
    fc.assert(
      fc.property(hostile, (bytes) => {
        const path: Step[] = [];
        const plain: Passage = { thereNs: 1_000n, heldNs: 1_000n, backNs: 1_000n, lateNs: 0n };
        for (let i = 0; i < 3; i += 1) path.push({ passage: plain, fate: "answered" });
        const samples = samplesOf(path, { offsetNs: 0n, knowsInterleaved: true });
        const last = samples[2];
        if (last === undefined) throw new Error("three samples");
        const response = bytes.slice();
        response.set(last.exchange.request.subarray(32, 40), 24);
        const sample = judgeExchange(
          { ...last.exchange, response },
          { earlier: samples.slice(0, 2) },
        );
        expect(sample.mode).toBe("interleaved");
        if (sample.measurement === undefined) return;
        // T3 within T2 and T4 of the timed exchange, as far as the precision that the server claims can tell.
        expect(sample.measurement.boundNs).toBeGreaterThan(0n);
        expect(sample.measurement.delayNs).toBeLessThanOrEqual(3_000n);
      }),
      { numRuns: 500 },
    );
  });
});
