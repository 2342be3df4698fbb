// The monitors of this host's own agent: one for each IP family that it has. Their tokens are made anew at each start,
// so nothing on the disk can act for them.

import { hostname } from "node:os";
import type { AgentMonitor } from "@truechimer/agent";
import type { Server } from "@truechimer/server";
import { ownAddresses } from "./own-addresses.ts";

export async function enrolOwnMonitors(server: Server): Promise<readonly AgentMonitor[]> {
  const addresses = await ownAddresses();
  const name = hostname();
  return Promise.all(
    addresses.map(async (address) => {
      const { token } = await server.createMonitor({ name, address, firstLocation: "this host" });
      return { address, token };
    }),
  );
}
