// Carries out one visit to one server: the NTP check says what to do next, this file does it with a socket and a clock.
// A server that knows interleaved mode is asked in it from the second sample on.

import { AppError, type Clock, type IpAddress, whenAborted } from "@truechimer/base";
import {
  type CheckAction,
  type CheckResult,
  checkResultOf,
  createCheck,
  createInterleavedSession,
  type Sample,
} from "@truechimer/ntp";
import type { ProbeSocket } from "@truechimer/udp";
import type { ServerPace } from "./server-pace.ts";

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
export async function runCheck(
  target: CheckTarget,
  options: RunCheckOptions,
): Promise<CheckResult> {
  const { settings, clock, hurry } = options;
  const check = createCheck({ samples: settings.samples, gapMs: settings.sampleIntervalMs });
  const takeSample = sampler(target, options);
  let action: CheckAction = check.start();
  while (action.kind !== "done") {
    if (action.kind === "set_timer") {
      if (!(await slept(clock, action.delayMs, hurry))) return resultInHurry(check.samples);
      action = check.onTimer();
    } else {
      action = check.onSample(await takeSample());
    }
  }
  return action.result;
}

/** False: ended by the signal. */
function slept(clock: Clock, delayMs: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const cancel = clock.setTimer(delayMs, () => {
      stopListening();
      resolve(true);
    });
    const stopListening = whenAborted(signal, () => {
      cancel();
      resolve(false);
    });
  });
}

/** Without a good sample, it would be unfair to judge the server by fewer than it was due. */
function resultInHurry(samples: readonly Sample[]): CheckResult {
  if (samples.some(({ reason }) => reason === undefined)) return checkResultOf(samples);
  throw new AppError("stopped", "the check was stopped before it came to a result");
}

/** Takes the samples of one check: what they share is made once, as thousands of checks are under way. */
function sampler(target: CheckTarget, options: RunCheckOptions): () => Promise<Sample> {
  const { settings, socket, pace, localAddress, client, signal, hurry } = options;
  const { address, port, checkIntervalMs } = target;
  const visit = { address, port, client, checkIntervalMs, intervalMs: settings.sampleIntervalMs };
  const request = {
    address,
    port,
    timeoutMs: settings.sampleTimeoutMs,
    session: createInterleavedSession(),
    ...(localAddress === undefined ? {} : { localAddress }),
  };
  const ask = (): Promise<Sample> => socket.exchange(request, signal);
  return () => pace.atItsTurn(visit, hurry, ask);
}
