// The exchanges of one check in interleaved mode: each request asks, beside the basic answer, for the time at which the
// answer before it really left. A server that knows the mode gives it, and the sample then has the four stamps of the
// exchange before, all of them taken by kernels; any other answers as ever, and the sample is a basic one. So a check has
// as many samples as exchanges, whatever the server is. RFC 9769, section 2.
//
// It ends with its check: what a server remembers of a client must not outlive the visit, or the origin of our requests
// would tell observers that two visits from different ports are of one client.

import type { Random } from "@truechimer/base";
import {
  type ClientRequest,
  createClientRequest,
  createInterleavedRequest,
} from "./client-request.ts";
import { type EarlierSample, judgeExchange } from "./judge-exchange.ts";
import type { Exchange, Sample } from "./sample.ts";
import type { SampleReason } from "./sample-reason.ts";

/**
 * Requests without an answer after which a check begins anew in basic mode: the stamps that it asks for grow old, and
 * servers forget them. chronyd's number.
 */
const UNANSWERED_MAX = 4;

/** One exchange at a time: `nextRequest`, then `judge` with what became of it. */
export interface InterleavedSession {
  /** The first is a basic one, and so is each after an answer that was not good. */
  nextRequest(random: Random): ClientRequest;
  /** Judges in view of the samples before; `silenceReason` as in `JudgeContext`. */
  judge(exchange: Exchange, silenceReason?: SampleReason): Sample;
}

/** A session for one check of one server. */
export function createInterleavedSession(): InterleavedSession {
  return new Session();
}

/** Of the samples before it keeps what another one may be judged by, and nothing else: thousands are under way at once. */
class Session implements InterleavedSession {
  /** The last answer, if it was good: what a next one in interleaved mode completes. */
  #lastGood: EarlierSample | undefined;
  /** Requests since the last answer, good or not. */
  #unanswered = 0;

  nextRequest(random: Random): ClientRequest {
    const earlierReceiveTimestamp =
      this.#unanswered >= UNANSWERED_MAX ? undefined : this.#lastGood?.packet?.receiveTimestamp;
    return earlierReceiveTimestamp === undefined
      ? createClientRequest(random)
      : createInterleavedRequest(random, earlierReceiveTimestamp);
  }

  judge(exchange: Exchange, silenceReason?: SampleReason): Sample {
    const earlier = this.#lastGood === undefined ? NONE : [this.#lastGood];
    const sample = judgeExchange(exchange, { silenceReason, earlier });
    if (exchange.response === undefined) this.#unanswered += 1;
    else this.#remember(sample);
    return sample;
  }

  #remember({ exchange, reason, packet }: Sample): void {
    this.#unanswered = 0;
    const { receiveTimestamp } = packet ?? {};
    const isGood = reason === undefined && receiveTimestamp !== undefined;
    this.#lastGood = isGood ? { exchange, reason, packet: { receiveTimestamp } } : undefined;
  }
}

const NONE: readonly EarlierSample[] = [];
