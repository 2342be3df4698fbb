// Submissions as agents would send them, made before the clock runs: valid tickets, batches and ids of their own, and
// from version 5 on three raw exchanges a result, of which the control plane judges the selected one anew.

import { create, toBinary } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { monitorV2 } from "@truechimer/api";
import { createUlid, systemClock, systemRandom } from "@truechimer/base";
import { encodeNtpPacket, ntpTimestampFromUnixNs } from "@truechimer/ntp";
import { createTicket, type TicketKey } from "@truechimer/server";
import { monitorAddress } from "./pool-size.ts";

/** Results in a submission. */
export const RESULTS: number = 12;
const NS_PER_SECOND = 1_000_000_000n;
/** Between two results of one monitor, so that each has a time of its own. */
const RESULT_STEP_NS = 1_000n;
const OFFSET_NS = 1_000_000n;
const EXCHANGES = 3;

export interface SubmissionMaker {
  /** The next of this monitor (number and id), for servers that nobody has had for the longest time. */
  next(monitor: number): Uint8Array;
}

export interface SubmissionOptions {
  readonly version: 4 | 5;
  readonly key: TicketKey;
  /** Servers to choose from: the first so many. */
  readonly servers: number;
}

export function createSubmissionMaker(options: SubmissionOptions): SubmissionMaker {
  const { version, key, servers } = options;
  const places = new Map<number, number>();
  let atNs = systemClock.nowNs() - NS_PER_SECOND;
  return {
    next: (monitor) => {
      const batchId = createUlid(systemClock, systemRandom);
      const first = places.get(monitor) ?? (monitor * 97) % servers;
      places.set(monitor, first + RESULTS);
      const list = Array.from({ length: RESULTS }, (_, place) => {
        // Neighbours in a batch are no neighbours in the tables.
        const server = 1 + (((first + place) * 7_919) % servers);
        atNs += RESULT_STEP_NS;
        const ipBytes = Uint8Array.of(198, 18, server >> 8, server & 255);
        const ticket = createTicket(
          { monitorId: BigInt(monitor), batchId, addressBytes: ipBytes, port: 123 },
          key,
        );
        return {
          ticket,
          ipBytes,
          ts: timestampOf(atNs),
          offset: { seconds: 0n, nanos: Number(OFFSET_NS) },
          rtt: { seconds: 0n, nanos: 500_000 },
          stratum: 2,
          ...(version === 5 ? evidenceOf(atNs, ipBytes) : {}),
        };
      });
      return toBinary(
        monitorV2.SubmitResultsRequestSchema,
        create(monitorV2.SubmitResultsRequestSchema, {
          version,
          monId: monitorAddress(monitor),
          batchId: Buffer.from(batchId),
          list,
          ...(version === 5 ? { submissionId: createUlid(systemClock, systemRandom) } : {}),
        }),
      );
    },
  };
}

function evidenceOf(
  endNs: bigint,
  ipBytes: Uint8Array,
): Pick<monitorV2.ServerStatus, "responses" | "selectedResponse"> {
  const responses = Array.from({ length: EXCHANGES }, (_, index) =>
    exchange(endNs - BigInt(EXCHANGES - index) * 2n * NS_PER_SECOND, ipBytes),
  );
  const selectedResponse = responses[1];
  return { responses, ...(selectedResponse && { selectedResponse }) };
}

/** With a server that is 1 ms ahead, 500 µs away. */
function exchange(t1Ns: bigint, sourceIpBytes: Uint8Array): monitorV2.NTPPacket {
  const nonce = Buffer.from(systemRandom.bytes(8)).readBigUInt64BE();
  const header = {
    leap: 0,
    version: 4,
    pollLog2: 0,
    precisionLog2: -20,
    rootDelay: 0,
    rootDispersion: 0,
    referenceId: 0xc0_00_02_09,
    referenceTimestamp: ntpTimestampFromUnixNs(t1Ns - 60n * NS_PER_SECOND),
    extensionFields: [],
    mac: undefined,
  } as const;
  return create(monitorV2.NTPPacketSchema, {
    request: encodeNtpPacket({
      ...header,
      mode: 3,
      stratum: 0,
      originTimestamp: 0n,
      receiveTimestamp: 0n,
      transmitTimestamp: nonce,
    }),
    data: encodeNtpPacket({
      ...header,
      mode: 4,
      stratum: 2,
      originTimestamp: nonce,
      receiveTimestamp: ntpTimestampFromUnixNs(t1Ns + 250_000n + OFFSET_NS),
      transmitTimestamp: ntpTimestampFromUnixNs(t1Ns + 260_000n + OFFSET_NS),
    }),
    sourceIpBytes,
    destinationIpBytes: sourceIpBytes,
    sourcePort: 123,
    destinationPort: 123,
    t1: timestampOf(t1Ns),
    t1Source: monitorV2.TimestampSource.KERNEL,
    t4: timestampOf(t1Ns + 510_000n),
    t4Source: monitorV2.TimestampSource.KERNEL,
    mode: monitorV2.ExchangeMode.BASIC,
  });
}

function timestampOf(ns: bigint): Timestamp {
  return {
    $typeName: "google.protobuf.Timestamp",
    seconds: ns / NS_PER_SECOND,
    nanos: Number(ns % NS_PER_SECOND),
  };
}
