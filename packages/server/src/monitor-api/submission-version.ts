// Versions of SubmitResults: 2 has no tickets, 3 and 4 carry the reduced result with them, 5 the raw exchanges.

import type { AgentSettings } from "../agent-settings.ts";

/** Below it nothing proves that a server was handed out; taken only where an operator has said so. */
export const FIRST_VERSION_WITH_TICKETS = 3;
/** From here on a status may name a port, a submission has an id, and `reason` decides instead of `error`. */
export const FIRST_VERSION_WITH_PORTS = 5;

const TICKETLESS_VERSION = 2;
const TICKETED_VERSIONS: readonly number[] = [3, 4, 5];

/** What an agent may send. */
export function versionsTaken({
  ticketlessAllowed,
}: Pick<AgentSettings, "ticketlessAllowed">): readonly number[] {
  return ticketlessAllowed ? [TICKETLESS_VERSION, ...TICKETED_VERSIONS] : TICKETED_VERSIONS;
}
