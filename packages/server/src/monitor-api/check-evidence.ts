// The raw exchanges of a check between the wire, the database and the judge.

import { create, equals, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { monitorV2 } from "@truechimer/api";
import { ipAddressFromBytes } from "@truechimer/base";
import type { Exchange, Stamp } from "@truechimer/ntp";

/** A check has 3 samples; more than this is no check. */
const EXCHANGES_MAX = 16;
/** A datagram with extension fields stays within an Ethernet frame. */
const DATAGRAM_BYTES_MAX = 1_500;
const REASON_CHARACTERS_MAX = 64;

/** Why the evidence of a status cannot be stored. Absent: it can. */
export function evidenceProblem(status: monitorV2.ServerStatus): string | undefined {
  if (status.responses.length > EXCHANGES_MAX) {
    return `${status.responses.length} exchanges: a check has at most ${EXCHANGES_MAX}`;
  }
  for (const packet of [
    ...status.responses,
    ...(status.selectedResponse ? [status.selectedResponse] : []),
  ]) {
    if (packet.data.length > DATAGRAM_BYTES_MAX || packet.request.length > DATAGRAM_BYTES_MAX) {
      return `a datagram of the evidence is longer than ${DATAGRAM_BYTES_MAX} bytes`;
    }
    if (packet.reason.length > REASON_CHARACTERS_MAX) return "a reason in the evidence is no code";
  }
  return undefined;
}

export interface StoredEvidence {
  readonly bytes: Uint8Array;
  readonly sent: number;
  readonly answered: number;
}

/** What is kept of a status. Absent: it came without exchanges. */
export function evidenceOf(status: monitorV2.ServerStatus): StoredEvidence | undefined {
  const { responses, selectedResponse } = status;
  const exchanges = responses.length > 0 ? responses : selectedResponse ? [selectedResponse] : [];
  if (exchanges.length === 0) return undefined;
  const selectedIndex =
    selectedResponse === undefined
      ? -1
      : exchanges.findIndex((each) => equals(monitorV2.NTPPacketSchema, each, selectedResponse));
  const message = create(monitorV2.CheckEvidenceSchema, {
    exchanges,
    ...(selectedIndex < 0 ? {} : { selectedIndex }),
  });
  return {
    bytes: toBinary(monitorV2.CheckEvidenceSchema, message),
    sent: exchanges.length,
    answered: exchanges.filter((each) => each.data.length > 0).length,
  };
}

export function decodeEvidence(bytes: Uint8Array): monitorV2.CheckEvidence {
  return fromBinary(monitorV2.CheckEvidenceSchema, bytes);
}

/** As the judge takes it: nothing is derived. */
export function exchangeOf(packet: monitorV2.NTPPacket): Exchange {
  return {
    request: packet.request,
    t1: stampOf(packet.t1, packet.t1Source),
    response: packet.data.length === 0 ? undefined : packet.data,
    t4: stampOf(packet.t4, packet.t4Source),
    sourceAddress: addressText(packet.sourceIpBytes),
    sourcePort: packet.sourcePort === 0 ? undefined : packet.sourcePort,
    destinationAddress: addressText(packet.destinationIpBytes) ?? "",
    destinationPort: packet.destinationPort === 0 ? 123 : packet.destinationPort,
    clockStepNs:
      packet.clockStep === undefined
        ? undefined
        : packet.clockStep.seconds * 1_000_000_000n + BigInt(packet.clockStep.nanos),
  };
}

function stampOf(at: Timestamp | undefined, source: monitorV2.TimestampSource): Stamp | undefined {
  if (at === undefined) return undefined;
  return {
    atNs: at.seconds * 1_000_000_000n + BigInt(at.nanos),
    source: source === monitorV2.TimestampSource.KERNEL ? "kernel" : "user_space",
  };
}

function addressText(bytes: Uint8Array): string | undefined {
  const address = ipAddressFromBytes(bytes);
  return address.ok ? address.value.text : undefined;
}
