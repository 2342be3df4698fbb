// The lab of `up`: its servers answer, are in the database, and its vantage points are monitors with tokens.

import type { AgentMonitor } from "@truechimer/agent";
import { type Clock, parseIpAddress, type Random } from "@truechimer/base";
import type { Database } from "@truechimer/database";
import type { Config } from "../config/config.ts";
import { enrolMonitor } from "./enrol-monitor.ts";
import { decideLab } from "./lab-decision.ts";
import {
  countOwnServers,
  enrolLabServers,
  readLabPorts,
  readLabState,
  retireLab,
} from "./lab-rows.ts";
import type { Progress } from "../output/progress.ts";

export interface LabStageOptions {
  readonly config: Config;
  readonly database: Database;
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
  const { config, database, progress } = options;
  const [state, serversKept] = await Promise.all([
    readLabState(database),
    countOwnServers(database),
  ]);
  const decision = decideLab({
    mode: config.lab.mode,
    state,
    serversConfigured: config.servers.length,
    serversKept,
  });
  progress.say("lab", decision.text);
  if (decision.run) return startLab(stack, options);
  if (state === "running") await retireLab(database);
  return [];
}

async function startLab(
  stack: AsyncDisposableStack,
  { database, progress, clock, random, onBroken }: LabStageOptions,
): Promise<readonly AgentMonitor[]> {
  const { createLab } = await import("@truechimer/lab");
  const ports = await readLabPorts(database);
  const lab = stack.use(await createLab({ clock, random, ports, onBroken }));
  await enrolLabServers(database, lab.servers);
  const monitors = await Promise.all(
    lab.vantagePoints.map(async ({ name, location, address, localAddress }) => {
      const own = knownAddress(address);
      const token = await enrolMonitor(
        database,
        { name, location, address: own, lab: true },
        { clock, random },
      );
      return {
        address: own,
        token,
        localAddress: localAddress === undefined ? undefined : knownAddress(localAddress),
      };
    }),
  );
  progress.say("lab", `${lab.servers.length} simulated servers, ${monitors.length} monitors`, {
    servers: lab.servers.length,
    monitors: monitors.length,
  });
  return monitors;
}

/** The lab's own addresses are addresses. */
function knownAddress(text: string): AgentMonitor["address"] {
  const parsed = parseIpAddress(text);
  if (parsed.ok) return parsed.value;
  throw new Error(`assertion failed: ${parsed.error}`);
}
