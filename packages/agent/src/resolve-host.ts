// Host names to addresses, by the operating system's resolver.

import { lookup } from "node:dns/promises";
import { type IpAddress, type IpFamily, parseIpAddress } from "@truechimer/base";

/** All addresses of a host in one family, in the resolver's order; empty when there are none. Never rejects. */
export type ResolveHost = (host: string, family: IpFamily) => Promise<readonly IpAddress[]>;

export const resolveHost: ResolveHost = async (host, family) => {
  try {
    const entries = await lookup(host, { all: true, family: family === "v4" ? 4 : 6 });
    return entries.flatMap(({ address }) => {
      const parsed = parseIpAddress(address);
      return parsed.ok && parsed.value.family === family ? [parsed.value] : [];
    });
  } catch {
    return [];
  }
};
