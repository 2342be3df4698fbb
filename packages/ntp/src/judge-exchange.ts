// What one exchange comes to: the first rule of the ladder that fails, or a good sample; and the measurement, which is
// also there for a refused answer as long as its stamps can be computed with. Judging needs nothing but the evidence of
// the check, so that the control plane comes to the same result years later.
//
// An answer in interleaved mode brings the T3 of an exchange before it. Which one, the request says: its origin is the
// receive time stamp (T2) of the answer that is meant. So the pair is found in the bytes, never by counting, and an
// answer whose pair is not among the earlier good ones is nobody's answer.

import { interleavedWish, requestNonce } from "./client-request.ts";
import { parsePacketTail } from "./extension-field.ts";
import { answerTimes, measurementOf } from "./measurement.ts";
import { type NtpPacket, type NtpPacketHeader, parseNtpHeader, tailOf } from "./ntp-packet.ts";
import {
  ANSWER_RULES,
  type Answer,
  ARRIVAL_RULES,
  type LadderRule,
  modeOfOrigin,
  type ResponseRule,
  stampsAreUsable,
} from "./response-rules.ts";
import type { Exchange, ExchangeMode, Measurement, Sample, TimedStamps } from "./sample.ts";
import type { SampleReason } from "./sample-reason.ts";

/** One rung of the ladder and how the evidence fared on it. */
export interface RuleFinding {
  readonly rule: ResponseRule;
  /** `not_tried`: an earlier rule failed. */
  readonly outcome: "pass" | "fail" | "not_tried";
  /** What was seen against what was expected; empty when not tried. */
  readonly text: string;
}

/** What the evidence of the exchange alone does not tell. */
export interface JudgeContext {
  /** Why there is no answer. Default: `timeout`, as the network reported nothing. */
  readonly silenceReason?: SampleReason | undefined;
  /** The samples of the same check before this one, in the order of sending. Default: none. */
  readonly earlier?: readonly EarlierSample[];
}

/** What an answer in interleaved mode is judged by. */
export interface EarlierSample extends Pick<Sample, "exchange" | "reason"> {
  readonly packet: Pick<NtpPacket, "receiveTimestamp"> | undefined;
}

/** The ladder, top rung first. */
export const responseRules: readonly ResponseRule[] = [...ARRIVAL_RULES, ...ANSWER_RULES].map(
  ({ code, title, source }) => ({ code, title, source }),
);

/** Judges the evidence of one exchange. */
export function judgeExchange(exchange: Exchange, context: JudgeContext = {}): Sample {
  const finding = examine(exchange, context.earlier ?? NONE_EARLIER);
  if (finding.kind !== "answer") {
    const silenceReason = context.silenceReason ?? "timeout";
    const reason = finding.kind === "fragment" ? "truncated" : silenceReason;
    const nothing = { timed: undefined, packet: undefined, measurement: undefined };
    return { exchange, mode: "basic", ...nothing, reason };
  }
  const { answer, mode, timed, packet } = finding;
  const reason = ANSWER_RULES.find((rule) => !rule.passes(answer))?.code;
  const measurement = timed === undefined ? undefined : usableMeasurement(answer);
  return { exchange, mode, timed, packet, measurement, reason };
}

/** The samples of a whole check, from its exchanges in the order of sending. */
export function judgeExchanges(
  exchanges: readonly Exchange[],
  silenceReasonOf: (index: number) => SampleReason = () => "timeout",
): readonly Sample[] {
  const samples: Sample[] = [];
  for (const [index, exchange] of exchanges.entries()) {
    const context = { silenceReason: silenceReasonOf(index), earlier: samples };
    samples.push(judgeExchange(exchange, context));
  }
  return samples;
}

/** The ladder with what each rung saw, for people. The first failure is the reason that `judgeExchange` gives. */
export function runResponseRules(
  exchange: Exchange,
  earlier: readonly EarlierSample[] = NONE_EARLIER,
): readonly RuleFinding[] {
  const finding = examine(exchange, earlier);
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

const NONE_EARLIER: readonly EarlierSample[] = [];

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
      readonly mode: ExchangeMode;
      /** Absent: it is not our answer. */
      readonly timed: TimedStamps | undefined;
      /** Absent: what follows the header is broken. */
      readonly packet: NtpPacket | undefined;
    };

function examine(exchange: Exchange, earlier: readonly EarlierSample[]): Finding {
  const { request, response, clockStepNs = 0n } = exchange;
  const own = { exchange, t1: exchange.t1, t4: exchange.t4 };
  if (response === undefined || !isStamped(own)) return { kind: "nothing" };
  const parsed = parseNtpHeader(response);
  if (!parsed.ok) return { kind: "fragment" };
  const header = parsed.value;
  const tail = parsePacketTail(tailOf(response), header.version);
  const wish = interleavedWish(request);
  const pair = wish && pairOf(earlier, wish.earlierReceiveTimestamp);
  const nonces = { basic: requestNonce(request), interleaved: pair && wish?.nonce };
  const carried = modeOfOrigin(header.originTimestamp, nonces);
  const mode = carried ?? "basic";
  const timed =
    mode === "interleaved" && pair !== undefined
      ? { ...pair, t3: header.transmitTimestamp }
      : { ...own, t2: header.receiveTimestamp, t3: header.transmitTimestamp };
  const stamps = stampsOf(timed, header, clockStepNs);
  return {
    kind: "answer",
    answer: { ...stamps, header, nonces, tailIsSound: tail.ok, times: answerTimes(stamps) },
    mode,
    timed: carried === undefined ? undefined : timed,
    packet: tail.ok ? { ...header, ...tail.value } : undefined,
  };
}

type StampedExchange = Pick<TimedStamps, "exchange" | "t1" | "t4">;

function isStamped(own: {
  readonly exchange: Exchange;
  readonly t1: Exchange["t1"];
  readonly t4: Exchange["t4"];
}): own is StampedExchange {
  return own.t1 !== undefined && own.t4 !== undefined;
}

/**
 * The exchange that the server received at `receiveTimestamp`; the last one, should a clock of little precision have
 * given the same stamp twice. Only a good one, so that no answer is completed that would not count by itself.
 */
function pairOf(
  earlier: readonly EarlierSample[],
  receiveTimestamp: bigint,
): Omit<TimedStamps, "t3"> | undefined {
  const pair = earlier.findLast(
    ({ reason, packet }) => reason === undefined && packet?.receiveTimestamp === receiveTimestamp,
  );
  const own = pair && { exchange: pair.exchange, t1: pair.exchange.t1, t4: pair.exchange.t4 };
  return own !== undefined && isStamped(own) ? { ...own, t2: receiveTimestamp } : undefined;
}

/** The agent's clock ran on during a good exchange, so that a step can only be of the answer's own. */
function stampsOf(
  { t1, t2, t3, t4 }: TimedStamps,
  { precisionLog2 }: NtpPacketHeader,
  clockStepNs: bigint,
): Omit<Answer, "header" | "nonces" | "tailIsSound" | "times"> {
  return { t1, receiveTimestamp: t2, transmitTimestamp: t3, t4, precisionLog2, clockStepNs };
}

function usableMeasurement(answer: Answer): Measurement | undefined {
  return stampsAreUsable(answer) ? measurementOf(answer.times) : undefined;
}
