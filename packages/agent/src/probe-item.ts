// Checks one server that a batch or a lease names, within the agent's limits.

import { AppError, addressScope, type IpAddress } from "@truechimer/base";
import { type CheckResult, checkResultWithoutSamples, isAgentFault } from "@truechimer/ntp";
import { addressRefusal } from "./address-policy.ts";
import { type MonitorConfig, sampleIntervalMsFor } from "./monitor-config.ts";
import type { MonitorContext } from "./monitor-context.ts";
import { type CheckTarget, runCheck } from "./run-check.ts";
import type { FinishedCheck } from "./server-status.ts";
import type { GiveBack } from "./slots.ts";
import type { WorkItem } from "./work-batch.ts";
import type { ProbingPeriod } from "./work-gate.ts";

/** Absent: there is nothing to tell of the server, because it was cut short or the fault is the agent's own. */
export async function probeItem(
  item: WorkItem,
  context: MonitorContext,
  period: ProbingPeriod,
): Promise<FinishedCheck | undefined> {
  const { clock, logger, metrics } = context;
  try {
    const config = context.config.current ?? (await context.config.inForce(period.hurry));
    const refusal = addressRefusal(item.address, config);
    if (refusal !== undefined) logger.warn({ refusal, port: item.port }, "server not probed");
    const result =
      refusal === undefined
        ? await probe(item, context, period)
        : checkResultWithoutSamples("address_refused");
    metrics.checkEnded({
      family: item.address.family,
      reason: result.outcome.reason ?? "",
      queries: result.samples.length,
    });
    metrics.checksInFlight(context.checkSlots.taken);
    if (isAgentFault(result.outcome.reason)) {
      logger.warn(
        { reason: result.outcome.reason },
        "check says nothing about the server: dropped",
      );
      return undefined;
    }
    return { item, result, endedAtNs: clock.nowNs() };
  } catch (error) {
    // Stopped, or the socket is full: our doing, so nothing is said about the server. It will be handed out again.
    const code = error instanceof AppError ? error.code : "internal";
    if (code !== "stopped") {
      logger.error({ server: item.address.text, port: item.port, error }, "check failed");
    }
    return undefined;
  }
}

/**
 * One check within the agent's limit on checks in flight; it takes no place while the server is to be left alone.
 * `samples`: default, what the configuration says.
 */
export function probe(
  target: CheckTarget,
  context: MonitorContext,
  { hurry, probing, samples }: ProbingPeriod & { readonly samples?: number },
): Promise<CheckResult> {
  const { checkSlots, metrics, socket, clock, pace } = context;
  return placeFor(target, context, hurry).then(({ config, client, giveBack }) => {
    metrics.checksInFlight(checkSlots.taken);
    return runCheck(target, {
      settings: {
        samples: samples ?? config.samples,
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
    }).finally(giveBack);
  });
}

interface Place {
  readonly config: MonitorConfig;
  readonly client: string;
  readonly giveBack: GiveBack;
}

async function placeFor(
  { address, port }: CheckTarget,
  context: MonitorContext,
  hurry: AbortSignal,
): Promise<Place> {
  const { checkSlots, pace } = context;
  const config = context.config.current ?? (await context.config.inForce(hurry));
  const client = clientSeenBy({ address }, context, config);
  await pace.untilFree({ address, port, client }, hurry);
  return { config, client, giveBack: await checkSlots.take(hurry) };
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
