import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readNamedBits, readUnsignedInteger } from "./der-primitives.ts";
import { onlyValue, readDer } from "./der-reader.ts";
import { DER_TAG } from "./der-tag.ts";
import { encodeTime, readTime } from "./der-time.ts";
import { encodeDer, encodeNamedBits, encodeUnsignedInteger } from "./der-writer.ts";
import { parsed } from "./malformed.ts";
import { encodeObjectIdentifier, readObjectIdentifier } from "./object-identifier.ts";

const SECOND_NS = 1_000_000_000n;
/** 1950-01-01 and 9999-12-31 23:59:59. */
const FIRST_NS = -631_152_000n * SECOND_NS;
const LAST_NS = 253_402_300_799n * SECOND_NS;

describe("what was written reads back", () => {
  test("values of any length", () => {
    const anyLength = fc
      .oneof(fc.nat(300), fc.constantFrom(127, 128, 255, 256, 65_535, 65_536))
      .map((length) => new Uint8Array(length).fill(length & 0xff));
    fc.assert(
      fc.property(anyLength, (contents) => {
        const value = onlyValue(encodeDer(DER_TAG.octetString, contents), DER_TAG.octetString, "x");
        expect(value.contents).toEqual(contents);
      }),
    );
  });

  test("numbers, without the zeros before them", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (octets) => {
        const { contents } = onlyValue(encodeUnsignedInteger(octets), DER_TAG.integer, "x");
        const read = readUnsignedInteger(contents, "x");
        expect(BigInt(`0x${read.toHex()}`)).toBe(BigInt(`0x${octets.toHex()}`));
      }),
    );
  });

  test("instants, to the second", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: FIRST_NS, max: LAST_NS }), (atNs) => {
        const value = readDer(encodeTime(atNs)).any("x");
        const floor = atNs - (((atNs % SECOND_NS) + SECOND_NS) % SECOND_NS);
        expect(readTime(value, "x")).toBe(floor);
      }),
    );
  });

  test("instants agree with another calendar", () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date("1950-01-01"), max: new Date("9999-12-31"), noInvalidDate: true }),
        (date) => {
          const ms = Math.floor(date.getTime() / 1_000) * 1_000;
          const text = new TextDecoder().decode(
            readDer(encodeTime(BigInt(ms) * 1_000_000n)).any("x").contents,
          );
          const full = new Date(ms).toISOString().replace(/\.\d+/, "").replaceAll(/[-:T]/g, "");
          expect(full.endsWith(text)).toBe(true);
        },
      ),
    );
  });

  test("object identifiers", () => {
    const arc = fc.nat(2 ** 31);
    const dotted = fc
      .tuple(fc.nat(2), fc.nat(39), fc.array(arc, { maxLength: 8 }))
      .map(([first, second, rest]) => [first, second, ...rest].join("."));
    fc.assert(
      fc.property(dotted, (text) => {
        const value = onlyValue(encodeObjectIdentifier(text), DER_TAG.objectIdentifier, "x");
        expect(readObjectIdentifier(value.contents)).toBe(text);
      }),
    );
  });

  test("sets of bits", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(15), { minLength: 1 }), (bits) => {
        const value = onlyValue(encodeNamedBits(bits), DER_TAG.bitString, "x");
        expect(readNamedBits(value.contents, "x")).toEqual(bits.toSorted((a, b) => a - b));
      }),
    );
  });
});

test("a reader takes any octets, gives parts of them, and never fails in another way than by a reason", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const outcome = parsed(() => {
        const reader = readDer(bytes);
        let octets = 0;
        while (reader.peek !== undefined) octets += reader.any("x").encoding.length;
        return octets;
      });
      if (outcome.ok) expect(outcome.value).toBe(bytes.length);
    }),
  );
});

test("every value has one encoding: what is read is written again octet by octet", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 2, maxLength: 60 }), (bytes) => {
      const outcome = parsed(() => readDer(bytes).any("x"));
      if (!outcome.ok) return;
      const { tag, contents, encoding } = outcome.value;
      expect(encodeDer(tag, contents)).toEqual(encoding);
    }),
  );
});
