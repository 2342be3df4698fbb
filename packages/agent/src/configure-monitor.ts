// The loop that keeps a monitor's configuration fresh: hourly, and at once when something changed.

import { backOffDelayMs, REFUSED_BACK_OFF } from "./back-off.ts";
import { nextConfigFetchMs } from "./config-schedule.ts";
import { GET_CONFIG_TIMEOUT_MS } from "./monitor-client.ts";
import { monitorConfigFrom } from "./monitor-config.ts";
import type { MonitorContext } from "./monitor-context.ts";
import { rpcFailureFrom } from "./rpc-failure.ts";

/** Runs until `stopping` is aborted; never rejects. */
export async function configureMonitor(context: MonitorContext): Promise<void> {
  const { clock, config, gate, random, signals } = context;
  let failures = 0;
  let refusals = 0;
  while (!signals.stopping.aborted) {
    const fetched = await fetchConfig(context);
    if (fetched === "failed") failures += 1;
    const schedule = { failed: fetched === "failed", configured: config.current !== undefined };
    const restMs = fetched === "refused" ? 0 : nextConfigFetchMs({ ...schedule, failures });
    await config.wanted.rest(clock, restMs, signals.stopping);
    // Also when a configuration was given, but work was refused after that: ever more seldom.
    refusals = gate.refused ? refusals + 1 : 0;
    if (refusals > 0) {
      const refusedMs = backOffDelayMs(REFUSED_BACK_OFF, refusals, random);
      await config.wanted.rest(clock, refusedMs, signals.stopping);
    }
  }
}

async function fetchConfig(context: MonitorContext): Promise<"received" | "refused" | "failed"> {
  const { address, client, config, gate, logger, signals } = context;
  try {
    const message = await client.getConfig(
      { monId: address.text },
      { timeoutMs: GET_CONFIG_TIMEOUT_MS, signal: signals.stopping },
    );
    const received = monitorConfigFrom(message, context);
    config.set(received);
    // Of the configuration alone: one that comes with work changes no level, as with the NTP Pool's agent.
    if (received.otlpLogLevel !== undefined) context.onOtlpLogLevel(received.otlpLogLevel);
    gate.setRefused(false);
    logger.debug({}, "configuration received");
    return "received";
  } catch (error) {
    if (signals.stopping.aborted) return "failed";
    const { code, message, monitorRefused } = rpcFailureFrom(error);
    logger.warn({ code, detail: message }, "configuration not received");
    if (!monitorRefused) return "failed";
    gate.setRefused(true);
    return "refused";
  }
}
