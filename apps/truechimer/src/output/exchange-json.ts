// One NTP exchange with its evidence, as programs read it: stamps in nanoseconds since 1970, packets in hexadecimal.

import type { adminV1 } from "@truechimer/api";
import { exchangeModeWord, ruleOutcomeWord, stampSourceWord } from "./api-words.ts";

export function exchangeJson(exchange: adminV1.Exchange): Record<string, unknown> {
  return {
    source: exchange.source,
    destination: exchange.destination,
    reason: exchange.reason,
    mode: exchangeModeWord(exchange.mode),
    timed_exchange_index: exchange.timedExchangeIndex ?? null,
    // As text: nanoseconds since 1970 are beyond what a JSON number holds exactly.
    t1_unix_ns: exchange.t1UnixNs?.toString() ?? null,
    t2_unix_ns: exchange.t2UnixNs?.toString() ?? null,
    t3_unix_ns: exchange.t3UnixNs?.toString() ?? null,
    t4_unix_ns: exchange.t4UnixNs?.toString() ?? null,
    sent_at_unix_ns: exchange.sentAtUnixNs?.toString() ?? null,
    received_at_unix_ns: exchange.receivedAtUnixNs?.toString() ?? null,
    t1_source: stampSourceWord(exchange.t1Source),
    t4_source: stampSourceWord(exchange.t4Source),
    offset_ns: exchange.offset?.valueNs ?? null,
    bound_ns: exchange.offset?.boundNs ?? null,
    delay_ns: exchange.delayNs ?? null,
    clock_step_ns: exchange.clockStepNs ?? null,
    bound_parts: exchange.boundParts.map(({ name, valueNs }) => ({ name, value_ns: valueNs })),
    request_hex: Buffer.from(exchange.request).toString("hex"),
    response_hex: Buffer.from(exchange.response).toString("hex"),
    rules: exchange.rules.map(({ rule, source, outcome, text }) => ({
      rule,
      source,
      outcome: ruleOutcomeWord(outcome),
      text,
    })),
    fields: exchange.fields.map(({ name, offsetBytes, rawHex, value, meaning }) => ({
      name,
      offset_bytes: offsetBytes,
      raw_hex: rawHex,
      value,
      meaning,
    })),
  };
}
