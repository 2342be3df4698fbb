// What an agent's metrics and logs have in common on their way to a collector of OpenTelemetry.

import { hostname } from "node:os";
import type { Environment } from "@truechimer/agent";
import type { Clock } from "@truechimer/base";
import { PRODUCT_VERSION } from "../product-version.ts";

/** A collector that is away must not hold up the end. */
const FLUSH_LIMIT_MS = 1_500;

/** The path below the address that everybody configures. */
export function collectorUrl(otlpEndpoint: string, path: string): string {
  return otlpEndpoint.replace(/\/$/, "") + path;
}

/** Of the resource. */
export function collectorAttributes(environment: Environment): Readonly<Record<string, string>> {
  return {
    "service.name": "truechimer-agent",
    "service.version": PRODUCT_VERSION,
    "deployment.environment.name": environment,
    "host.name": hostname(),
  };
}

/** What waits is sent once more when `stack` is closed, as far as that is quick. */
export function deferFlush(stack: AsyncDisposableStack, clock: Clock, push: AsyncDisposable): void {
  stack.defer(async () => {
    let cancel = (): void => {};
    const limit = new Promise<void>((resolve) => {
      cancel = clock.setTimer(FLUSH_LIMIT_MS, resolve);
    });
    await Promise.race([push[Symbol.asyncDispose](), limit]);
    cancel();
  });
}
