// Which monitors are to work, and with whose credentials: fixed ones, or those of a configuration that changes.

import type { IpAddress } from "@truechimer/base";
import type { AgentOptions } from "./agent-options.ts";
import type { AgentCredentials, SourceMonitorStatus } from "./monitor-source.ts";

export interface WantedMonitor {
  /** Of one key there is one at a time. */
  readonly key: string;
  readonly address: IpAddress;
  readonly status: SourceMonitorStatus;
  readonly localAddress: IpAddress | undefined;
}

export interface WantedMonitors {
  list(): readonly WantedMonitor[];
  subscribe(listener: () => void): () => void;
  /** The control plane refuses work. */
  refresh(): void;
  /** Absent: nobody's. */
  credentialsOf(monId: string): Pick<AgentCredentials, "bearer"> | undefined;
}

export function wantedMonitors({ monitors }: Pick<AgentOptions, "monitors">): WantedMonitors {
  if ("source" in monitors) {
    const { source, credentials } = monitors;
    return {
      list: () =>
        source.monitors.map(({ family, address, status, localAddress }) => ({
          key: family,
          address,
          status,
          localAddress,
        })),
      subscribe: (listener) => source.subscribe(listener),
      refresh: () => source.refresh?.(),
      credentialsOf: () => credentials,
    };
  }
  const tokens = new Map(monitors.map(({ address, token }) => [address.text, token]));
  return {
    list: () =>
      monitors.map(({ address, localAddress }) => ({
        key: address.text,
        address,
        status: "active",
        localAddress,
      })),
    subscribe: () => () => {},
    refresh: () => {},
    credentialsOf: (monId) => {
      const token = tokens.get(monId);
      return token === undefined ? undefined : { bearer: () => Promise.resolve(token) };
    },
  };
}
