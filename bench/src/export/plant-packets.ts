// Packets behind the oldest checks, as an agent leaves them: three exchanges each, all answered.

import { create, toBinary } from "@bufbuild/protobuf";
import { monitorV2 } from "@truechimer/api";
import type { Database } from "@truechimer/database";
import { encodeNtpPacket, ntpTimestampFromUnixNs } from "@truechimer/ntp";

export const EXCHANGES_A_CHECK = 3;
const NS_PER_SECOND = 1_000_000_000n;
const T1_NS = 1_800_000_000_000_000_000n;

/** Of the oldest so many checks; those that are there from before are replaced. */
export async function plantPackets({ pool }: Database, checks: number): Promise<void> {
  await pool.query("truncate check_evidence");
  await pool.query(
    `insert into check_evidence (log_score_id, ts, evidence)
     select id, ts, $1::bytea from (select id, ts from log_scores order by ts, id limit $2::int) oldest`,
    [Buffer.from(evidence()), checks],
  );
  await pool.query("analyze check_evidence");
}

function evidence(): Uint8Array {
  const exchanges = Array.from({ length: EXCHANGES_A_CHECK }, (_, index) =>
    exchange(T1_NS + 2n * NS_PER_SECOND * BigInt(index), 0x1234_5678_9abc_def0n + BigInt(index)),
  );
  return toBinary(
    monitorV2.CheckEvidenceSchema,
    create(monitorV2.CheckEvidenceSchema, { exchanges, selectedIndex: 1 }),
  );
}

function exchange(t1Ns: bigint, nonce: bigint): monitorV2.NTPPacket {
  const header = {
    leap: 0,
    version: 4,
    pollLog2: 0,
    precisionLog2: -20,
    rootDelay: 0,
    rootDispersion: 0,
    referenceId: 0xc0_00_02_09,
    referenceTimestamp: ntpTimestampFromUnixNs(t1Ns),
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
      receiveTimestamp: ntpTimestampFromUnixNs(t1Ns + 1_250_000n),
      transmitTimestamp: ntpTimestampFromUnixNs(t1Ns + 1_260_000n),
    }),
    destinationIpBytes: Uint8Array.of(10, 1, 0, 1),
    destinationPort: 123,
    t1: instant(t1Ns),
    t1Source: monitorV2.TimestampSource.KERNEL,
    t4: instant(t1Ns + 510_000n),
    t4Source: monitorV2.TimestampSource.KERNEL,
  });
}

function instant(ns: bigint): { readonly seconds: bigint; readonly nanos: number } {
  return { seconds: ns / NS_PER_SECOND, nanos: Number(ns % NS_PER_SECOND) };
}
