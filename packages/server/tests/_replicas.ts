// A cluster of replicas, each of which may be killed at any moment and is then replaced.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Random } from "@truechimer/base";

export interface Replica {
  readonly roles: string;
  /** Where it listens; "-" without the API. */
  readonly url: string;
  readonly process: ChildProcess;
}

export interface Replicas extends AsyncDisposable {
  /** A listener that was alive a moment ago. */
  anyUrl(random: Random): string;
  /** Kills one with SIGKILL and begins to start another in its place, unless several are being started already. */
  killOne(random: Random): void;
  readonly killed: number;
}

/** Replicas that are being started at once; the others carry the load meanwhile. */
const STARTING_MAX = 3;

const SCRIPT: string = fileURLToPath(new URL("_replica.ts", import.meta.url));

export async function startReplicas(
  databaseUrl: string,
  roles: readonly string[],
): Promise<Replicas> {
  const alive = await Promise.all(roles.map((each) => startReplica(databaseUrl, each)));
  const starting = new Set<Promise<void>>();
  let killed = 0;
  const replace = async (at: number, victim: Replica): Promise<void> => {
    alive[at] = await startReplica(databaseUrl, victim.roles);
  };
  return {
    anyUrl: (random) => {
      const listening = alive.filter(({ url }) => url !== "-");
      return listening[Math.floor(random.fraction() * listening.length)]?.url ?? "";
    },
    killOne: (random) => {
      const living = alive.filter((replica) => !replica.process.killed);
      const victim = living[Math.floor(random.fraction() * living.length)];
      if (victim === undefined || starting.size >= STARTING_MAX) return;
      const at = alive.indexOf(victim);
      victim.process.kill("SIGKILL");
      killed += 1;
      const replacement = replace(at, victim).finally(() => starting.delete(replacement));
      starting.add(replacement);
    },
    get killed() {
      return killed;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(starting);
      await Promise.all(
        alive.map(async ({ process: child }) => {
          const closed = once(child, "close");
          child.kill("SIGKILL");
          await closed;
        }),
      );
    },
  };
}

async function startReplica(databaseUrl: string, roles: string): Promise<Replica> {
  const child = spawn(process.execPath, ["--conditions=source", SCRIPT, databaseUrl, roles], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, url = "-"] = line.split(" ");
    if (word === "ready") return { roles, url, process: child };
  }
  throw new Error(`a replica with the roles ${roles} ended before it was ready`);
}
