import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EXTENSION_FIELDS_MAX } from "./extension-field.ts";
import {
  encodeNtpPacket,
  type LeapIndicator,
  type NtpPacket,
  parseNtpPacket,
} from "./ntp-packet.ts";

const uint = (bits: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: 2 ** bits - 1 });
const int8 = fc.integer({ min: -128, max: 127 });
const timestamp = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

/** A value of whole words, at least `wordsMin` of them. */
const fieldWithWords = (wordsMin: number): fc.Arbitrary<NtpPacket["extensionFields"][number]> =>
  fc.record({
    type: uint(16),
    value: fc
      .integer({ min: wordsMin, max: 40 })
      .chain((words) => fc.uint8Array({ minLength: words * 4, maxLength: words * 4 })),
  });

/** Fields and MAC that RFC 7822 allows together: the last field has 28 bytes. */
const tail = fc.record({
  extensionFields: fc
    .tuple(fc.array(fieldWithWords(3), { maxLength: 5 }), fieldWithWords(6))
    .map(([fields, last]) => [...fields, last]),
  mac: fc.option(
    fc
      .constantFrom(4, 20, 24)
      .chain((length) => fc.uint8Array({ minLength: length, maxLength: length })),
    { nil: undefined },
  ),
});

const packet: fc.Arbitrary<NtpPacket> = fc
  .tuple(
    fc.record({
      leap: uint(2).map((leap) => leap as LeapIndicator),
      version: fc.integer({ min: 4, max: 7 }),
      mode: uint(3),
      stratum: uint(8),
      pollLog2: int8,
      precisionLog2: int8,
      rootDelay: uint(32),
      rootDispersion: uint(32),
      referenceId: uint(32),
      referenceTimestamp: timestamp,
      originTimestamp: timestamp,
      receiveTimestamp: timestamp,
      transmitTimestamp: timestamp,
    }),
    tail,
  )
  .map(([header, rest]) => ({ ...header, ...rest }));

describe("NTP packets", () => {
  it("are read back as they were written", () => {
    fc.assert(
      fc.property(packet, (original) => {
        expect(parseNtpPacket(encodeNtpPacket(original))).toEqual({ ok: true, value: original });
      }),
    );
  });

  it("are written back as they were read, or refused with a reason, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const parsed = parseNtpPacket(bytes);
        if (parsed.ok) expect(encodeNtpPacket(parsed.value)).toEqual(bytes);
        else expect(["truncated", "bad_extension"]).toContain(parsed.error);
      }),
    );
  });

  it("are written back as they were read, when one byte of a good packet is changed", () => {
    fc.assert(
      fc.property(packet, fc.nat(), uint(8), (original, position, value) => {
        const bytes = encodeNtpPacket(original);
        bytes[position % bytes.length] = value;
        const parsed = parseNtpPacket(bytes);
        if (!parsed.ok) return;
        expect(encodeNtpPacket(parsed.value)).toEqual(bytes);
        expect(parsed.value.extensionFields.length <= EXTENSION_FIELDS_MAX).toBe(true);
      }),
    );
  });

  it("are read from the middle of a buffer, and keep nothing of it", () => {
    fc.assert(
      fc.property(packet, fc.integer({ min: 0, max: 64 }), (original, offset) => {
        const bytes = encodeNtpPacket(original);
        const buffer = new Uint8Array(offset + bytes.length + 8);
        buffer.set(bytes, offset);
        const parsed = parseNtpPacket(buffer.subarray(offset, offset + bytes.length));
        buffer.fill(0);
        expect(parsed).toEqual({ ok: true, value: original });
      }),
    );
  });
});
