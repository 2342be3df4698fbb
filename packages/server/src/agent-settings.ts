// What the agents' side of the control plane is configured with.

import { AGENT_LIFETIME_DEFAULT_MS, MONITOR_DOMAIN_DEFAULT } from "@truechimer/pki";

export type AgentEnvironment = "prod" | "test" | "devel";

export interface AgentSettings {
  /** Names of agents are `<label>.<environment>.<monitorDomain>`. */
  readonly monitorDomain: string;
  readonly environment: AgentEnvironment;
  readonly certificateLifetimeMs: number;
  /** Address of the agents' listener as agents reach it, such as "https://agents.example:8124". Default: its own. */
  readonly publicUrl?: string;
  /** Whether agents of the NTP Pool, which ask for it, are given a key of our making. Others make their own. */
  readonly serverMadeKeys: boolean;
  /**
   * Whether results without tickets (version 2) are taken, from agents that know no other. Whoever has such an agent's
   * credential can then report on any server that its monitor is assigned to, asked or not.
   */
  readonly ticketlessAllowed: boolean;
  /** Addresses and networks of proxies whose `X-Forwarded-For` says where an agent is. Empty: nobody's does. */
  readonly trustedProxies: readonly string[];
}

export const AGENT_SETTINGS: AgentSettings = {
  monitorDomain: MONITOR_DOMAIN_DEFAULT,
  environment: "prod",
  certificateLifetimeMs: AGENT_LIFETIME_DEFAULT_MS,
  serverMadeKeys: false,
  ticketlessAllowed: false,
  trustedProxies: [],
};
