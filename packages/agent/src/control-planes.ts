// The control plane as each monitor sees it: its client, its configuration, and its delivery, one for each address for
// as long as the agent runs, so that nothing is sent by two at once whatever becomes of the monitor.

import { type IpAddress, parseIpAddress } from "@truechimer/base";
import { silentAgentMetrics } from "./agent-metrics.ts";
import type { AgentParts } from "./agent-options.ts";
import { createConfigHolder } from "./config-holder.ts";
import { deliverSubmissions } from "./deliver-submissions.ts";
import { createMonitorClient } from "./monitor-client.ts";
import type { ControlPlaneContext } from "./monitor-context.ts";
import { createPeer } from "./peer.ts";
import type { SubmissionQueue } from "./queue/submission-queue.ts";
import { agentUserAgent } from "./user-agent.ts";
import type { WantedMonitors } from "./wanted-monitors.ts";

export interface ControlPlanesOptions {
  readonly queue: SubmissionQueue;
  readonly wanted: WantedMonitors;
  /** Resolves when nothing more will be appended to the queue. */
  readonly noMore: Promise<void>;
}

export interface ControlPlanes {
  /** The one for this address; what it delivers goes on after its monitor has ended. */
  of(address: IpAddress): ControlPlaneContext;
  /** What an earlier run measured for a monitor that may not be there any more. */
  deliverLeftOver(monId: string): void;
  delivered(): Promise<void>;
}

export function createControlPlanes(
  { options, createTransport, signals }: AgentParts,
  { queue, wanted, noMore }: ControlPlanesOptions,
): ControlPlanes {
  const { clock, random, metrics = silentAgentMetrics } = options;
  const userAgent = agentUserAgent({
    version: options.version,
    runtime: `node ${process.version}`,
  });
  const planes = new Map<string, ControlPlaneContext>();
  const deliveries: Promise<void>[] = [];

  const of = (address: IpAddress): ControlPlaneContext => {
    const known = planes.get(address.text);
    if (known !== undefined) return known;
    const credentials = wanted.credentialsOf(address.text) ?? NO_CREDENTIALS;
    const plane: ControlPlaneContext = {
      address,
      client: createMonitorClient({
        createTransport,
        credentials,
        userAgent,
        onCallEnded: (procedure, code) => metrics.callEnded(procedure, code),
      }),
      config: createConfigHolder(),
      peer: createPeer(),
      queue,
      clock,
      random,
      logger: options.logger.child({ monitor: address.text }),
      metrics,
    };
    planes.set(address.text, plane);
    deliveries.push(deliverSubmissions(plane, { signals, noMore }));
    return plane;
  };
  return {
    of,
    deliverLeftOver: (monId) => {
      const address = parseIpAddress(monId);
      if (address.ok && wanted.credentialsOf(monId) !== undefined) of(address.value);
    },
    delivered: async () => {
      await Promise.all(deliveries);
    },
  };
}

const NO_CREDENTIALS = { bearer: () => Promise.resolve(undefined) };
