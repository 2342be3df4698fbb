// A configuration that a test changes at will.

import type { AgentCredentials, MonitorSource, SourceMonitor } from "@truechimer/agent";

export interface ChangingSource extends MonitorSource {
  set(monitors: readonly SourceMonitor[]): void;
  readonly listeners: number;
  refreshes: number;
}

export function createChangingSource(initial: readonly SourceMonitor[]): ChangingSource {
  const listeners = new Set<() => void>();
  let monitors = initial;
  const source: ChangingSource = {
    get monitors() {
      return monitors;
    },
    get listeners() {
      return listeners.size;
    },
    refreshes: 0,
    refresh: () => {
      source.refreshes += 1;
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    set: (next) => {
      monitors = next;
      for (const listener of listeners) listener();
    },
  };
  return source;
}

export const TOKEN_CREDENTIALS: AgentCredentials = {
  bearer: () => Promise.resolve("tcm_secret"),
  tls: undefined,
  subscribe: () => () => {},
};
