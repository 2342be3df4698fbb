// How the agent names itself. A control plane of the NTP Pool takes the part between `ntppool-agent/` and the next
// slash as the version of its protocol, compares it as a semantic version (below 3.8.5 an offset of 0 is not believed),
// and keeps the whole; so that part names the agent of theirs that we are a match for, and ours follows.

/** The NTP Pool's agent whose protocol this one speaks. */
export const NTPPOOL_AGENT_VERSION: string = "v4.1.5";

export interface UserAgentOptions {
  /** Truechimer's version, such as "0.1.0". */
  readonly version: string;
  /** What it runs on, such as "node v26.10.0". */
  readonly runtime: string;
}

/** "ntppool-agent/v4.1.5/truechimer-0.1.0 (node v26.10.0)". */
export function agentUserAgent({ version, runtime }: UserAgentOptions): string {
  return `ntppool-agent/${NTPPOOL_AGENT_VERSION}/truechimer-${version} (${runtime})`;
}
