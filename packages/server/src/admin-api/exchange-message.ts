// The exchanges of stored evidence, judged again and laid open: stamps, bound, ladder, packet.

import { create } from "@bufbuild/protobuf";
import { adminV1, type monitorV2 } from "@truechimer/api";
import {
  describePacketFields,
  type RuleFinding,
  runResponseRules,
  type Sample,
  type Stamp,
  timedExchangeIndex,
  unixNsFromNtpTimestamp,
} from "@truechimer/ntp";
import { judgePackets } from "../monitor-api/check-evidence.ts";
import { offsetMessage, optionalField } from "./admin-message.ts";
import { boundPartText } from "./bound-part-text.ts";
import { reasonWords } from "./check-messages.ts";

/** In the order of sending. */
export function exchangeMessages(packets: readonly monitorV2.NTPPacket[]): adminV1.Exchange[] {
  const samples = judgePackets(packets);
  return samples.map((sample, index) => exchangeMessage(sample, samples.slice(0, index)));
}

function exchangeMessage(sample: Sample, earlier: readonly Sample[]): adminV1.Exchange {
  const { exchange, timed } = sample;
  const isInterleaved = sample.mode === "interleaved";
  const { t1, t4 } = timed ?? exchange;
  const reason = sample.reason ?? "";
  const pivotNs = pivotOf(sample);
  const { t2, t3 } = serverStamps(sample);
  const { measurement } = sample;
  return create(adminV1.ExchangeSchema, {
    ...optionalField("t1UnixNs", t1?.atNs),
    ...optionalField("t2UnixNs", t2),
    ...optionalField("t3UnixNs", t3),
    ...optionalField("t4UnixNs", t4?.atNs),
    t1Source: stampSource(t1),
    t4Source: stampSource(t4),
    ...offsetMessage(measurement?.offsetNs ?? null, measurement?.boundNs ?? null),
    ...optionalField("delayNs", measurement?.delayNs),
    boundParts: (measurement?.boundParts ?? []).map(({ name, valueNs }) =>
      create(adminV1.BoundPartSchema, { name, valueNs, text: boundPartText(name) }),
    ),
    rules: runResponseRules(exchange, earlier).map(ruleMessage),
    fields:
      exchange.response === undefined
        ? []
        : describePacketFields(exchange.response, pivotNs === undefined ? {} : { pivotNs }).map(
            (field) => create(adminV1.PacketFieldSchema, field),
          ),
    request: exchange.request,
    response: exchange.response ?? new Uint8Array(),
    reason,
    reasonText: reasonWords(reason),
    ...optionalField("clockStepNs", exchange.clockStepNs),
    source: endpoint(exchange.sourceAddress, exchange.sourcePort),
    destination: endpoint(exchange.destinationAddress, exchange.destinationPort),
    mode: isInterleaved ? adminV1.ExchangeMode.INTERLEAVED : adminV1.ExchangeMode.BASIC,
    ...optionalField("timedExchangeIndex", timedExchangeIndex(sample, earlier)),
    ...optionalField("sentAtUnixNs", isInterleaved ? exchange.t1?.atNs : undefined),
    ...optionalField("receivedAtUnixNs", isInterleaved ? exchange.t4?.atNs : undefined),
  });
}

/** Of the era that is nearest to our own stamps. */
function pivotOf({ exchange }: Sample): bigint | undefined {
  return exchange.t4?.atNs ?? exchange.t1?.atNs;
}

/** When the request came and the answer left, by the server's clock, Unix nanoseconds. Absent: it did not say. */
export function serverStamps(sample: Sample): {
  readonly t2: bigint | undefined;
  readonly t3: bigint | undefined;
} {
  const { timed, packet } = sample;
  const pivotNs = pivotOf(sample);
  const stamp = (timestamp: bigint | undefined): bigint | undefined =>
    timestamp === undefined || timestamp === 0n || pivotNs === undefined
      ? undefined
      : unixNsFromNtpTimestamp(timestamp, pivotNs);
  return {
    t2: stamp(timed?.t2 ?? packet?.receiveTimestamp),
    t3: stamp(timed?.t3 ?? packet?.transmitTimestamp),
  };
}

function stampSource(stamp: Stamp | undefined): adminV1.StampSource {
  if (stamp === undefined) return adminV1.StampSource.UNSPECIFIED;
  return stamp.source === "kernel" ? adminV1.StampSource.KERNEL : adminV1.StampSource.USER_SPACE;
}

const OUTCOMES: Readonly<Record<RuleFinding["outcome"], adminV1.RuleOutcome>> = {
  pass: adminV1.RuleOutcome.PASS,
  fail: adminV1.RuleOutcome.FAIL,
  not_tried: adminV1.RuleOutcome.NOT_TRIED,
};

function ruleMessage({ rule, outcome, text }: RuleFinding): adminV1.RuleResult {
  const { code, title, source } = rule;
  return create(adminV1.RuleResultSchema, {
    rule: code,
    title,
    source,
    outcome: OUTCOMES[outcome],
    text,
  });
}

/** As "192.0.2.1:123"; empty: unknown. */
export function endpoint(address: string | undefined, port: number | undefined): string {
  if (address === undefined || address === "") return "";
  const host = address.includes(":") ? `[${address}]` : address;
  return port === undefined ? host : `${host}:${port}`;
}
