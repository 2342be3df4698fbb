// Carries out one visit to one server: the NTP check says what to do next, this file does it with a socket and a clock.
// A server that knows interleaved mode is asked in it from the second sample on.

import { AppError, type Clock, type IpAddress, whenAborted } from "@truechimer/base";
import {
  type CheckAction,
  type CheckResult,
  checkResultOf,
  createCheck,
  createInterleavedSession,
  type NtpCheck,
} from "@truechimer/ntp";
import type { ExchangeRequest, ProbeSocket } from "@truechimer/udp";
import type { ServerPace, ServerVisit } from "./server-pace.ts";

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

/**
 * Resolves with the result whatever the network does. Rejects with AppError `stopped` when a signal ended it, and
 * `limit_exceeded` when the socket can take no more: such a check says nothing about the server and must not be reported.
 */
export function runCheck(target: CheckTarget, options: RunCheckOptions): Promise<CheckResult> {
  return new Promise((resolve, reject) => {
    new CheckRun(target, options, { resolve, reject }).begin();
  });
}

interface Outcome {
  readonly resolve: (result: CheckResult) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A check under way. An object that is called rather than a function that waits: thousands of them are in flight at once,
 * and what a waiting function and its promises hold is several times what the check itself does.
 */
class CheckRun {
  readonly #options: RunCheckOptions;
  readonly #outcome: Outcome;
  readonly #check: NtpCheck;
  readonly #visit: ServerVisit;
  readonly #request: ExchangeRequest;

  constructor(target: CheckTarget, options: RunCheckOptions, outcome: Outcome) {
    const { settings, localAddress, client } = options;
    const { samples, sampleIntervalMs, sampleTimeoutMs } = settings;
    const { address, port, checkIntervalMs } = target;
    this.#options = options;
    this.#outcome = outcome;
    this.#check = createCheck({ samples, gapMs: sampleIntervalMs });
    this.#visit = { address, port, client, checkIntervalMs, intervalMs: sampleIntervalMs };
    this.#request = {
      address,
      port,
      timeoutMs: sampleTimeoutMs,
      session: createInterleavedSession(),
      ...(localAddress === undefined ? {} : { localAddress }),
    };
  }

  begin(): void {
    this.#act(() => this.#check.start());
  }

  #act(next: () => CheckAction): void {
    try {
      const action = next();
      switch (action.kind) {
        case "done":
          this.#outcome.resolve(action.result);
          return;
        case "set_timer":
          this.#rest(action.delayMs);
          return;
        case "exchange":
          this.#exchange();
      }
    } catch (error) {
      this.#outcome.reject(error);
    }
  }

  #exchange(): void {
    const { pace, socket, signal, hurry } = this.#options;
    pace
      .atItsTurn(this.#visit, hurry, () => socket.exchange(this.#request, signal))
      .then((sample) => this.#act(() => this.#check.onSample(sample)), this.#outcome.reject);
  }

  #rest(delayMs: number): void {
    const { clock, hurry } = this.#options;
    if (hurry.aborted) {
      this.#hurry();
      return;
    }
    const cancel = clock.setTimer(delayMs, () => {
      stopListening();
      this.#act(() => this.#check.onTimer());
    });
    const stopListening = whenAborted(hurry, () => {
      cancel();
      this.#hurry();
    });
  }

  /** Without a good sample, it would be unfair to judge the server by fewer than it was due. */
  #hurry(): void {
    const { samples } = this.#check;
    const { resolve, reject } = this.#outcome;
    if (samples.some(({ reason }) => reason === undefined)) resolve(checkResultOf(samples));
    else reject(new AppError("stopped", "the check was stopped before it came to a result"));
  }
}
