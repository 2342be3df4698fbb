// Where passkeys work: a site has a name, never an address, and browsers offer them by HTTPS or on this host alone. The site is
// that of the configuration, or of the listener; what a request says of its host has no part in it.
// Web Authentication, Level 3, sections 5.1.2 (relying party identifier) and 13.4.9 (checking the origin).

import { isIP } from "node:net";

export interface PasskeySite {
  /** The relying party's identifier: the host's name alone, such as "clocks.example". */
  readonly id: string;
  /** Where the page has to be open, such as "https://clocks.example:8443". */
  readonly origin: string;
}

const LOCAL_NAME = "localhost";

/** Of the address that people open. Undefined: it has no name, or browsers offer no passkeys there. */
export function passkeySite(publicUrl: string): PasskeySite | undefined {
  const { protocol, hostname, port } = new URL(publicUrl);
  const name = isLoopbackAddress(hostname) ? LOCAL_NAME : hostname;
  if (isAddress(name)) return undefined;
  if (protocol !== "https:" && !isLocal(name)) return undefined;
  return { id: name, origin: `${protocol}//${name}${port === "" ? "" : `:${port}`}` };
}

/** The URL parser writes every IPv4 address with four numbers, and an IPv6 address in brackets. */
function isAddress(hostname: string): boolean {
  return hostname.startsWith("[") || isIP(hostname) !== 0;
}

function isLoopbackAddress(hostname: string): boolean {
  return hostname === "[::1]" || (isIP(hostname) === 4 && hostname.startsWith("127."));
}

/** Browsers resolve these names to this host alone: RFC 6761, section 6.3. */
function isLocal(name: string): boolean {
  return name === LOCAL_NAME || name.endsWith(`.${LOCAL_NAME}`);
}
