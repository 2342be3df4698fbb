// One exchange with one server, without a socket and without a clock: datagrams, stamps and timers come in, actions go
// out. What does not carry our nonce never ends an exchange, because the true answer may still come; the best of it is
// kept, and if nothing better has come by the timeout, it is the evidence of the failed sample.

import type { Random } from "@truechimer/base";
import { createClientRequest } from "./client-request.ts";
import { judgeExchange } from "./judge-exchange.ts";
import { NTP_HEADER_BYTES } from "./ntp-packet.ts";
import type { Exchange, Sample, Stamp } from "./sample.ts";
import type { SampleReason } from "./sample-reason.ts";

export interface NtpExchangeOptions {
  readonly random: Random;
  /** From `start` to giving up. */
  readonly timeoutMs: number;
  readonly destinationAddress: string;
  readonly destinationPort: number;
  readonly sourceAddress?: string;
  readonly sourcePort?: number;
}

/** What the caller must do next, in this order. */
export type ExchangeAction =
  | { readonly kind: "send"; readonly packet: Uint8Array }
  | { readonly kind: "set_timer"; readonly delayMs: number }
  | { readonly kind: "ignored"; readonly why: IgnoredDatagram }
  | { readonly kind: "done"; readonly sample: Sample };

/**
 * Why a datagram did not count. `spoofed`: without our nonce, or too short to have one. `duplicate`: with our nonce,
 * after the answer. `late`: with our nonce, after the timeout.
 */
export type IgnoredDatagram = "spoofed" | "duplicate" | "late";

export interface Arrival {
  readonly bytes: Uint8Array;
  readonly receivedAt: Stamp;
}

/**
 * `new`: not started.
 *
 * `waiting`: the request was handed over; no answer yet. Datagrams without our nonce pass by, and the best is kept.
 *
 * `answered`: the answer is there, but the kernel's stamp of the request is not; it may come after the answer. The
 * timeout ends the wait, and then the stamp that the caller gave at the start must do.
 *
 * `done`: the sample was given. What comes now is counted as duplicate, late or spoofed.
 */
export type ExchangeState =
  | { readonly kind: "new" }
  | { readonly kind: "waiting"; readonly stranger: Arrival | undefined }
  | { readonly kind: "answered"; readonly answer: Arrival }
  | { readonly kind: "done"; readonly sample: Sample };

export interface NtpExchange {
  state(): ExchangeState;
  /** `sentAt`: when the caller is about to send, by its own reading, in case no better stamp comes. */
  start(sentAt: Stamp): readonly ExchangeAction[];
  /** The stamp of the actual departure. */
  onSendStamp(stamp: Stamp): readonly ExchangeAction[];
  /** No stamp but that of `start` will come. */
  onSendStampMissing(): readonly ExchangeAction[];
  onDatagram(arrival: Arrival): readonly ExchangeAction[];
  /** The timer that was set has run out. */
  onTimer(): readonly ExchangeAction[];
  /** The network reported an error instead of an answer. */
  onNetworkError(reason: SampleReason): readonly ExchangeAction[];
  /** The agent's wall clock was stepped by `stepNs`; several steps add up. */
  onClockStep(stepNs: bigint): void;
}

export function createNtpExchange(options: NtpExchangeOptions): NtpExchange {
  const { bytes: request } = createClientRequest(options.random);
  let state: ExchangeState = { kind: "new" };
  let sentAt: Stamp | undefined;
  let sendStampIsFinal = false;
  let clockStepNs = 0n;

  const evidence = (arrival: Arrival | undefined): Exchange => ({
    request,
    t1: sentAt,
    response: arrival?.bytes,
    t4: arrival?.receivedAt,
    sourceAddress: options.sourceAddress,
    sourcePort: options.sourcePort,
    destinationAddress: options.destinationAddress,
    destinationPort: options.destinationPort,
    clockStepNs: clockStepNs === 0n ? undefined : clockStepNs,
  });

  const finish = (
    arrival: Arrival | undefined,
    silence?: SampleReason,
  ): readonly ExchangeAction[] => {
    const sample = judgeExchange(evidence(arrival), silence);
    state = { kind: "done", sample };
    return [{ kind: "done", sample }];
  };

  const finishIfStamped = (): readonly ExchangeAction[] =>
    state.kind === "answered" && sendStampIsFinal ? finish(state.answer) : [];

  return {
    state: () => state,
    start: (stamp) => {
      if (state.kind !== "new") return [];
      sentAt = stamp;
      state = { kind: "waiting", stranger: undefined };
      return [
        { kind: "send", packet: request },
        { kind: "set_timer", delayMs: options.timeoutMs },
      ];
    },
    onSendStamp: (stamp) => {
      if (state.kind === "new" || state.kind === "done") return [];
      sentAt = stamp;
      sendStampIsFinal = true;
      return finishIfStamped();
    },
    onSendStampMissing: () => {
      sendStampIsFinal = true;
      return finishIfStamped();
    },
    onDatagram: (arrival) => {
      const { reason } = judgeExchange({ ...evidence(arrival), t1: arrival.receivedAt });
      const carriesNonce = reason !== "truncated" && reason !== "origin_mismatch";
      if (state.kind !== "waiting") {
        return [{ kind: "ignored", why: carriesNonce ? ignoredWhenOver(state) : "spoofed" }];
      }
      if (!carriesNonce) {
        state = { kind: "waiting", stranger: betterStranger(state.stranger, arrival, reason) };
        return [{ kind: "ignored", why: "spoofed" }];
      }
      state = { kind: "answered", answer: arrival };
      return finishIfStamped();
    },
    onTimer: () => {
      if (state.kind === "waiting") return finish(state.stranger);
      return state.kind === "answered" ? finish(state.answer) : [];
    },
    onNetworkError: (reason) => (state.kind === "waiting" ? finish(undefined, reason) : []),
    onClockStep: (stepNs) => {
      if (state.kind === "waiting") clockStepNs += stepNs;
    },
  };
}

/** A whole packet of a stranger tells more than a fragment; of equals the first is kept. */
function betterStranger(
  kept: Arrival | undefined,
  next: Arrival,
  reason: SampleReason | undefined,
): Arrival {
  if (kept === undefined) return next;
  return reason === "origin_mismatch" && kept.bytes.length < NTP_HEADER_BYTES ? next : kept;
}

function ignoredWhenOver(state: ExchangeState): IgnoredDatagram {
  const wasAnswered =
    state.kind === "answered" ||
    (state.kind === "done" &&
      state.sample.packet !== undefined &&
      state.sample.reason !== "origin_mismatch");
  return wasAnswered ? "duplicate" : "late";
}
