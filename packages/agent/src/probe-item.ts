// Checks one server within the agent's limits.

import { addressScope, type IpAddress } from "@truechimer/base";
import type { CheckResult } from "@truechimer/ntp";
import { type MonitorConfig, sampleIntervalMsFor } from "./monitor-config.ts";
import type { MonitorContext } from "./monitor-context.ts";
import { type CheckTarget, type RunCheckOptions, runCheck } from "./run-check.ts";
import type { GiveBack } from "./slots.ts";
import type { ProbingPeriod } from "./work-gate.ts";

/**
 * One check within the agent's limit on checks in flight; it takes no place while the server is to be left alone.
 * `samples`: default, what the configuration says.
 */
export async function probe(
  target: CheckTarget,
  context: MonitorContext,
  { hurry, probing, samples }: ProbingPeriod & { readonly samples?: number },
): Promise<CheckResult> {
  const place = await placeFor(target, context, hurry);
  context.metrics.checksInFlight(context.checkSlots.taken);
  const options = checkOptions(target, context, { place, hurry, probing });
  const settings = { ...options.settings, samples: samples ?? options.settings.samples };
  try {
    return await runCheck(target, { ...options, settings });
  } finally {
    place.giveBack();
  }
}

/** A place among the checks in flight, and the configuration that is in force then. */
export interface Place {
  readonly config: MonitorConfig;
  /** Who is asking, in the server's eyes. */
  readonly client: string;
  readonly giveBack: GiveBack;
}

/** Absent: it has to be waited for. */
export function placeNow(
  target: CheckTarget,
  context: MonitorContext,
  hurry: AbortSignal,
): Place | undefined {
  const config = context.config.current;
  if (config === undefined || hurry.aborted) return undefined;
  const client = clientSeenBy(target, context, config);
  const { address, port } = target;
  if (!context.pace.isFree({ address, port, client })) return undefined;
  const giveBack = context.checkSlots.takeNow();
  return giveBack && { config, client, giveBack };
}

export async function placeFor(
  target: CheckTarget,
  context: MonitorContext,
  hurry: AbortSignal,
): Promise<Place> {
  const config = context.config.current ?? (await context.config.inForce(hurry));
  const client = clientSeenBy(target, context, config);
  const { address, port } = target;
  await context.pace.untilFree({ address, port, client }, hurry);
  return { config, client, giveBack: await context.checkSlots.take(hurry) };
}

/** How a check of a target is carried out. */
export function checkOptions(
  target: CheckTarget,
  context: MonitorContext,
  { place, hurry, probing }: ProbingPeriod & { readonly place: Place },
): RunCheckOptions {
  const { socket, clock, pace } = context;
  const { config, client } = place;
  return {
    settings: {
      samples: config.samples,
      sampleIntervalMs: sampleIntervalMsFor(target.address, config),
      sampleTimeoutMs: config.sampleTimeoutMs,
    },
    socket,
    clock,
    pace,
    localAddress: sourceAddress(context, config),
    client,
    signal: probing,
    hurry,
  };
}

/**
 * The monitor's own address is not bound to: behind a NAT no interface has it. Of a control plane of the NTP Pool an
 * absent NAT address is absent, too, where its agent takes it for the wildcard.
 */
export function sourceAddress(
  context: MonitorContext,
  config: MonitorConfig,
): IpAddress | undefined {
  return context.localAddress ?? config.natAddress;
}

/** Monitors with one source address are one client; but on loopback, where all have one, each is its own. */
export function clientSeenBy(
  { address }: Pick<CheckTarget, "address">,
  context: MonitorContext,
  config: MonitorConfig,
): string {
  const source = sourceAddress(context, config);
  if (source !== undefined) return source.text;
  return addressScope(address) === "loopback" ? context.address.text : "";
}
