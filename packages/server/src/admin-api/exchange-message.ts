// One exchange of stored evidence, judged again and laid open: stamps, bound, ladder, packet.

import { create } from "@bufbuild/protobuf";
import { adminV1, type monitorV2 } from "@truechimer/api";
import {
  describePacketFields,
  type RuleFinding,
  runResponseRules,
  type Stamp,
  unixNsFromNtpTimestamp,
} from "@truechimer/ntp";
import { judgePacket } from "../monitor-api/check-evidence.ts";
import { offsetMessage, optionalField } from "./admin-message.ts";
import { boundPartText } from "./bound-part-text.ts";
import { reasonWords } from "./check-messages.ts";

export function exchangeMessage(packet: monitorV2.NTPPacket): adminV1.Exchange {
  const sample = judgePacket(packet);
  const { exchange } = sample;
  const reason = sample.reason ?? "";
  const pivotNs = exchange.t4?.atNs ?? exchange.t1?.atNs;
  const serverStamp = (timestamp: bigint | undefined): bigint | undefined =>
    timestamp === undefined || timestamp === 0n || pivotNs === undefined
      ? undefined
      : unixNsFromNtpTimestamp(timestamp, pivotNs);
  const { measurement } = sample;
  return create(adminV1.ExchangeSchema, {
    ...optionalField("t1UnixNs", exchange.t1?.atNs),
    ...optionalField("t2UnixNs", serverStamp(sample.packet?.receiveTimestamp)),
    ...optionalField("t3UnixNs", serverStamp(sample.packet?.transmitTimestamp)),
    ...optionalField("t4UnixNs", exchange.t4?.atNs),
    t1Source: stampSource(exchange.t1),
    t4Source: stampSource(exchange.t4),
    ...offsetMessage(measurement?.offsetNs ?? null, measurement?.boundNs ?? null),
    ...optionalField("delayNs", measurement?.delayNs),
    boundParts: (measurement?.boundParts ?? []).map(({ name, valueNs }) =>
      create(adminV1.BoundPartSchema, { name, valueNs, text: boundPartText(name) }),
    ),
    rules: runResponseRules(exchange).map(ruleMessage),
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
  });
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

function endpoint(address: string | undefined, port: number | undefined): string {
  if (address === undefined || address === "") return "";
  const host = address.includes(":") ? `[${address}]` : address;
  return port === undefined ? host : `${host}:${port}`;
}
