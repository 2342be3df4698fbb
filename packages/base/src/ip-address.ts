// IP addresses in one canonical text form (RFC 5952), and as the 4 or 16 bytes of the wire.

import ipaddr from "ipaddr.js";
import { ok, type Result, refused } from "./result.ts";

/** IPv4 or IPv6, as configuration, database and metrics spell it. */
export type IpFamily = "v4" | "v6";

/** An address without a zone and without a port; immutable, and equal to another one when the texts are. */
export interface IpAddress {
  readonly family: IpFamily;
  /** Canonical text, RFC 5952, section 4. An IPv4-mapped IPv6 address is given as the IPv4 address that it means. */
  readonly text: string;
  /** 4 or 16 bytes in network order. */
  readonly bytes: Uint8Array;
}

/** Where an address points, as far as a monitor cares. */
export type AddressScope =
  | "public"
  | "private"
  | "loopback"
  | "link_local"
  | "multicast"
  | "unspecified"
  | "reserved";

/**
 * From any usual spelling, brackets excluded. Refused with a sentence for whoever typed it: zones, octal and short forms too.
 */
export function parseIpAddress(text: string): Result<IpAddress, string> {
  const ipv4 = parseIpv4(text);
  if (ipv4 !== undefined) return ok(ipv4);
  if (!ipaddr.IPv6.isValid(text)) {
    return refused(`"${text}" is not an IP address: expected the form 192.0.2.1 or 2001:db8::1`);
  }
  if (text.includes("%")) return refused(`"${text}" has a zone: expected an address without one`);
  return ok(fromParsed(ipaddr.process(text)));
}

/** From the wire. Any length but 4 and 16 is refused. */
export function ipAddressFromBytes(bytes: Uint8Array): Result<IpAddress, string> {
  if (bytes.length !== 4 && bytes.length !== 16) {
    return refused(`an IP address has 4 or 16 bytes, not ${bytes.length}`);
  }
  if (bytes.length === 4) {
    return ok({ family: "v4", text: bytes.join("."), bytes: Uint8Array.from(bytes) });
  }
  const parsed = ipaddr.fromByteArray([...bytes]);
  const mapped = (parsed as ipaddr.IPv6).isIPv4MappedAddress();
  return ok(fromParsed(mapped ? (parsed as ipaddr.IPv6).toIPv4Address() : parsed));
}

/** The scope by the registries of special addresses; carrier-grade NAT (RFC 6598) counts as private. */
export function addressScope(address: IpAddress): AddressScope {
  const range = ipaddr.fromByteArray([...address.bytes]).range();
  switch (range) {
    case "unicast":
      return "public";
    case "loopback":
      return "loopback";
    case "private":
    case "uniqueLocal":
    case "carrierGradeNat":
      return "private";
    case "linkLocal":
      return "link_local";
    case "multicast":
      return "multicast";
    case "unspecified":
      return "unspecified";
    default:
      return "reserved";
  }
}

const DOT = 46;
const ZERO = 48;

/**
 * The most common form without the general parser, which costs as much as a whole exchange. Four numbers up to 255,
 * without leading zeros.
 */
function parseIpv4(text: string): IpAddress | undefined {
  if (text.length > "255.255.255.255".length) return undefined;
  const bytes = new Uint8Array(4);
  let part = 0;
  let digits = 0;
  let value = 0;
  for (let at = 0; at <= text.length; at += 1) {
    const code = at === text.length ? DOT : text.charCodeAt(at);
    if (code === DOT) {
      if (digits === 0 || part === 4) return undefined;
      bytes[part] = value;
      part += 1;
      digits = 0;
      value = 0;
      continue;
    }
    const digit = code - ZERO;
    if (digit < 0 || digit > 9 || (digits > 0 && value === 0)) return undefined;
    digits += 1;
    value = value * 10 + digit;
    if (value > 255) return undefined;
  }
  return part === 4 ? { family: "v4", text, bytes } : undefined;
}

function fromParsed(parsed: ipaddr.IPv4 | ipaddr.IPv6): IpAddress {
  return {
    family: parsed.kind() === "ipv4" ? "v4" : "v6",
    text: parsed.kind() === "ipv4" ? parsed.toString() : (parsed as ipaddr.IPv6).toRFC5952String(),
    bytes: Uint8Array.from(parsed.toByteArray()),
  };
}
