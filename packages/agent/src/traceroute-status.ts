// A finished traceroute as our control plane wants it. It is no check: nothing in it is scored.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { monitorV2 } from "@truechimer/api";
import type { UnixNs } from "@truechimer/base";
import type { HopAnswer, Traceroute } from "@truechimer/udp";
import { durationFromNs, timestampFromNs } from "./protobuf-time.ts";
import type { WorkItem } from "./work-batch.ts";

/** As a tracer tells it; or why none was made, which may be a reason of checks. */
export type TracerouteFinding = Omit<Traceroute, "reason"> & {
  readonly reason: Traceroute["reason"] | "address_refused";
};

export interface FinishedTraceroute {
  readonly item: WorkItem;
  readonly traceroute: TracerouteFinding;
  /** The agent's wall clock at its end. */
  readonly endedAtNs: UnixNs;
}

/** For a submission of version 5. */
export function tracerouteStatus({
  item,
  traceroute,
  endedAtNs,
}: FinishedTraceroute): monitorV2.ServerStatus {
  return create(monitorV2.ServerStatusSchema, {
    testId: item.testId,
    ticket: item.ticket,
    ipBytes: item.ipBytes,
    port: item.port,
    ts: timestampFromNs(endedAtNs),
    traceroute: tracerouteMessage(traceroute),
  });
}

export function tracerouteMessage({
  startedAtNs,
  hops,
  reached,
  reason,
}: TracerouteFinding): monitorV2.Traceroute {
  return create(monitorV2.TracerouteSchema, {
    startedAt: timestampFromNs(startedAtNs),
    reached,
    reason: reason ?? "",
    hops: hops.map(({ hopLimit, answers }) => ({ hopLimit, answers: answers.map(answerMessage) })),
  });
}

function answerMessage({
  address,
  rttNs,
  icmp,
}: HopAnswer): MessageInitShape<typeof monitorV2.HopAnswerSchema> {
  return {
    ipBytes: address?.bytes ?? new Uint8Array(),
    ...(rttNs === undefined ? {} : { rtt: durationFromNs(rttNs) }),
    ...(icmp === undefined ? {} : { icmpType: icmp.type, icmpCode: icmp.code }),
  };
}
