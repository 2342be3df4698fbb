// An agent's log, copied to a collector of OpenTelemetry from a level up that the control plane names. What stands on
// standard error has a level of its own. What pushes it is only loaded where there is a collector.

import type { Environment, OtlpLogLevel } from "@truechimer/agent";
import type { Clock } from "@truechimer/base";
import type { Logger } from "@truechimer/telemetry";
import { collectorAttributes, collectorUrl, deferFlush } from "./collector.ts";

export interface PublishLogsOptions {
  readonly logger: Logger;
  /** Without a path. Absent: nothing is copied. */
  readonly otlpEndpoint: string | undefined;
  readonly environment: Environment;
  /** Everything is copied, whatever the control plane says. */
  readonly debug: boolean;
  readonly clock: Clock;
}

export interface PublishedLogs {
  readonly logger: Logger;
  /** From the next line on. */
  readonly setLevel: (level: OtlpLogLevel) => void;
}

const LOGS_PATH = "/v1/logs";

/** Until `stack` is closed. */
export async function publishLogs(
  stack: AsyncDisposableStack,
  { logger, otlpEndpoint, environment, debug, clock }: PublishLogsOptions,
): Promise<PublishedLogs> {
  if (otlpEndpoint === undefined) return { logger, setLevel: () => {} };
  const { startLogsPush } = await import("@truechimer/telemetry");
  const push = startLogsPush({
    endpoint: collectorUrl(otlpEndpoint, LOGS_PATH),
    attributes: collectorAttributes(environment),
    clock,
    level: debug ? "debug" : "info",
    // To standard error alone: what cannot be sent is no reason to send more.
    onFailure: (error) => logger.warn({ error }, "log not taken by the collector"),
  });
  deferFlush(stack, clock, push);
  const copied = push.copyOf(logger);
  return {
    logger: copied,
    setLevel: (level) => {
      if (debug || push.level === level) return;
      push.setLevel(level);
      copied.info({ from: level }, "the log is copied to the collector from another level up");
    },
  };
}
