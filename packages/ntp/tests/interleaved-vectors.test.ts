import {
  type Exchange,
  judgeExchanges,
  type TimestampSource,
  timedExchangeIndex,
} from "@truechimer/ntp";
import { expect, it } from "vitest";
import { measurementForVector } from "./_measurement-for-vector.ts";
import { readVectors } from "./_read-vectors.ts";

interface StampVector {
  readonly atNs: string;
  readonly source: TimestampSource;
}

interface CheckVector {
  readonly why: string;
  readonly exchanges: readonly {
    readonly requestHex: string;
    readonly responseHex: string | null;
    readonly t1: StampVector;
    readonly t4: StampVector | null;
    readonly clockStepNs: string;
  }[];
  readonly samples: unknown;
}

const checks = readVectors<CheckVector>("rfc9769/checks");

it("has all vectors of checks in interleaved mode: 14", () => {
  expect(checks).toHaveLength(14);
});

it.each(checks)("$name: $vector.why", ({ vector }) => {
  const samples = judgeExchanges(vector.exchanges.map(exchangeOf));
  const told = samples.map((sample) => ({
    mode: sample.mode,
    reason: sample.reason ?? null,
    timedExchangeIndex: timedExchangeIndex(sample, samples) ?? null,
    measurement: measurementForVector(sample.measurement),
  }));
  expect(told).toEqual(vector.samples);
});

function exchangeOf(vector: CheckVector["exchanges"][number]): Exchange {
  const stamp = ({ atNs, source }: StampVector): Exchange["t1"] => ({ atNs: BigInt(atNs), source });
  const stepNs = BigInt(vector.clockStepNs);
  return {
    request: Uint8Array.fromHex(vector.requestHex),
    response: vector.responseHex === null ? undefined : Uint8Array.fromHex(vector.responseHex),
    t1: stamp(vector.t1),
    t4: vector.t4 === null ? undefined : stamp(vector.t4),
    sourceAddress: undefined,
    sourcePort: undefined,
    destinationAddress: "192.0.2.1",
    destinationPort: 123,
    clockStepNs: stepNs === 0n ? undefined : stepNs,
  };
}
