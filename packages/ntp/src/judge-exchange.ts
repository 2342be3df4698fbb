// What one exchange comes to: the first rule of the ladder that fails, or a good sample; and the measurement, which is
// also there for a refused answer as long as its stamps can be computed with. Judging needs nothing but the evidence,
// so that the control plane comes to the same result years later.

import { requestNonce } from "./client-request.ts";
import { parsePacketTail } from "./extension-field.ts";
import { answerTimes, measurementOf } from "./measurement.ts";
import { NTP_HEADER_BYTES, type NtpPacket, parseNtpHeader } from "./ntp-packet.ts";
import {
  ANSWER_RULES,
  type Answer,
  ARRIVAL_RULES,
  carriesNonce,
  type LadderRule,
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
  const finding = examine(exchange);
  if (finding.kind !== "answer") {
    const reason = finding.kind === "fragment" ? "truncated" : silenceReason;
    return { exchange, packet: undefined, measurement: undefined, reason };
  }
  const { answer, packet } = finding;
  const reason = ANSWER_RULES.find((rule) => !rule.passes(answer))?.code;
  return { exchange, packet, measurement: usableMeasurement(answer), reason };
}

/** The ladder with what each rung saw, for people. The first failure is the reason that `judgeExchange` gives. */
export function runResponseRules(exchange: Exchange): readonly RuleFinding[] {
  const finding = examine(exchange);
  const rungs: readonly Rung[] = [
    ...ARRIVAL_RULES.map((rule) => rung(rule, exchange)),
    ...ANSWER_RULES.map((rule) =>
      finding.kind === "answer" ? rung(rule, finding.answer) : { rule, passes: false, text: "" },
    ),
  ];
  const failedIndex = rungs.findIndex(({ passes }) => !passes);
  return rungs.map(({ rule: { code, title, source }, passes, text }, index) => {
    const isTried = failedIndex < 0 || index <= failedIndex;
    const outcome = isTried ? (passes ? "pass" : "fail") : "not_tried";
    return { rule: { code, title, source }, outcome, text: isTried ? text : "" };
  });
}

interface Rung {
  readonly rule: ResponseRule;
  readonly passes: boolean;
  readonly text: string;
}

function rung<Input>(rule: LadderRule<Input>, input: Input): Rung {
  return { rule, passes: rule.passes(input), text: rule.text(input) };
}

/** `nothing`: no datagram, or one without its stamps. `fragment`: shorter than a header. */
type Finding =
  | { readonly kind: "nothing" }
  | { readonly kind: "fragment" }
  | {
      readonly kind: "answer";
      readonly answer: Answer;
      /** Absent: what follows the header is broken. */
      readonly packet: NtpPacket | undefined;
    };

function examine(exchange: Exchange): Finding {
  const { request, response, t1, t4, clockStepNs = 0n } = exchange;
  if (response === undefined || t1 === undefined || t4 === undefined) return { kind: "nothing" };
  const header = parseNtpHeader(response);
  if (!header.ok) return { kind: "fragment" };
  const tail = parsePacketTail(response.subarray(NTP_HEADER_BYTES), header.value.version);
  const timed = { header: header.value, t1, t4, clockStepNs };
  const nonce = requestNonce(request);
  return {
    kind: "answer",
    answer: { ...timed, nonce, tailIsSound: tail.ok, times: answerTimes(timed) },
    packet: tail.ok ? { ...header.value, ...tail.value } : undefined,
  };
}

/** Only of an answer to our question: the stamps of a stranger measure nothing. */
function usableMeasurement(answer: Answer): Measurement | undefined {
  if (!carriesNonce(answer) || !stampsAreUsable(answer)) return undefined;
  return measurementOf(answer.times);
}
