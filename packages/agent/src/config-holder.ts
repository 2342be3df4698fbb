// The configuration in force for one monitor.

import type { MonitorConfig } from "./monitor-config.ts";

export interface ConfigHolder {
  /** Absent: none was received yet. */
  readonly current: MonitorConfig | undefined;
  set(config: MonitorConfig): void;
  /** Resolves with the first configuration; rejects with the signal's reason. */
  first(signal: AbortSignal): Promise<MonitorConfig>;
}

export function createConfigHolder(): ConfigHolder {
  let current: MonitorConfig | undefined;
  const received = Promise.withResolvers<MonitorConfig>();
  return {
    get current() {
      return current;
    },
    set: (config) => {
      current = config;
      received.resolve(config);
    },
    first: (signal) =>
      new Promise((resolve, reject) => {
        const onAbort = (): void => reject(signal.reason as Error);
        if (signal.aborted) onAbort();
        signal.addEventListener("abort", onAbort, { once: true });
        void received.promise.then((config) => {
          signal.removeEventListener("abort", onAbort);
          resolve(config);
        });
      }),
  };
}
