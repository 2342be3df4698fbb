import { clone, create, equals, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { monitorV2 } from "@truechimer/api";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeEvidence, evidenceOf, sameExchange, selectedIndexOf } from "./check-evidence.ts";
import { exchangeBytes } from "./exchange-bytes.ts";

const few = { maxLength: 3 };
const octets = fc.uint8Array({ maxLength: 300 });
const instants = fc.record({
  seconds: fc.bigInt({ min: 0n, max: 7_000_000_000n }),
  nanos: fc.nat(999_999_999),
});
/** Small, so that two of them are often the same. */
const packets = fc
  .record(
    {
      sourceIpBytes: fc.uint8Array({ maxLength: 4 }),
      destinationIpBytes: fc.uint8Array({ maxLength: 4 }),
      t1: instants,
      t4: instants,
      data: octets,
      request: octets,
      t1Source: fc.nat(2),
      t4Source: fc.nat(2),
      reason: fc.constantFrom("", "timeout", "π"),
      clockStep: instants,
      sourcePort: fc.nat(65_535),
      destinationPort: fc.nat(65_535),
      mode: fc.nat(2),
      timedExchangeIndex: fc.nat(3),
    },
    { requiredKeys: [] },
  )
  .map((init) =>
    create(monitorV2.NTPPacketSchema, init as MessageInitShape<typeof monitorV2.NTPPacketSchema>),
  );

/** Statuses of which some have an exchange selected, and all have more in them than exchanges. */
const statuses = fc
  .record({ responses: fc.array(packets, few), at: fc.option(fc.nat(5)), error: fc.string(few) })
  .map(({ responses, at, error }) =>
    create(monitorV2.ServerStatusSchema, {
      ticket: new Uint8Array(64),
      offset: { seconds: -1n, nanos: -5 },
      port: 1_123,
      error,
      responses,
      ...(at === null ? {} : { selectedResponse: responses[at] ?? { reason: "other" } }),
    }),
  );

test("what is kept says the same, whether it is kept as it came or is encoded anew", () => {
  fc.assert(
    fc.property(fc.array(statuses, { maxLength: 4 }), (list) => {
      const request = create(monitorV2.SubmitResultsRequestSchema, {
        version: 5,
        monId: "a",
        list,
      });
      const cameAs = exchangeBytes(toBinary(monitorV2.SubmitResultsRequestSchema, request));
      expect(cameAs).toHaveLength(list.length);
      for (const [index, status] of list.entries()) {
        const selectedIndex = selectedIndexOf(status);
        const kept = evidenceOf(status, selectedIndex, cameAs?.[index]);
        const anew = evidenceOf(status, selectedIndex);
        expect(kept && { ...kept, bytes: decodeEvidence(kept.bytes) }).toEqual(
          anew && { ...anew, bytes: decodeEvidence(anew.bytes) },
        );
      }
    }),
  );
});

test("an exchange with more in it than we know is not kept with that", () => {
  const status = create(monitorV2.ServerStatusSchema, {
    responses: [{ data: new Uint8Array(48) }],
  });
  const unknownField = new Uint8Array(10_000);
  const kept = evidenceOf(status, -1, [unknownField]);
  expect(kept?.bytes.length).toBeLessThan(100);
});

test("of bytes that are no request there are no exchanges, and no exception", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (garbage) => {
      const found = exchangeBytes(garbage);
      expect(found === undefined || Array.isArray(found)).toBe(true);
    }),
  );
});

test("two exchanges are the same when all their fields are", () => {
  const keys = Object.keys(create(monitorV2.NTPPacketSchema)).filter((key) => key !== "$typeName");
  const schema = monitorV2.NTPPacketSchema;
  fc.assert(
    fc.property(packets, packets, fc.subarray(keys), (one, other, taken) => {
      const first = clone(schema, one);
      const second = clone(schema, one);
      // From equal to wholly different.
      Object.assign(second, Object.fromEntries(taken.map((key) => [key, Reflect.get(other, key)])));
      expect(sameExchange(first, second)).toBe(equals(schema, first, second));
    }),
    { numRuns: 500 },
  );
});
