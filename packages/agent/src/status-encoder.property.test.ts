// The encoder written for speed against the generated code: the same bytes for every result.

import { parseIpAddress } from "@truechimer/base";
import {
  type CheckResult,
  type Exchange,
  type KeptSample,
  SAMPLE_REASONS,
  type Stamp,
} from "@truechimer/ntp";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type FinishedCheck, fullStatus } from "./server-status.ts";
import { StatusEncoder } from "./status-encoder.ts";
import { encodeStatus } from "./submission.ts";

const SECOND_NS = 1_000_000_000n;
const instant = fc.bigInt({ min: -10n * SECOND_NS, max: 10_000_000_000n * SECOND_NS });
const length = fc.oneof(
  fc.bigInt({ min: -3n * SECOND_NS, max: 3n * SECOND_NS }),
  fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }),
);
const absent = <Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(arbitrary, { nil: undefined });
const bytes = (maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength });
const address = fc.constantFrom("192.0.2.1", "2001:db8::1", "203.0.113.255", "::1");
const reason = absent(fc.constantFrom(...SAMPLE_REASONS));
const port = fc.integer({ min: 0, max: 65_535 });
const stamp: fc.Arbitrary<Stamp> = fc.record({
  atNs: instant,
  source: fc.constantFrom("kernel", "user_space"),
});
const exchange: fc.Arbitrary<Exchange> = fc.record({
  request: bytes(200),
  t1: absent(stamp),
  response: absent(bytes(2_000)),
  t4: absent(stamp),
  sourceAddress: absent(address),
  sourcePort: absent(port),
  destinationAddress: address,
  destinationPort: port,
  clockStepNs: absent(length),
});
const sample: fc.Arbitrary<KeptSample> = fc.record({
  exchange,
  mode: fc.constantFrom("basic", "interleaved"),
  reason,
  timed: absent(fc.record({ exchange })),
  packet: fc.constant(undefined),
  measurement: fc.constant(undefined),
});
/** An interleaved sample times one of the check's own exchanges. */
const samples: fc.Arbitrary<readonly KeptSample[]> = fc
  .array(sample, { maxLength: 12 })
  .map((all) =>
    all.map((each, index) => {
      const before = all[index - 1];
      return before === undefined || each.timed === undefined ? each : { ...each, timed: before };
    }),
  );
const result: fc.Arbitrary<CheckResult<KeptSample>> = samples.chain((taken) =>
  fc.record({
    samples: fc.constant(taken),
    selectedIndex:
      taken.length === 0
        ? fc.constant(undefined)
        : absent(fc.integer({ min: 0, max: taken.length - 1 })),
    outcome: fc.record({
      reason,
      noResponse: fc.boolean(),
      offsetNs: absent(length),
      rttNs: absent(length),
      boundNs: absent(length),
      stratum: fc.integer({ min: 0, max: 255 }),
      leap: fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const),
    }),
  }),
);
const check: fc.Arbitrary<FinishedCheck> = fc.record({
  item: fc.record({
    address: address.map((text) => {
      const parsed = parseIpAddress(text);
      if (!parsed.ok) throw new Error(parsed.error);
      return parsed.value;
    }),
    port,
    ticket: bytes(300),
    testId: bytes(20),
    ipBytes: bytes(16),
    checkIntervalMs: fc.constant(undefined),
  }),
  result,
  endedAtNs: instant,
});

test("a result is encoded to the same bytes as by the generated code, one after the other", () => {
  const encoder = new StatusEncoder();
  fc.assert(
    fc.property(check, (finished) => {
      expect(Buffer.from(encoder.encode(finished)).toString("hex")).toBe(
        Buffer.from(encodeStatus(fullStatus(finished))).toString("hex"),
      );
    }),
    { numRuns: 300 },
  );
});
