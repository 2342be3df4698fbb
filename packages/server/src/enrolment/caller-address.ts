// Where a request comes from. It decides what an agent's addresses are, so only the connection itself is believed; a
// header is, where an operator has named the proxy that writes it.

import { BlockList } from "node:net";
import { AppError, type IpAddress, parseIpAddress } from "@truechimer/base";

/** Hops that are looked through; a longer header is somebody's play. */
const HOPS_MAX = 16;

export interface RequestOrigin {
  /** Of the connection. Absent: it is gone. */
  readonly remoteAddress: string | undefined;
  /** `X-Forwarded-For`, its lines joined. */
  readonly forwardedFor: string | undefined;
}

export type CallerAddress = (origin: RequestOrigin) => IpAddress | undefined;

/** Addresses and networks ("10.0.0.0/8") whose word on where a request comes from is taken. Empty: nobody's. */
export function createCallerAddress(trustedProxies: readonly string[]): CallerAddress {
  const trusted = new BlockList();
  for (const proxy of trustedProxies) addProxy(trusted, proxy);
  const isTrusted = ({ text, family }: IpAddress): boolean =>
    trusted.check(text, family === "v4" ? "ipv4" : "ipv6");

  return ({ remoteAddress, forwardedFor = "" }) => {
    let caller = addressOf(remoteAddress ?? "");
    const hops = forwardedFor.split(",").slice(-HOPS_MAX);
    // From the nearest on: each trusted proxy vouches for the one before it, and for no more.
    while (caller !== undefined && isTrusted(caller)) {
      const next = hops.pop()?.trim();
      if (next === undefined || next === "") break;
      caller = addressOf(next);
    }
    return caller;
  };
}

function addProxy(list: BlockList, text: string): void {
  const [address = "", prefix] = text.split("/");
  const parsed = addressOf(address);
  const bits = prefix === undefined || /^\d{1,3}$/.test(prefix) ? Number(prefix ?? 0) : undefined;
  const bitsMax = parsed?.family === "v4" ? 32 : 128;
  if (parsed === undefined || bits === undefined || bits > bitsMax) {
    throw new AppError(
      "config_bad_value",
      `"${text}" is no proxy to trust: expected an address or a network such as "10.0.0.0/8"`,
    );
  }
  const family = parsed.family === "v4" ? "ipv4" : "ipv6";
  if (prefix === undefined) list.addAddress(parsed.text, family);
  else list.addSubnet(parsed.text, bits, family);
}

/** Without zone and brackets; a mapped address is the IPv4 address that it means. */
function addressOf(text: string): IpAddress | undefined {
  const parsed = parseIpAddress(text.replace(/^\[(.*)\]$/, "$1").replace(/%.*$/, ""));
  return parsed.ok ? parsed.value : undefined;
}
