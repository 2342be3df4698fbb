// Carries out one visit to one server: one exchange after the other with a rest between, until the rules of a check end it.
// A server that knows interleaved mode is asked in it from the second sample on.
//
// Of each sample a check under way keeps what is told in the end. What else was made of it is several times as much, and
// is made again from the evidence for those who want to see it.

import {
  type AbortListener,
  AppError,
  type Clock,
  type IpAddress,
  listenForAbort,
  stopListeningForAbort,
} from "@truechimer/base";
import {
  type CheckResult,
  checkResultOf,
  createInterleavedSession,
  endsCheck,
  judgeExchanges,
  type KeptSample,
  keptSample,
  type Sample,
  samplesOfCheck,
} from "@truechimer/ntp";
import type { ExchangeRequest, ProbeSocket } from "@truechimer/udp";
import type { ServerPace, ServerVisit, Turn } from "./server-pace.ts";

export interface CheckTarget {
  readonly address: IpAddress;
  /** UDP port. */
  readonly port: number;
  /** How often it is checked. Absent: not known. */
  readonly checkIntervalMs?: number | undefined;
}

export interface CheckSettings {
  readonly samples: number;
  /** Shortest time between two samples to one server, within a check and between checks. */
  readonly sampleIntervalMs: number;
  readonly sampleTimeoutMs: number;
}

export interface RunCheckOptions {
  readonly settings: CheckSettings;
  readonly socket: ProbeSocket;
  readonly clock: Clock;
  readonly pace: ServerPace;
  /** What to send from. Absent: the system's choice. */
  readonly localAddress: IpAddress | undefined;
  /** Who is asking, in the server's eyes; see `ServerVisit`. */
  readonly client: string;
  /** Ends the check at once, without a result. */
  readonly signal: AbortSignal;
  /** Ends the check at its next pause: with the samples so far if one of them is good, else without a result. */
  readonly hurry: AbortSignal;
}

/** Who is told of a check's end. Either is called, once. */
export interface CheckListener {
  onChecked(result: CheckResult<KeptSample>): void;
  /** With AppError `stopped` or `limit_exceeded`, as `runCheck` rejects. */
  onCheckFailed(error: unknown): void;
}

/**
 * Resolves with the result whatever the network does. Rejects with AppError `stopped` when a signal ended it, and
 * `limit_exceeded` when the socket can take no more: such a check says nothing about the server and must not be reported.
 */
export function runCheck(target: CheckTarget, options: RunCheckOptions): Promise<CheckResult> {
  return new Promise((resolve, reject) => {
    beginCheck(target, options, {
      onChecked: ({ samples }) => resolve(wholeResult(samples)),
      onCheckFailed: reject,
    });
  });
}

/** The same for those who begin thousands of checks, and have no promise for each. */
export function beginCheck(
  target: CheckTarget,
  options: RunCheckOptions,
  listener: CheckListener,
): void {
  new CheckRun(target, options, listener).begin();
}

const NONE_TAKEN: readonly KeptSample[] = [];

/**
 * A check under way. An object that is called rather than a function that waits: thousands of them are in flight at once,
 * and what a waiting function and its promises hold is several times what the check itself does.
 */
class CheckRun implements AbortListener {
  readonly #options: RunCheckOptions;
  readonly #listener: CheckListener;
  /** One object for both, as it is all that each of them needs. */
  readonly #visit: ServerVisit & ExchangeRequest;
  #taken = NONE_TAKEN;
  #turn: Turn | undefined;
  #cancelRest: (() => void) | undefined;
  /** Made once, for each of its exchanges. */
  readonly #onSample = (sample: Sample): void => this.#sampled(sample);
  readonly #onFailure = (error: unknown): void => this.#failed(error);

  constructor(target: CheckTarget, options: RunCheckOptions, listener: CheckListener) {
    const { settings, localAddress, client } = options;
    const { address, port, checkIntervalMs } = target;
    this.#options = options;
    this.#listener = listener;
    const { sampleIntervalMs: intervalMs, sampleTimeoutMs: timeoutMs } = settings;
    const session = createInterleavedSession();
    const visit = { address, port, client, checkIntervalMs, intervalMs, timeoutMs, session };
    this.#visit = localAddress === undefined ? visit : { ...visit, localAddress };
  }

  begin(): void {
    const { pace, hurry } = this.#options;
    const turn = pace.turn(this.#visit, hurry);
    if (turn instanceof Promise) turn.then((mine) => this.#ask(mine), this.#onFailure);
    else this.#ask(turn);
  }

  #ask(turn: Turn): void {
    const { socket, signal } = this.#options;
    this.#turn = turn;
    socket.exchange(this.#visit, signal).then(this.#onSample, this.#onFailure);
  }

  #sampled(sample: Sample): void {
    const { pace, settings } = this.#options;
    const { reason } = sample;
    if (this.#turn !== undefined) pace.taken(this.#turn, this.#visit, reason);
    this.#turn = undefined;
    this.#taken = [...this.#taken, keptSample(sample)];
    if (endsCheck(reason, this.#taken.length, samplesOfCheck(settings.samples))) this.#end();
    else this.#rest(settings.sampleIntervalMs);
  }

  #failed(error: unknown): void {
    if (this.#turn !== undefined) this.#options.pace.leave(this.#turn);
    this.#turn = undefined;
    this.#listener.onCheckFailed(error);
  }

  #rest(delayMs: number): void {
    const { clock, hurry } = this.#options;
    if (hurry.aborted) {
      this.#hurry();
      return;
    }
    listenForAbort(hurry, this);
    this.#cancelRest = clock.setTimer(delayMs, () => {
      stopListeningForAbort(hurry, this);
      this.#cancelRest = undefined;
      this.begin();
    });
  }

  onAborted(): void {
    this.#cancelRest?.();
    this.#cancelRest = undefined;
    this.#hurry();
  }

  /** Without a good sample, it would be unfair to judge the server by fewer than it was due. */
  #hurry(): void {
    if (this.#taken.some(({ reason }) => reason === undefined)) this.#end();
    else {
      const why = "the check was stopped before it came to a result";
      this.#listener.onCheckFailed(new AppError("stopped", why));
    }
  }

  #end(): void {
    this.#listener.onChecked(checkResultOf(this.#taken));
  }
}

/** Judging needs nothing but the evidence, and comes to what it came to before. */
function wholeResult(kept: readonly KeptSample[]): CheckResult {
  const exchanges = kept.map(({ exchange }) => exchange);
  return checkResultOf(judgeExchanges(exchanges, (index) => kept[index]?.reason ?? "timeout"));
}
