// One exchange with one server, without a socket and without a clock: datagrams, stamps and timers come in, actions go
// out. What does not carry our nonce never ends an exchange, because the true answer may still come; the best of it is
// kept, and if nothing better has come by the timeout, it is the evidence of the failed sample.

import type { Random } from "@truechimer/base";
import { type ClientRequest, createClientRequest } from "./client-request.ts";
import type { InterleavedSession } from "./interleaved-session.ts";
import { judgeExchange } from "./judge-exchange.ts";
import { NTP_HEADER_BYTES } from "./ntp-packet.ts";
import { datagramAnswersRequest } from "./response-rules.ts";
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
  /** What the exchange is part of. Absent: it stands alone, in basic mode. */
  readonly session?: InterleavedSession;
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
  | { readonly kind: "done"; readonly sample: Sample; readonly wasAnswered: boolean };

/** Inputs in any order and any number; each gives the actions that follow from it. */
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

/** A new exchange with a fresh nonce; nothing happens before `start`. */
export function createNtpExchange(options: NtpExchangeOptions): NtpExchange {
  return new SansIoExchange(options);
}

const NOTHING: readonly ExchangeAction[] = [];

class SansIoExchange implements NtpExchange {
  readonly #options: NtpExchangeOptions;
  readonly #request: ClientRequest;
  #state: ExchangeState = { kind: "new" };
  #sentAt: Stamp | undefined;
  #sendStampIsFinal = false;
  #clockStepNs = 0n;

  constructor(options: NtpExchangeOptions) {
    this.#options = options;
    const { session, random } = options;
    this.#request = session?.nextRequest(random) ?? createClientRequest(random);
  }

  state(): ExchangeState {
    return this.#state;
  }

  start(sentAt: Stamp): readonly ExchangeAction[] {
    if (this.#state.kind !== "new") return NOTHING;
    this.#sentAt = sentAt;
    this.#state = { kind: "waiting", stranger: undefined };
    return [
      { kind: "send", packet: this.#request.bytes },
      { kind: "set_timer", delayMs: this.#options.timeoutMs },
    ];
  }

  onSendStamp(stamp: Stamp): readonly ExchangeAction[] {
    if (this.#state.kind === "waiting" || this.#state.kind === "answered") this.#sentAt = stamp;
    return this.onSendStampMissing();
  }

  onSendStampMissing(): readonly ExchangeAction[] {
    this.#sendStampIsFinal = true;
    return this.#finishIfStamped();
  }

  onDatagram(arrival: Arrival): readonly ExchangeAction[] {
    const isAnswer = datagramAnswersRequest(arrival.bytes, this.#request.bytes);
    const state = this.#state;
    if (state.kind !== "waiting") {
      const why = isAnswer ? whyTooLate(state) : "spoofed";
      return [{ kind: "ignored", why }];
    }
    if (!isAnswer) {
      this.#state = { kind: "waiting", stranger: betterStranger(state.stranger, arrival) };
      return [{ kind: "ignored", why: "spoofed" }];
    }
    this.#state = { kind: "answered", answer: arrival };
    return this.#finishIfStamped();
  }

  onTimer(): readonly ExchangeAction[] {
    const state = this.#state;
    if (state.kind === "waiting")
      return this.#finish({ arrival: state.stranger, wasAnswered: false });
    if (state.kind === "answered")
      return this.#finish({ arrival: state.answer, wasAnswered: true });
    return NOTHING;
  }

  onNetworkError(reason: SampleReason): readonly ExchangeAction[] {
    if (this.#state.kind !== "waiting") return NOTHING;
    return this.#finish({ arrival: undefined, wasAnswered: false, silenceReason: reason });
  }

  onClockStep(stepNs: bigint): void {
    if (this.#state.kind === "waiting") this.#clockStepNs += stepNs;
  }

  #finishIfStamped(): readonly ExchangeAction[] {
    if (this.#state.kind !== "answered" || !this.#sendStampIsFinal) return NOTHING;
    return this.#finish({ arrival: this.#state.answer, wasAnswered: true });
  }

  #finish(end: ExchangeEnd): readonly ExchangeAction[] {
    const { session } = this.#options;
    const { silenceReason } = end;
    const evidence = this.#evidence(end.arrival);
    const sample =
      session?.judge(evidence, silenceReason) ?? judgeExchange(evidence, { silenceReason });
    this.#state = { kind: "done", sample, wasAnswered: end.wasAnswered };
    return [{ kind: "done", sample }];
  }

  #evidence(arrival: Arrival | undefined): Exchange {
    const { sourceAddress, sourcePort, destinationAddress, destinationPort } = this.#options;
    return {
      request: this.#request.bytes,
      t1: this.#sentAt,
      response: arrival?.bytes,
      t4: arrival?.receivedAt,
      sourceAddress,
      sourcePort,
      destinationAddress,
      destinationPort,
      clockStepNs: this.#clockStepNs === 0n ? undefined : this.#clockStepNs,
    };
  }
}

interface ExchangeEnd {
  readonly arrival: Arrival | undefined;
  readonly wasAnswered: boolean;
  readonly silenceReason?: SampleReason;
}

/** A whole packet of a stranger tells more than a fragment; of equals the first is kept. */
function betterStranger(kept: Arrival | undefined, next: Arrival): Arrival {
  if (kept === undefined) return next;
  const keptIsFragment = kept.bytes.length < NTP_HEADER_BYTES;
  return keptIsFragment && next.bytes.length >= NTP_HEADER_BYTES ? next : kept;
}

function whyTooLate(state: ExchangeState): IgnoredDatagram {
  if (state.kind === "answered") return "duplicate";
  return state.kind === "done" && state.wasAnswered ? "duplicate" : "late";
}
