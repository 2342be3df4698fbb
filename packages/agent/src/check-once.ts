// One check of each of some servers, without a control plane: what the command line's `check` does.

import { setMaxListeners } from "node:events";
import type { Clock, IpAddress, UnixNs } from "@truechimer/base";
import {
  CHECK_SAMPLES_DEFAULT,
  type CheckResult,
  SAMPLE_GAP_MS_DEFAULT,
  SAMPLE_TIMEOUT_MS_DEFAULT,
} from "@truechimer/ntp";
import type { ProbeSocket } from "@truechimer/udp";
import { type CheckTarget, runCheck } from "./run-check.ts";
import { createServerPace } from "./server-pace.ts";
import { createSlots } from "./slots.ts";

export interface CheckOnceOptions {
  readonly socket: ProbeSocket;
  readonly clock: Clock;
  /** Samples of each server. Default 3. */
  readonly samples?: number;
  /** Default 2 s. */
  readonly sampleIntervalMs?: number;
  /** Default 3 s. */
  readonly sampleTimeoutMs?: number;
  /** What to send from. Default: the system's choice. */
  readonly localAddress?: IpAddress;
  /** Checks under way at once. Default 100. */
  readonly checksInFlightMax?: number;
  /** Ends all checks: one that has a good sample by then still counts; without, the promise rejects. */
  readonly signal?: AbortSignal;
  /** Called as each check ends, in the order of ending. */
  readonly onChecked?: (checked: CheckedTarget<CheckTarget>) => void;
}

export interface CheckedTarget<Target extends CheckTarget> {
  readonly target: Target;
  readonly result: CheckResult;
  /** Wall clock at the end of the check. */
  readonly endedAtNs: UnixNs;
  readonly tookMs: number;
}

const CHECKS_IN_FLIGHT_MAX = 100;
const NS_PER_MS = 1_000_000;

/** All results, in the order of the targets. Any address that is asked for is probed. */
export async function checkOnce<Target extends CheckTarget>(
  targets: readonly Target[],
  options: CheckOnceOptions,
): Promise<readonly CheckedTarget<Target>[]> {
  const { clock, socket } = options;
  const signal = options.signal ?? new AbortController().signal;
  const own = AbortSignal.any([signal]);
  setMaxListeners(0, own);
  const slots = createSlots(options.checksInFlightMax ?? CHECKS_IN_FLIGHT_MAX);
  const pace = createServerPace(clock);
  const settings = {
    samples: options.samples ?? CHECK_SAMPLES_DEFAULT,
    sampleIntervalMs: options.sampleIntervalMs ?? SAMPLE_GAP_MS_DEFAULT,
    sampleTimeoutMs: options.sampleTimeoutMs ?? SAMPLE_TIMEOUT_MS_DEFAULT,
  };
  const { localAddress } = options;
  const check = async (target: Target): Promise<CheckedTarget<Target>> => {
    const startedNs = clock.monotonicNs();
    const result = await runCheck(target, {
      settings,
      socket,
      clock,
      pace,
      localAddress,
      client: "",
      signal: own,
      hurry: own,
    });
    const tookMs = Number(clock.monotonicNs() - startedNs) / NS_PER_MS;
    const checked = { target, result, endedAtNs: clock.nowNs(), tookMs };
    options.onChecked?.(checked);
    return checked;
  };
  return await Promise.all(targets.map((target) => slots.hold(own, () => check(target))));
}
