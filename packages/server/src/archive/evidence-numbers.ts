// What the packets of a check say, as numbers: the header of the selected answer, and of each exchange its four time
// stamps (RFC 5905, section 8.). Offset, delay and their bound follow from these.

import type { IpFamily } from "@truechimer/base";
import { nsFromNtpShort, referenceIdText, unixNsFromNtpTimestamp } from "@truechimer/ntp";
import { decodeEvidence, judgePackets } from "../monitor-api/check-evidence.ts";

export interface ExchangeNumbers {
  /** Of the agent's clock. Undefined: not sent. Unix time in nanoseconds, as are the others. */
  readonly t1Ns: bigint | undefined;
  /** Of the server's clock. Undefined: no answer that tells it. */
  readonly t2Ns: bigint | undefined;
  readonly t3Ns: bigint | undefined;
  readonly t4Ns: bigint | undefined;
  /** Coded. Empty: the answer is good. */
  readonly reason: string;
}

export interface EvidenceNumbers {
  /** In the order of sending. */
  readonly exchanges: readonly ExchangeNumbers[];
  /** From 0. Undefined: none was selected. */
  readonly selectedIndex: number | undefined;
  /** Of the selected answer, or without one of the last that has a header. */
  readonly header:
    | {
        readonly rootDelayNs: bigint;
        readonly rootDispersionNs: bigint;
        readonly precisionLog2: number;
        readonly pollLog2: number;
        /** As text: four characters, or an address. */
        readonly referenceId: string;
      }
    | undefined;
}

/**
 * @param bytes a serialized CheckEvidence.
 * @param family of the server.
 */
export function evidenceNumbers(bytes: Uint8Array, family: IpFamily): EvidenceNumbers {
  const { exchanges, selectedIndex } = decodeEvidence(bytes);
  const samples = judgePackets(exchanges);
  const answered = samples[selectedIndex ?? -1] ?? samples.findLast(({ packet }) => packet);
  return {
    exchanges: samples.map(({ exchange, timed, packet, reason = "" }) => {
      const { t1, t4 } = timed ?? exchange;
      const pivotNs = exchange.t4?.atNs ?? exchange.t1?.atNs;
      const serverStamp = (timestamp = 0n): bigint | undefined =>
        timestamp === 0n || pivotNs === undefined
          ? undefined
          : unixNsFromNtpTimestamp(timestamp, pivotNs);
      return {
        t1Ns: t1?.atNs,
        t2Ns: serverStamp(timed?.t2 ?? packet?.receiveTimestamp),
        t3Ns: serverStamp(timed?.t3 ?? packet?.transmitTimestamp),
        t4Ns: t4?.atNs,
        reason,
      };
    }),
    selectedIndex,
    header: answered?.packet && {
      rootDelayNs: nsFromNtpShort(answered.packet.rootDelay),
      rootDispersionNs: nsFromNtpShort(answered.packet.rootDispersion),
      precisionLog2: answered.packet.precisionLog2,
      pollLog2: answered.packet.pollLog2,
      referenceId: referenceIdText(answered.packet, family),
    },
  };
}
