import {
  type Exchange,
  judgeExchange,
  runResponseRules,
  type TimestampSource,
} from "@truechimer/ntp";
import { describe, expect, it } from "vitest";
import { measurementForVector } from "./_measurement-for-vector.ts";
import { readVectors } from "./_read-vectors.ts";

interface StampVector {
  readonly atNs: string;
  readonly source: TimestampSource;
}

interface ExchangeVector {
  readonly why: string;
  readonly requestHex: string;
  readonly responseHex: string;
  readonly t1: StampVector;
  readonly t4: StampVector;
  readonly clockStepNs: string;
  readonly reason: string | null;
  readonly measurement: unknown;
}

const accepted = readVectors<ExchangeVector>("rfc5905/exchanges/accept");
const rejected = readVectors<ExchangeVector>("rfc5905/exchanges/reject");

describe("exchange vectors", () => {
  it("are all there: 29 good answers, 45 bad ones", () => {
    expect(accepted).toHaveLength(29);
    expect(rejected).toHaveLength(45);
  });

  it.each([...accepted, ...rejected])(
    "$name gives $vector.reason and its measurement",
    ({ vector }) => {
      const sample = judgeExchange(exchangeOf(vector));
      expect(sample.reason ?? null).toBe(vector.reason);
      expect(measurementForVector(sample.measurement)).toEqual(vector.measurement);
    },
  );

  it.each([...accepted, ...rejected])(
    "$name fails on the rung that gives the reason",
    ({ vector }) => {
      const findings = runResponseRules(exchangeOf(vector));
      const failed = findings.filter(({ outcome }) => outcome === "fail");
      expect(failed.map(({ rule }) => rule.code)).toEqual(
        vector.reason === null ? [] : [vector.reason],
      );
    },
  );
});

function exchangeOf(vector: ExchangeVector): Exchange {
  const stamp = ({ atNs, source }: StampVector): Exchange["t1"] => ({ atNs: BigInt(atNs), source });
  const stepNs = BigInt(vector.clockStepNs);
  return {
    request: Uint8Array.fromHex(vector.requestHex),
    response: Uint8Array.fromHex(vector.responseHex),
    t1: stamp(vector.t1),
    t4: stamp(vector.t4),
    sourceAddress: undefined,
    sourcePort: undefined,
    destinationAddress: "192.0.2.1",
    destinationPort: 123,
    clockStepNs: stepNs === 0n ? undefined : stepNs,
  };
}
