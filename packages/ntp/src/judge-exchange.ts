// What one exchange comes to: the first rule of the ladder that fails, or a good sample; and the measurement, which is
// also there for a refused answer as long as its stamps can be computed with. Judging needs nothing but the evidence,
// so that the control plane comes to the same result years later.

import { requestNonce } from "./client-request.ts";
import { parsePacketTail } from "./extension-field.ts";
import { measurementOf } from "./measurement.ts";
import { NTP_HEADER_BYTES, type NtpPacket, parseNtpHeader } from "./ntp-packet.ts";
import {
  ANSWER_RULES,
  type Answer,
  ARRIVAL_RULES,
  type ResponseRule,
  stampsAreUsable,
} from "./response-rules.ts";
import type { Exchange, Measurement, Sample } from "./sample.ts";
import type { SampleReason } from "./sample-reason.ts";

/** One rung of the ladder and how the evidence fared on it. */
export interface RuleFinding {
  readonly rule: ResponseRule;
  /** `not_tried`: an earlier rule failed. */
  readonly outcome: "pass" | "fail" | "not_tried";
  /** What was seen against what was expected; empty when not tried. */
  readonly text: string;
}

/** The ladder, top rung first. */
export const responseRules: readonly ResponseRule[] = [...ARRIVAL_RULES, ...ANSWER_RULES].map(
  ({ code, title, source }) => ({ code, title, source }),
);

/**
 * Judges the evidence. `silenceReason` says why there is no answer, which the evidence itself cannot: `timeout` unless
 * the network reported something.
 */
export function judgeExchange(exchange: Exchange, silenceReason: SampleReason = "timeout"): Sample {
  const failedArrival = ARRIVAL_RULES.find((rule) => !rule.passes(exchange));
  const parts = answerParts(exchange);
  if (failedArrival !== undefined || parts === undefined) {
    const reason = failedArrival?.code === "truncated" ? "truncated" : silenceReason;
    return { exchange, packet: undefined, measurement: undefined, reason };
  }
  const { answer, packet } = parts;
  const reason = ANSWER_RULES.find((rule) => !rule.passes(answer))?.code;
  return { exchange, packet, measurement: usableMeasurement(answer), reason };
}

/** The ladder with what each rung saw, for people. The first failure is the reason that `judgeExchange` gives. */
export function runResponseRules(exchange: Exchange): readonly RuleFinding[] {
  const findings: RuleFinding[] = [];
  const answer = answerParts(exchange)?.answer;
  let failed = false;
  const add = (rule: ResponseRule, passes: () => boolean, text: () => string): void => {
    const { code, title, source } = rule;
    const outcome = failed ? "not_tried" : passes() ? "pass" : "fail";
    findings.push({ rule: { code, title, source }, outcome, text: failed ? "" : text() });
    failed ||= outcome === "fail";
  };
  for (const rule of ARRIVAL_RULES) {
    add(
      rule,
      () => rule.passes(exchange),
      () => rule.text(exchange),
    );
  }
  for (const rule of ANSWER_RULES) {
    add(
      rule,
      () => answer !== undefined && rule.passes(answer),
      () => (answer === undefined ? "" : rule.text(answer)),
    );
  }
  return findings;
}

interface AnswerParts {
  readonly answer: Answer;
  /** Absent: what follows the header is broken. */
  readonly packet: NtpPacket | undefined;
}

function answerParts(exchange: Exchange): AnswerParts | undefined {
  const { request, response, t1, t4, clockStepNs = 0n } = exchange;
  if (response === undefined || t1 === undefined || t4 === undefined) return undefined;
  const header = parseNtpHeader(response);
  if (!header.ok) return undefined;
  const tail = parsePacketTail(response.subarray(NTP_HEADER_BYTES), header.value.version);
  const nonce = requestNonce(request);
  return {
    answer: { header: header.value, t1, t4, clockStepNs, nonce, tailIsSound: tail.ok },
    packet: tail.ok ? { ...header.value, ...tail.value } : undefined,
  };
}

/** Only of an answer to our question: the stamps of a stranger measure nothing. */
function usableMeasurement(answer: Answer): Measurement | undefined {
  if (answer.header.originTimestamp !== answer.nonce || !stampsAreUsable(answer)) return undefined;
  return measurementOf(answer);
}
