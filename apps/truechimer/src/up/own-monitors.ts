// The monitors of this host's own agent: one for each IP family that it has.

import { hostname } from "node:os";
import type { AgentMonitor } from "@truechimer/agent";
import type { Database } from "@truechimer/database";
import { type EnrolmentWorld, enrolMonitor } from "./enrol-monitor.ts";
import { ownAddresses } from "./own-addresses.ts";

export async function enrolOwnMonitors(
  database: Database,
  world: EnrolmentWorld,
): Promise<readonly AgentMonitor[]> {
  const addresses = await ownAddresses();
  return Promise.all(
    addresses.map(async (address) => {
      const monitor = { name: hostname(), location: "this host", address, lab: false };
      return { address, token: await enrolMonitor(database, monitor, world) };
    }),
  );
}
