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
  const strictIpv4 = ipaddr.IPv4.isValidFourPartDecimal(text);
  if (!strictIpv4 && !ipaddr.IPv6.isValid(text)) {
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
  const parsed = ipaddr.fromByteArray([...bytes]);
  const mapped = parsed.kind() === "ipv6" && (parsed as ipaddr.IPv6).isIPv4MappedAddress();
  return ok(fromParsed(mapped ? (parsed as ipaddr.IPv6).toIPv4Address() : parsed));
}

/** The scope by the registries of special addresses; carrier-grade NAT (RFC 6598) counts as private. */
export function addressScope(address: IpAddress): AddressScope {
  const range = ipaddr.parse(address.text).range();
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

function fromParsed(parsed: ipaddr.IPv4 | ipaddr.IPv6): IpAddress {
  return {
    family: parsed.kind() === "ipv4" ? "v4" : "v6",
    text: parsed.kind() === "ipv4" ? parsed.toString() : (parsed as ipaddr.IPv6).toRFC5952String(),
    bytes: Uint8Array.from(parsed.toByteArray()),
  };
}
