// The ways to the server: loopback, and a veth pair into a network namespace.

import { type IpAddress, parseIpAddress } from "@truechimer/base";
import { startChronyServer } from "@truechimer/testing-chrony";
import type { Targets } from "./targets.ts";
import { createVeth } from "./veth.ts";

export const PATH_NAMES = ["loopback", "veth"] as const;
export type PathName = (typeof PATH_NAMES)[number];

export type OpenPath = Targets & AsyncDisposable;

/** Enough for each exchange of a burst to have a server of its own. */
const SERVERS = 200;
const VETH_PORT = 11_123;

/** chronyd at the end of the path, on 200 addresses. */
export function openPath(name: PathName): Promise<OpenPath> {
  return name === "loopback" ? openLoopback() : openVeth();
}

async function openLoopback(): Promise<OpenPath> {
  const server = await startChronyServer({ addresses: ["0.0.0.0"] });
  return {
    addresses: Array.from({ length: SERVERS }, (_, index) => known(`127.77.1.${index + 1}`)),
    port: server.port,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function openVeth(): Promise<OpenPath> {
  const veth = createVeth(SERVERS);
  try {
    const server = await startChronyServer({
      addresses: [veth.addresses[0] ?? ""],
      networkNamespace: veth.namespace,
      port: VETH_PORT,
      directives: ["bindaddress 0.0.0.0"],
    });
    return {
      addresses: veth.addresses.map(known),
      port: server.port,
      [Symbol.asyncDispose]: async () => {
        await server[Symbol.asyncDispose]();
        veth[Symbol.dispose]();
      },
    };
  } catch (error) {
    veth[Symbol.dispose]();
    throw error;
  }
}

function known(text: string): IpAddress {
  const parsed = parseIpAddress(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}
