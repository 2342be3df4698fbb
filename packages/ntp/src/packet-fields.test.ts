import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerBytes, TYPICAL_EXCHANGE } from "./_exchanges.ts";
import { encodeNtpPacket, type NtpPacket } from "./ntp-packet.ts";
import { describePacketFields, type PacketFieldText } from "./packet-fields.ts";
import { referenceIdFromText } from "./reference-id.ts";

const PIVOT = { pivotNs: TYPICAL_EXCHANGE.t1Ns };

function fieldOf(bytes: Uint8Array, name: string): PacketFieldText | undefined {
  return describePacketFields(bytes, PIVOT).find((field) => field.name === name);
}

function withFields(changes: Partial<NtpPacket>): Uint8Array {
  return answerBytes(TYPICAL_EXCHANGE, changes);
}

describe("describePacketFields", () => {
  it("shows the header's fields beside their bytes", () => {
    const fields = describePacketFields(withFields({}), PIVOT).slice(0, 11);
    expect(
      fields.map(({ name, rawHex, value, meaning }) => [name, rawHex, value, meaning]),
    ).toEqual([
      ["leap indicator", "24", "0", "no leap second is near"],
      ["version", "24", "4", ""],
      ["mode", "24", "4", "server"],
      ["stratum", "01", "1", "has a reference clock of its own"],
      ["poll", "06", "6", "64 s"],
      ["precision", "e8", "-24", "60 ns"],
      ["root delay", "00000000", "0", "0 ns"],
      ["root dispersion", "0000000a", "10", "153 µs"],
      ["reference id", "47505300", "GPS", "the reference clock"],
      [
        "reference time stamp",
        "0000000000000001",
        "0x0000000000000001",
        "2036-02-07T06:28:16.000000000Z",
      ],
      [
        "origin time stamp",
        "0102030405060708",
        "0x0102030405060708",
        "2036-08-20T23:25:56.019623222Z",
      ],
    ]);
  });

  it("survives a pivot that no calendar reaches", () => {
    const fields = describePacketFields(withFields({}), { pivotNs: 10n ** 30n });
    expect(fields.at(-1)?.meaning).toBe("out of range");
    expect(describePacketFields(withFields({}), { pivotNs: -(10n ** 30n) }).at(-1)?.meaning).toBe(
      "out of range",
    );
  });

  it("shows the server's time to the nanosecond", () => {
    expect(fieldOf(withFields({}), "receive time stamp")?.meaning).toBe(
      "2026-01-01T00:00:00.006000000Z",
    );
    expect(fieldOf(withFields({}), "transmit time stamp")?.meaning).toBe(
      "2026-01-01T00:00:00.006020000Z",
    );
  });

  it.each([
    {
      name: "an unknown instant",
      changes: { receiveTimestamp: 0n },
      field: "receive time stamp",
      meaning: "unknown",
    },
    {
      name: "leap 3",
      changes: { leap: 3 as const },
      field: "leap indicator",
      meaning: "not synchronised",
    },
    {
      name: "a kiss",
      changes: { stratum: 0, referenceId: referenceIdFromText("RATE") },
      field: "reference id",
      meaning: "kiss code",
    },
    {
      name: "stratum 0 without a code",
      changes: { stratum: 0, referenceId: 0 },
      field: "reference id",
      meaning: "",
    },
    {
      name: "stratum 0",
      changes: { stratum: 0 },
      field: "stratum",
      meaning: "kiss-o'-death, or not specified",
    },
    {
      name: "stratum 3",
      changes: { stratum: 3 },
      field: "stratum",
      meaning: "2 servers away from a reference clock",
    },
    {
      name: "stratum 2",
      changes: { stratum: 2 },
      field: "stratum",
      meaning: "1 server away from a reference clock",
    },
    { name: "stratum 16", changes: { stratum: 16 }, field: "stratum", meaning: "not synchronised" },
    { name: "stratum 17", changes: { stratum: 17 }, field: "stratum", meaning: "reserved" },
    {
      name: "an upstream",
      changes: { stratum: 2 },
      field: "reference id",
      meaning: "the server's own source, or a hash of its IPv6 address",
    },
    { name: "an absurd poll", changes: { pollLog2: 127 }, field: "poll", meaning: "out of range" },
  ])("says what $name means", ({ changes, field, meaning }) => {
    expect(fieldOf(withFields(changes), field)?.meaning).toBe(meaning);
  });

  it("shows extension fields, also unknown ones, and a MAC", () => {
    const bytes = withFields({
      extensionFields: [
        { type: 0x0104, value: new Uint8Array(32) },
        { type: 0xfeed, value: new Uint8Array(12) },
      ],
      mac: new Uint8Array([0, 0, 0, 7, ...new Uint8Array(16)]),
    });
    expect(describePacketFields(bytes).slice(13)).toMatchObject([
      {
        name: "extension field",
        offsetBytes: 48,
        lengthBytes: 36,
        value: "0x0104, 36 bytes",
        meaning: "NTS unique identifier (RFC 8915)",
      },
      {
        name: "extension field",
        offsetBytes: 84,
        lengthBytes: 16,
        value: "0xfeed, 16 bytes",
        meaning: "unknown type",
      },
      {
        name: "message authentication code",
        offsetBytes: 100,
        lengthBytes: 20,
        value: "key 7",
        meaning: "16 bytes of digest, not checked",
      },
    ]);
  });

  it("shows a crypto-NAK as one", () => {
    const bytes = withFields({ mac: new Uint8Array(4) });
    expect(fieldOf(bytes, "message authentication code")?.meaning).toMatch(/^crypto-NAK/);
  });

  it("shows a fragment and a broken tail as what they are", () => {
    expect(describePacketFields(new Uint8Array([1, 2]))).toEqual([
      {
        name: "truncated header",
        offsetBytes: 0,
        lengthBytes: 2,
        rawHex: "0102",
        value: "2 bytes",
        meaning: "",
      },
    ]);
    const broken = new Uint8Array([...withFields({}), 9]);
    expect(describePacketFields(broken).at(-1)).toMatchObject({
      name: "broken extension fields",
      rawHex: "09",
    });
  });

  it("takes era 0 when nobody says when it was", () => {
    const bytes = encodeNtpPacket({ ...packetAt(2_208_988_800n << 32n) });
    expect(describePacketFields(bytes).at(-1)?.meaning).toBe("1970-01-01T00:00:00.000000000Z");
  });

  it("covers every byte once, and throws at nothing", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const fields = describePacketFields(bytes, PIVOT);
        const ends = new Map(
          fields.map(({ offsetBytes, lengthBytes }) => [offsetBytes, lengthBytes]),
        );
        let end = 0;
        while (end < bytes.length) end += ends.get(end) ?? Number.NaN;
        expect(end).toBe(bytes.length);
        for (const { offsetBytes, lengthBytes, rawHex } of fields) {
          expect(rawHex).toBe(bytes.subarray(offsetBytes, offsetBytes + lengthBytes).toHex());
        }
      }),
    );
  });
});

function packetAt(transmitTimestamp: bigint): NtpPacket {
  return {
    leap: 0,
    version: 4,
    mode: 3,
    stratum: 0,
    pollLog2: 0,
    precisionLog2: 0,
    rootDelay: 0,
    rootDispersion: 0,
    referenceId: 0,
    referenceTimestamp: 0n,
    originTimestamp: 0n,
    receiveTimestamp: 0n,
    transmitTimestamp,
    extensionFields: [],
    mac: undefined,
  };
}
