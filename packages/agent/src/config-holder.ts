// The configuration in force for one monitor.

import { assert } from "@truechimer/base";
import type { MonitorConfig } from "./monitor-config.ts";
import { resolvedOrAborted } from "./resolved-or-aborted.ts";
import { createWaker, type Waker } from "./waker.ts";

export interface ConfigHolder {
  /** Absent: none was received yet. */
  readonly current: MonitorConfig | undefined;
  set(config: MonitorConfig): void;
  /** The current one, as soon as there is one; rejects with the signal's reason. */
  inForce(signal: AbortSignal): Promise<MonitorConfig>;
  /** Woken when it is wanted before its time. */
  readonly wanted: Waker;
}

export function createConfigHolder(): ConfigHolder {
  let current: MonitorConfig | undefined;
  const received = Promise.withResolvers<void>();
  return {
    wanted: createWaker(),
    get current() {
      return current;
    },
    set: (config) => {
      // Whoever hands out work names no broker.
      current = config.broker === undefined ? { ...config, broker: current?.broker } : config;
      received.resolve();
    },
    inForce: async (signal) => {
      if (current === undefined) await resolvedOrAborted(received.promise, signal);
      assert(current !== undefined, "a configuration was received");
      return current;
    },
  };
}
