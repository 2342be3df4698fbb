// The name that a new agent's certificate will have, in our domain and environment.

import { createMonitorName } from "@truechimer/pki";
import type { ServerContext } from "../context.ts";

export function newAgentName(
  { agents, random }: Pick<ServerContext, "agents" | "random">,
  hostname: string,
): string {
  const { environment, monitorDomain: domain } = agents;
  return createMonitorName({ hostname, environment, domain, random }).name;
}
