// A host and a port from a file, judged.

import { parseServerTarget } from "../config/server-target.ts";
import { endpointText } from "../output/server-label.ts";
import type { Finding, NamedAs, Place } from "./finding.ts";
import { quoted } from "./quoted.ts";

const NTP_PORT = 123;
const PORT_MAX = 65_535;
/** A name has 253 (RFC 1035, section 2.3.4); with a dot at its end, a colon and a port 260. */
const HOST_CHARACTERS_MAX = 260;

export interface NamedServer {
  readonly namedAs: NamedAs;
  /** May have a port behind a colon. */
  readonly host: string;
  /** Of NTP, where the file has it apart. */
  readonly port?: string | undefined;
  readonly nts?: boolean;
  readonly label?: string | undefined;
}

/** Found, or bad with a sentence that says what was expected. */
export function serverFinding(place: Place, server: NamedServer): Finding {
  const bad = (message: string): Finding => ({ ...place, outcome: "bad", message });
  const { namedAs, nts = false, label } = server;
  if (server.host === "") return bad(`a ${namedAs} without a host: expected a name or an address`);
  if (server.host.length > HOST_CHARACTERS_MAX) {
    const length = `${server.host.length} characters, at most ${HOST_CHARACTERS_MAX} are possible`;
    return bad(`${quoted(server.host)} is no server: it has ${length}`);
  }
  const parsed = parseServerTarget(server.host);
  if (!parsed.ok) return bad(parsed.error);
  // What stands behind the colon of an NTS server is the port of its key exchange.
  const implied = nts ? NTP_PORT : parsed.value.port;
  const portNumber = server.port === undefined ? implied : parsePort(server.port);
  if (portNumber === undefined) {
    return bad(`${quoted(server.port ?? "")} is no port: expected a number from 1 to ${PORT_MAX}`);
  }
  const { host } = parsed.value;
  const name = typeof host === "string" ? host.toLowerCase().replace(/\.$/, "") : host.text;
  return {
    ...place,
    outcome: "found",
    namedAs,
    target: endpointText(name, portNumber),
    ...(typeof host !== "string" && { address: name }),
    port: portNumber,
    nts,
    ...(label !== undefined && label !== "" && { label }),
  };
}

function parsePort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= PORT_MAX ? port : undefined;
}
