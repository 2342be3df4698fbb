// The loop that keeps a monitor's configuration fresh.

import { sleep } from "@truechimer/base";
import { nextConfigFetchMs } from "./config-schedule.ts";
import { GET_CONFIG_TIMEOUT_MS } from "./monitor-client.ts";
import { monitorConfigFrom } from "./monitor-config.ts";
import type { MonitorContext } from "./monitor-context.ts";
import { rpcFailureFrom } from "./rpc-failure.ts";

/** Runs until `stopping` is aborted; never rejects. */
export async function configureMonitor(context: MonitorContext): Promise<void> {
  const { clock, config, signals } = context;
  let failures = 0;
  while (!signals.stopping.aborted) {
    const failed = !(await fetchConfig(context));
    if (failed) failures += 1;
    const configured = config.current !== undefined;
    const restMs = nextConfigFetchMs({ failed, configured, failures });
    await sleep(clock, restMs, signals.stopping).catch(() => {});
  }
}

async function fetchConfig(context: MonitorContext): Promise<boolean> {
  const { address, client, config, logger, signals } = context;
  try {
    const message = await client.getConfig(
      { monId: address.text },
      { timeoutMs: GET_CONFIG_TIMEOUT_MS, signal: signals.stopping },
    );
    config.set(monitorConfigFrom(message, context));
    logger.debug({}, "configuration received");
    return true;
  } catch (error) {
    if (signals.stopping.aborted) return false;
    const { code, message } = rpcFailureFrom(error);
    logger.warn({ code, detail: message }, "configuration not received");
    return false;
  }
}
