// enrolment.json: where an agent is enrolled, which the NTP Pool's state.json has no field for.

import { ok, type Result, refused } from "@truechimer/base";

export interface Enrolment {
  /** Where people and unenrolled agents call. */
  readonly serverUrl: string;
  /** Where the agent calls with its certificate. Absent: enrolled by registration, its hosts come from the settings. */
  readonly agentUrl: string | undefined;
}

export function parseEnrolmentFile(text: string): Result<Enrolment, string> {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return refused("it is not complete JSON");
  }
  if (typeof raw !== "object" || raw === null) return refused("it is no JSON object");
  const { server_url: serverUrl, agent_url: agentUrl } = raw as Readonly<Record<string, unknown>>;
  if (typeof serverUrl !== "string" || URL.parse(serverUrl) === null) {
    return refused("server_url is no address");
  }
  if (agentUrl === undefined) return ok({ serverUrl, agentUrl });
  if (typeof agentUrl !== "string" || URL.parse(agentUrl) === null) {
    return refused("agent_url is no address");
  }
  return ok({ serverUrl, agentUrl });
}

export function encodeEnrolmentFile({ serverUrl, agentUrl }: Enrolment): string {
  return `${JSON.stringify({ server_url: serverUrl, agent_url: agentUrl }, undefined, 2)}\n`;
}
