// The configuration in force for one monitor.

import { assert } from "@truechimer/base";
import type { MonitorConfig } from "./monitor-config.ts";
import { resolvedOrAborted } from "./resolved-or-aborted.ts";

export interface ConfigHolder {
  /** Absent: none was received yet. */
  readonly current: MonitorConfig | undefined;
  set(config: MonitorConfig): void;
  /** The current one, as soon as there is one; rejects with the signal's reason. */
  inForce(signal: AbortSignal): Promise<MonitorConfig>;
}

export function createConfigHolder(): ConfigHolder {
  let current: MonitorConfig | undefined;
  const received = Promise.withResolvers<void>();
  return {
    get current() {
      return current;
    },
    set: (config) => {
      current = config;
      received.resolve();
    },
    inForce: async (signal) => {
      if (current === undefined) await resolvedOrAborted(received.promise, signal);
      assert(current !== undefined, "a configuration was received");
      return current;
    },
  };
}
