// The packets behind an observation: real NTP bytes with stamps that give exactly its offset and round trip.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { type FakeMonitor, type FakeServer, noise } from "./lab-facts.ts";
import type { Observation } from "./observations.ts";

const NTP_EPOCH_S = 2_208_988_800n;
const PACKET_BYTES = 48;
const { ExchangeMode, RuleOutcome, StampSource } = adminV1;

/** When a sample's packets left and came, on both clocks; an earlier sample is a little slower. */
interface SampleStamps {
  readonly t1: bigint;
  readonly t2: bigint;
  readonly t3: bigint;
  readonly t4: bigint;
  readonly delay: bigint;
}

function sampleStamps(monitor: FakeMonitor, seen: Observation, sample: number): SampleStamps {
  const slower = sample === 1 ? 0 : 40_000 + 25_000 * sample;
  const t1 = BigInt(Math.round(seen.atMs)) * 1_000_000n + BigInt(123_457 + sample * 2_000_000_000);
  const rtt = Number.isNaN(seen.rttNs) ? monitor.delayNs : seen.rttNs;
  const inside = BigInt(14_000 + Math.round(3_000 * (noise(sample, Math.round(seen.atMs)) + 1)));
  const delay = BigInt(Math.round(rtt) + slower);
  const offset = BigInt(Number.isNaN(seen.offsetNs) ? 0 : Math.round(seen.offsetNs));
  const t2 = t1 + delay / 2n + offset;
  return { t1, t2, t3: t2 + inside, t4: t1 + delay + inside, delay };
}

/**
 * One exchange that gives the observation's numbers. A server that knows interleaved mode tells, from the second answer
 * on, when the answer before really left.
 */
export function exchangeFor(
  server: FakeServer,
  monitor: FakeMonitor,
  seen: Observation,
  sample: number,
): adminV1.Exchange {
  const silent = seen.reason === "timeout";
  const own = sampleStamps(monitor, seen, sample);
  const interleaved = server.interleaved === true && sample > 0;
  const timed = interleaved ? sampleStamps(monitor, seen, sample - 1) : own;
  const { t1, t2, t3, t4, delay } = timed;
  const offset = BigInt(Number.isNaN(seen.offsetNs) ? 0 : Math.round(seen.offsetNs));
  const request = packet({
    leap: 0,
    mode: 3,
    stratum: 0,
    reference: "",
    transmit: nonce(seen, sample),
    ...(interleaved ? { origin: toNtp(timed.t2), receive: nonce(seen, sample + 20) } : {}),
  });
  const response = packet({
    leap: server.leap,
    mode: 4,
    stratum: server.stratum,
    reference: server.referenceId,
    origin:
      seen.reason === "origin_mismatch"
        ? nonce(seen, sample + 7)
        : nonce(seen, interleaved ? sample + 20 : sample),
    receive: toNtp(own.t2),
    transmit: toNtp(interleaved ? timed.t3 : own.t3),
    updated: toNtp(own.t2 - 43_000_000_000n),
  });
  const parts = [
    create(adminV1.BoundPartSchema, {
      name: "path",
      valueNs: delay / 2n,
      text: "half the round trip: all of the delay may lie on one way",
    }),
    create(adminV1.BoundPartSchema, {
      name: "server_precision",
      valueNs: 954n,
      text: "the server says 2^-20 s",
    }),
    create(adminV1.BoundPartSchema, {
      name: "agent_precision",
      valueNs: 60n,
      text: "step of our clock",
    }),
    create(adminV1.BoundPartSchema, {
      name: "stamps",
      valueNs: 186n,
      text: "kernel stamps on both legs",
    }),
  ];
  const measured = !silent && seen.reason !== "origin_mismatch" && seen.reason !== "kiss_rate";
  return create(adminV1.ExchangeSchema, {
    t1UnixNs: t1,
    ...(silent ? {} : { t4UnixNs: t4 }),
    ...(measured ? { t2UnixNs: t2, t3UnixNs: t3, delayNs: delay } : {}),
    ...(measured
      ? {
          offset: { valueNs: offset, boundNs: parts.reduce((sum, part) => sum + part.valueNs, 0n) },
          boundParts: parts,
        }
      : {}),
    t1Source: StampSource.KERNEL,
    t4Source: silent ? StampSource.UNSPECIFIED : StampSource.KERNEL,
    rules: silent ? [] : rules(seen.reason),
    fields: silent ? [] : fields(response, server),
    request,
    response: silent ? new Uint8Array() : response,
    reason: seen.reason,
    reasonText: REASON_TEXTS[seen.reason] ?? "",
    source: `${monitor.address}:49${600 + sample}`,
    destination: `${server.address}:${server.port}`,
    mode: interleaved ? ExchangeMode.INTERLEAVED : ExchangeMode.BASIC,
    ...(interleaved
      ? { timedExchangeIndex: sample - 1, sentAtUnixNs: own.t1, receivedAtUnixNs: own.t4 }
      : {}),
  });
}

export const REASON_TEXTS: Readonly<Record<string, string>> = {
  timeout: "no answer within 1 s",
  kiss_rate: "the server asks us to slow down (kiss code RATE)",
  bad_stratum: "stratum 16: the server says that it is not synchronised",
  not_synchronised: "leap indicator 3: the server says that its clock is not synchronised",
  origin_mismatch: "the answer does not return our request's transmit time stamp",
};

const LADDER: readonly (readonly [rule: string, title: string, source: string, text: string])[] = [
  ["truncated", "The packet is whole", "RFC 5905, section 7.3", "48 bytes, at least 48"],
  [
    "origin_mismatch",
    "It answers our question",
    "RFC 5905, section 8",
    "origin equals our transmit time stamp",
  ],
  ["bad_mode", "It is a server's answer", "RFC 5905, section 7.3", "mode 4"],
  ["bad_version", "The version is ours", "RFC 5905, section 7.3", "version 4"],
  ["kiss_rate", "No kiss of death", "RFC 5905, section 7.4", "stratum is not 0"],
  ["zero_transmit", "The transmit time stamp is set", "RFC 5905, section 8", "not zero"],
  ["receive_after_transmit", "Received before sent", "RFC 5905, section 8", "T2 is not after T3"],
  ["negative_delay", "The delay is possible", "RFC 5905, section 8", "not negative"],
  ["bad_stratum", "The stratum is in range", "RFC 5905, section 7.3", "1 to 15"],
  [
    "not_synchronised",
    "The clock is synchronised",
    "RFC 5905, section 7.3",
    "leap indicator is not 3",
  ],
  [
    "bad_root_distance",
    "Near enough to its reference",
    "RFC 5905, section 11.2.2",
    "root distance below 1.5 s",
  ],
];

function rules(reason: string): adminV1.RuleResult[] {
  const failedAt = LADDER.findIndex(([rule]) => rule === reason);
  return LADDER.map(([rule, title, source, text], index) =>
    create(adminV1.RuleResultSchema, {
      rule,
      title,
      source,
      text:
        index === failedAt
          ? (REASON_TEXTS[reason] ?? text)
          : failedAt >= 0 && index > failedAt
            ? ""
            : text,
      outcome:
        failedAt < 0 || index < failedAt
          ? RuleOutcome.PASS
          : index === failedAt
            ? RuleOutcome.FAIL
            : RuleOutcome.NOT_TRIED,
    }),
  );
}

interface PacketParts {
  readonly leap: number;
  readonly mode: number;
  readonly stratum: number;
  readonly reference: string;
  readonly origin?: bigint;
  readonly receive?: bigint;
  readonly transmit: bigint;
  readonly updated?: bigint;
}

function packet(parts: PacketParts): Uint8Array {
  const bytes = new Uint8Array(PACKET_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, (parts.leap << 6) | (4 << 3) | parts.mode);
  view.setUint8(1, parts.stratum);
  view.setInt8(2, 6);
  view.setInt8(3, -20);
  if (parts.mode === 4) {
    view.setUint32(4, 0x0000_01c4);
    view.setUint32(8, 0x0000_0312);
  }
  const octets = parts.reference.split(".").map(Number);
  if (octets.length === 4) bytes.set(octets, 12);
  else new TextEncoder().encodeInto(parts.reference.slice(0, 4), bytes.subarray(12, 16));
  view.setBigUint64(16, parts.updated ?? 0n);
  view.setBigUint64(24, parts.origin ?? 0n);
  view.setBigUint64(32, parts.receive ?? 0n);
  view.setBigUint64(40, parts.transmit);
  return bytes;
}

function nonce(seen: Observation, sample: number): bigint {
  const half = (seed: number): bigint =>
    BigInt(Math.floor(((noise(Math.round(seen.atMs / 1_000), sample, seed) + 1) / 2) * 0xffffffff));
  return (half(1) << 32n) | half(2);
}

function toNtp(unixNs: bigint): bigint {
  const seconds = unixNs / 1_000_000_000n + NTP_EPOCH_S;
  const fraction = ((unixNs % 1_000_000_000n) << 32n) / 1_000_000_000n;
  return BigInt.asUintN(64, (seconds << 32n) | fraction);
}

function fields(bytes: Uint8Array, server: FakeServer): adminV1.PacketField[] {
  const view = new DataView(bytes.buffer);
  const field = (
    name: string,
    offsetBytes: number,
    lengthBytes: number,
    value: string,
    meaning: string,
  ): adminV1.PacketField =>
    create(adminV1.PacketFieldSchema, {
      name,
      offsetBytes,
      lengthBytes,
      rawHex: Buffer.from(bytes.subarray(offsetBytes, offsetBytes + lengthBytes)).toString("hex"),
      value,
      meaning,
    });
  const stamp = (at: number): string => {
    const ntp = view.getBigUint64(at);
    if (ntp === 0n) return "0";
    const ms = Number((ntp >> 32n) - NTP_EPOCH_S) * 1_000;
    const ns = ((ntp & 0xffffffffn) * 1_000_000_000n) >> 32n;
    return `${new Date(ms).toISOString().slice(0, 19)}.${ns.toString().padStart(9, "0")}Z`;
  };
  const leapMeaning = server.leap === 3 ? "not synchronised" : "no warning";
  return [
    field("leap indicator", 0, 1, String(server.leap), leapMeaning),
    field("version", 0, 1, "4", "NTPv4"),
    field("mode", 0, 1, "4", "server"),
    field(
      "stratum",
      1,
      1,
      String(server.stratum),
      server.stratum === 0
        ? "kiss of death"
        : server.stratum === 1
          ? "has a reference clock"
          : "takes its time from another server",
    ),
    field("poll", 2, 1, "6", "64 s"),
    field("precision", 3, 1, "−20", "954 ns"),
    field("root delay", 4, 4, "6.90 ms", "round trip to the reference"),
    field("root dispersion", 8, 4, "11.99 ms", "its own error bound"),
    field(
      "reference id",
      12,
      4,
      server.referenceId === "" ? "0.0.0.0" : server.referenceId,
      "where its time comes from",
    ),
    field("reference time stamp", 16, 8, stamp(16), "when it was last set"),
    field(
      "origin time stamp",
      24,
      8,
      `0x${Buffer.from(bytes.subarray(24, 32)).toString("hex")}`,
      "our nonce, returned",
    ),
    field("receive time stamp", 32, 8, stamp(32), "T2"),
    field("transmit time stamp", 40, 8, stamp(40), "T3"),
  ];
}
