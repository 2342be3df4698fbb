// What a person types to name a time server: a name or an address, with its port or without.

import { type IpAddress, parseIpAddress } from "./ip-address.ts";
import { ok, type Result, refused } from "./result.ts";

/** A time server as a person named it. */
export interface NamedTarget {
  /** A host name, or an address when it was one. */
  readonly host: string | IpAddress;
  readonly port: number;
}

const NTP_PORT = 123;
const PORT_MAX = 65_535;
/** RFC 1035, section 2.3.4. */
const NAME_CHARACTERS_MAX = 253;
const NAME =
  /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$/i;
const FORMS = "name, name:port, 192.0.2.1:port or [2001:db8::1]:port";

/** Refused with a sentence for whoever typed it. The port is 123 unless named. */
export function parseTarget(text: string): Result<NamedTarget, string> {
  const whole = parseIpAddress(text);
  if (whole.ok) return ok({ host: whole.value, port: NTP_PORT });
  const parts = /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/.exec(text);
  if (parts === null) return refused(`"${text}" is no server: expected ${FORMS}`);
  const [, bracketed, plain = "", portText] = parts;
  const port = portText === undefined ? NTP_PORT : parsePort(portText);
  if (port === undefined) {
    return refused(`"${text}" has no usable port: expected a number from 1 to ${PORT_MAX}`);
  }
  const address = parseIpAddress(bracketed ?? plain);
  if (address.ok) return ok({ host: address.value, port });
  if (bracketed !== undefined || !isName(plain)) {
    return refused(`"${text}" is no server: expected ${FORMS}`);
  }
  return ok({ host: plain, port });
}

function parsePort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= PORT_MAX ? port : undefined;
}

/** Four numbers with dots that are no address are a mistyped address, not a name. */
function isName(text: string): boolean {
  return text.length <= NAME_CHARACTERS_MAX && NAME.test(text) && !/^[\d.]+$/.test(text);
}
