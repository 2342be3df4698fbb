// An enrolled agent at work: for the control plane that its identity names, and for another one as soon as it names
// another. Waits, however long, while there is none, or no leave to work.

import {
  type Agent,
  type AgentIdentity,
  canProbe,
  type HostSettings,
  type Hosts,
  hostsOf,
  type IdentitySnapshot,
} from "@truechimer/agent";
import type { Logger } from "@truechimer/telemetry";

export interface FollowOptions {
  readonly identity: Pick<AgentIdentity, "current" | "subscribe" | "waitUntilLive">;
  readonly hosts: HostSettings;
  /** Not started. */
  readonly createAgent: (hosts: Hosts) => Agent;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Resolves when `signal` is aborted and the agent has ended. */
export async function followControlPlane(options: FollowOptions): Promise<void> {
  const { identity, hosts: settings, logger, signal } = options;
  while (!signal.aborted) {
    const snapshot = await live(options);
    if (snapshot === undefined) return;
    const found = hostsOf(settings, snapshot);
    if (!found.ok) {
      logger.error({ problem: found.error }, "no control plane to work for");
      await untilChanged(options, () => identity.current !== snapshot);
      continue;
    }
    await using agent = options.createAgent(found.value);
    agent.start();
    await untilChanged(options, () => !sameHosts(settings, identity.current, found.value));
  }
}

/** Undefined: stopped before. */
async function live({ identity, signal }: FollowOptions): Promise<IdentitySnapshot | undefined> {
  const { current } = identity;
  // A certificate in the last third of its life, or none at all, is no reason to rest: the bearer token tells who calls.
  if (canProbe(current, "v4") || canProbe(current, "v6")) return current;
  try {
    return await identity.waitUntilLive(signal);
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

function sameHosts(settings: HostSettings, snapshot: IdentitySnapshot, hosts: Hosts): boolean {
  const now = hostsOf(settings, snapshot);
  // What cannot be told for a moment is no change.
  return !now.ok || now.value.monitorUrl === hosts.monitorUrl;
}

function untilChanged(
  { identity, signal }: FollowOptions,
  isChanged: () => boolean,
): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      stop();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const stop = identity.subscribe(() => {
      if (isChanged()) end();
    });
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted || isChanged()) end();
  });
}
