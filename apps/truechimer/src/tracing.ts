// Traces by option. Without the option nothing of OpenTelemetry's machinery is loaded.

import { startTracing } from "@truechimer/telemetry";
import type { Config } from "./config/config.ts";
import { PRODUCT_VERSION } from "./product-version.ts";

/** Where a collector takes traces, below the address that everybody configures. */
const TRACES_PATH = "/v1/traces";

/** What is queued is sent when `stack` is closed. */
export async function openTracing(
  stack: AsyncDisposableStack,
  { telemetry }: Config,
  serviceName: string,
): Promise<void> {
  if (telemetry.otlpEndpoint === undefined) return;
  const endpoint = telemetry.otlpEndpoint.replace(/\/$/, "") + TRACES_PATH;
  stack.use(await startTracing({ serviceName, version: PRODUCT_VERSION, endpoint }));
}
