// An agent's metrics to those who want them: Prometheus, a collector of OpenTelemetry, or both. What serves them is only
// loaded then.

import type { Environment } from "@truechimer/agent";
import type { Clock } from "@truechimer/base";
import type { Logger, Metrics } from "@truechimer/telemetry";
import { collectorAttributes, collectorUrl, deferFlush } from "./collector.ts";
import type { ListenAddress } from "./metrics-endpoint.ts";

export interface PublishMetricsOptions {
  readonly metrics: Metrics;
  readonly listen: ListenAddress | undefined;
  /** Without a path. */
  readonly otlpEndpoint: string | undefined;
  readonly environment: Environment;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Where a collector takes metrics, below the address that everybody configures. */
const METRICS_PATH = "/v1/metrics";

/** Until `stack` is closed. Gives the address for Prometheus, when there is one. */
export async function publishMetrics(
  stack: AsyncDisposableStack,
  options: PublishMetricsOptions,
): Promise<string | undefined> {
  const { metrics, listen, otlpEndpoint } = options;
  if (otlpEndpoint !== undefined) await openPush(stack, otlpEndpoint, options);
  if (listen === undefined) return undefined;
  const { serveMetrics } = await import("./metrics-endpoint.ts");
  return stack.use(await serveMetrics({ listen, metrics })).url;
}

async function openPush(
  stack: AsyncDisposableStack,
  otlpEndpoint: string,
  { metrics, environment, clock, logger }: PublishMetricsOptions,
): Promise<void> {
  const { startMetricsPush } = await import("@truechimer/telemetry");
  const push = startMetricsPush({
    metrics,
    endpoint: collectorUrl(otlpEndpoint, METRICS_PATH),
    attributes: collectorAttributes(environment),
    clock,
    onFailure: (error) => logger.warn({ error }, "metrics not taken by the collector"),
  });
  deferFlush(stack, clock, push);
}
