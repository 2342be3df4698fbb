// Traces by option. Without the option nothing of OpenTelemetry's machinery is loaded.

import type { Clock } from "@truechimer/base";
import { startTracing } from "@truechimer/telemetry";
import { PRODUCT_VERSION } from "./product-version.ts";

/** Where a collector takes traces, below the address that everybody configures. */
const TRACES_PATH = "/v1/traces";
/** A collector that is away must not hold up the end; the last traces are worth no more than this. */
const FLUSH_LIMIT_MS = 1_500;

export interface TracingStageOptions {
  /** Of the collector, without a path. Absent: nothing is traced. */
  readonly otlpEndpoint: string | undefined;
  readonly clock: Clock;
  /** As the collector shows it. */
  readonly serviceName: string;
}

/** What is queued is sent when `stack` is closed, as far as the collector takes it in time. */
export async function openTracing(
  stack: AsyncDisposableStack,
  { otlpEndpoint, clock, serviceName }: TracingStageOptions,
): Promise<void> {
  if (otlpEndpoint === undefined) return;
  const endpoint = otlpEndpoint.replace(/\/$/, "") + TRACES_PATH;
  const tracing = await startTracing({ serviceName, version: PRODUCT_VERSION, endpoint });
  stack.defer(async () => {
    let cancel = (): void => {};
    const limit = new Promise<void>((resolve) => {
      cancel = clock.setTimer(FLUSH_LIMIT_MS, resolve);
    });
    await Promise.race([tracing[Symbol.asyncDispose](), limit]);
    cancel();
  });
}
