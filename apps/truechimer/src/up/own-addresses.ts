// This host's own address in each IP family, as the identity of its monitors: the source address that the system would
// choose. Connecting a UDP socket sends nothing; it only asks the routing table.

import { createSocket } from "node:dgram";
import { type IpAddress, type IpFamily, parseIpAddress } from "@truechimer/base";

interface FamilyProbe {
  readonly family: IpFamily;
  /** Outside of this host: a documentation address (RFC 5737, RFC 3849), so nobody's. */
  readonly outside: string;
  readonly loopback: string;
}

const PROBES: readonly FamilyProbe[] = [
  { family: "v4", outside: "192.0.2.1", loopback: "127.0.0.1" },
  { family: "v6", outside: "2001:db8::1", loopback: "::1" },
];

/** At most one of each family. Without a way out the loopback address; without the family nothing. */
export async function ownAddresses(): Promise<readonly IpAddress[]> {
  const found = await Promise.all(
    PROBES.map(async ({ family, outside, loopback }) => {
      const source = await sourceTowards(family, outside);
      return source ?? (await sourceTowards(family, loopback));
    }),
  );
  return found.filter((address) => address !== undefined);
}

const NTP_PORT = 123;

function sourceTowards(family: IpFamily, destination: string): Promise<IpAddress | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(family === "v4" ? "udp4" : "udp6");
    const finish = (text: string): void => {
      socket.close();
      const parsed = parseIpAddress(text.replace(/%.*$/, ""));
      resolve(parsed.ok ? parsed.value : undefined);
    };
    socket.once("error", () => finish(""));
    socket.connect(NTP_PORT, destination, (error?: Error) =>
      finish(error === undefined || error === null ? socket.address().address : ""),
    );
  });
}
