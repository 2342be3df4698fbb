// The lab of `up`: its servers answer and are under watch, and its vantage points are monitors with tokens.

import type { AgentMonitor } from "@truechimer/agent";
import { assert, type Clock, type IpAddress, parseIpAddress, type Random } from "@truechimer/base";
import type { Database } from "@truechimer/database";
import type { Lab } from "@truechimer/lab";
import type { Server } from "@truechimer/server";
import type { Config } from "../config/config.ts";
import type { Progress } from "../output/progress.ts";
import { decideLab, type LabState } from "./lab-decision.ts";
import { countOwnServers, readLabPorts, readLabState, writeLabState } from "./lab-setting.ts";

export interface LabStageOptions {
  readonly config: Config;
  /** Of those that the configuration names. */
  readonly serversWatched: number;
  readonly database: Database;
  readonly server: Server;
  readonly progress: Progress;
  readonly clock: Clock;
  readonly random: Random;
  readonly onBroken: (error: Error) => void;
}

/** Gives the lab's monitors; none when the lab does not run. The lab itself is closed by `stack`. */
export async function openLab(
  stack: AsyncDisposableStack,
  options: LabStageOptions,
): Promise<readonly AgentMonitor[]> {
  const { config, serversWatched, database, server, progress } = options;
  const [state, serversKept] = await Promise.all([
    readLabState(database),
    countOwnServers(database),
  ]);
  const serversConfigured = config.servers.length;
  const decision = decideLab({
    mode: config.lab.mode,
    state,
    serversConfigured,
    serversWatched,
    serversKept,
  });
  progress.say("lab", decision.text);
  if (decision.run) return startLab(stack, state, options);
  if (state === "running") {
    await server.retireLab();
    await writeLabState(database, "retired");
  }
  return [];
}

async function startLab(
  stack: AsyncDisposableStack,
  state: LabState,
  { database, server, progress, clock, random, onBroken }: LabStageOptions,
): Promise<readonly AgentMonitor[]> {
  const { createLab } = await import("@truechimer/lab");
  const ports = await readLabPorts(database);
  const lab = stack.use(await createLab({ clock, random, ports, onBroken }));
  const servers = lab.servers.map(({ name, address, port }) => ({
    name,
    address: knownAddress(address),
    port,
  }));
  // What a person removed stays away while the lab goes on; one that returns from retirement is whole again.
  await server.registerLabServers(servers, { restoreRemoved: state !== "running" });
  await writeLabState(database, "running");
  const monitors = await Promise.all(lab.vantagePoints.map((point) => enrol(server, point)));
  progress.say("lab", `${servers.length} simulated servers, ${monitors.length} monitors`, {
    servers: servers.length,
    monitors: monitors.length,
  });
  return monitors;
}

async function enrol(
  server: Server,
  { name, location, address, localAddress }: Lab["vantagePoints"][number],
): Promise<AgentMonitor> {
  const own = knownAddress(address);
  const { token } = await server.createMonitor({ name, location, address: own, lab: true });
  return {
    address: own,
    token,
    localAddress: localAddress === undefined ? undefined : knownAddress(localAddress),
  };
}

/** The lab's own addresses are addresses. */
function knownAddress(text: string): IpAddress {
  const parsed = parseIpAddress(text);
  assert(parsed.ok, `the lab's address ${text} is none`);
  return parsed.value;
}
