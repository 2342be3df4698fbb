import { encodeNtpPacket, type NtpPacket, parseNtpPacket } from "@truechimer/ntp";
import { describe, expect, it } from "vitest";
import { readVectors } from "./_read-vectors.ts";

interface PacketVector {
  readonly why: string;
  readonly packetHex: string;
}

interface AcceptedVector extends PacketVector {
  readonly packet: Record<string, unknown>;
}

interface RejectedVector extends PacketVector {
  readonly reason: string;
}

/** How many there are: a vector that is lost must not go unnoticed. */
const EXPECTED_COUNTS = {
  "rfc5905/packets/accept": 11,
  "rfc5905/packets/reject": 5,
  "rfc7822/packets/accept": 14,
  "rfc7822/packets/reject": 22,
} as const;

describe.each(["rfc5905", "rfc7822"])("%s packets", (folder) => {
  const accepted = readVectors<AcceptedVector>(`${folder}/packets/accept`);
  const rejected = readVectors<RejectedVector>(`${folder}/packets/reject`);

  it("are all there", () => {
    const counts: Readonly<Record<string, number>> = EXPECTED_COUNTS;
    expect(accepted).toHaveLength(counts[`${folder}/packets/accept`] ?? 0);
    expect(rejected).toHaveLength(counts[`${folder}/packets/reject`] ?? 0);
  });

  it.each(accepted)("$name is read, field by field, and written back", ({ vector }) => {
    const bytes = Uint8Array.fromHex(vector.packetHex);
    const parsed = parseNtpPacket(bytes);
    if (!parsed.ok) throw new Error(`refused: ${parsed.error}`);
    expect(packetForVector(parsed.value)).toEqual(vector.packet);
    expect(encodeNtpPacket(parsed.value).toHex()).toBe(vector.packetHex);
  });

  it.each(rejected)("$name is refused as $vector.reason", ({ vector }) => {
    const parsed = parseNtpPacket(Uint8Array.fromHex(vector.packetHex));
    expect(parsed).toEqual({ ok: false, error: vector.reason });
  });
});

function packetForVector(packet: NtpPacket): Record<string, unknown> {
  const timestamp = (value: bigint): string => `0x${value.toString(16).padStart(16, "0")}`;
  return {
    ...packet,
    referenceId: `0x${packet.referenceId.toString(16).padStart(8, "0")}`,
    referenceTimestamp: timestamp(packet.referenceTimestamp),
    originTimestamp: timestamp(packet.originTimestamp),
    receiveTimestamp: timestamp(packet.receiveTimestamp),
    transmitTimestamp: timestamp(packet.transmitTimestamp),
    extensionFields: packet.extensionFields.map(({ type, value }) => ({
      type: `0x${type.toString(16).padStart(4, "0")}`,
      valueHex: value.toHex(),
    })),
    mac: undefined,
    macHex: packet.mac?.toHex() ?? null,
  };
}
