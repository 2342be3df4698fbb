// From which address this host would reach the control plane, in each family. Connecting a UDP socket asks the system's
// routing table and sends nothing.

import { createSocket } from "node:dgram";
import { type IpAddress, type IpFamily, parseIpAddress } from "@truechimer/base";
import type { ResolveHost } from "../resolve-host.ts";

export interface OwnAddressesOptions {
  readonly serverUrl: string;
  readonly families: readonly IpFamily[];
  readonly resolveHost: ResolveHost;
}

/** Any port does: nothing is sent. */
const DISCARD_PORT = 9;
/** Documentation addresses (RFC 5737, RFC 3849): routed as the rest of the Internet, should the server have none. */
const ELSEWHERE: Readonly<Record<IpFamily, string>> = { v4: "192.0.2.1", v6: "2001:db8::1" };

/** At most one a family; none where there is no route. */
export async function ownAddresses(options: OwnAddressesOptions): Promise<readonly IpAddress[]> {
  const host = (URL.parse(options.serverUrl)?.hostname ?? "").replace(/^\[|\]$/g, "");
  const found = await Promise.all(
    options.families.map(async (family) => {
      const [server] = await options.resolveHost(host, family).catch(() => []);
      return localAddressTowards(server?.text ?? ELSEWHERE[family], family);
    }),
  );
  return found.filter((address) => address !== undefined);
}

function localAddressTowards(to: string, family: IpFamily): Promise<IpAddress | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(family === "v4" ? "udp4" : "udp6");
    const end = (address: IpAddress | undefined): void => {
      socket.close();
      resolve(address);
    };
    socket.once("error", () => end(undefined));
    socket.connect(DISCARD_PORT, to, () => {
      const parsed = parseIpAddress(socket.address().address);
      end(parsed.ok && parsed.value.family === family ? parsed.value : undefined);
    });
  });
}
