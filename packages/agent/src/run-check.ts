// Carries out one visit to one server: the NTP check says what to do next, this file does it with a socket and a clock.
// A server that knows interleaved mode is asked in it from the second sample on.

import { AppError, type Clock, type IpAddress, sleep } from "@truechimer/base";
import {
  type CheckAction,
  type CheckResult,
  checkResultOf,
  createCheck,
  createInterleavedSession,
  type InterleavedSession,
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
  const session = createInterleavedSession();
  const samples: Sample[] = [];
  let action: CheckAction = check.start();
  while (action.kind !== "done") {
    if (action.kind === "set_timer") {
      if (!(await slept(clock, action.delayMs, hurry))) return resultInHurry(samples);
      action = check.onTimer();
    } else {
      const sample = await takeSample(target, session, options);
      samples.push(sample);
      action = check.onSample(sample);
    }
  }
  return action.result;
}

async function slept(clock: Clock, delayMs: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(clock, delayMs, signal);
    return true;
  } catch {
    return false;
  }
}

/** Without a good sample, it would be unfair to judge the server by fewer than it was due. */
function resultInHurry(samples: readonly Sample[]): CheckResult {
  if (samples.some(({ reason }) => reason === undefined)) return checkResultOf(samples);
  throw new AppError("stopped", "the check was stopped before it came to a result");
}

async function takeSample(
  target: CheckTarget,
  session: InterleavedSession,
  options: RunCheckOptions,
): Promise<Sample> {
  const { settings, socket, pace, localAddress, client, signal, hurry } = options;
  const { address, port, checkIntervalMs } = target;
  const visit = { address, port, client, checkIntervalMs, intervalMs: settings.sampleIntervalMs };
  const request = {
    address,
    port,
    timeoutMs: settings.sampleTimeoutMs,
    session,
    ...(localAddress === undefined ? {} : { localAddress }),
  };
  return await pace.atItsTurn(visit, hurry, () => socket.exchange(request, signal));
}
