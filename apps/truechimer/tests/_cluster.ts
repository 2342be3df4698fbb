// A control plane of several processes, each the real program with a role of its own, on one PostgreSQL; and what a load
// balancer does before it: it asks each listener whether it is ready, and sends nobody to one that is not.

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { type ProgressLine, spawnProgram } from "./_up-program.ts";

export interface Member {
  readonly roles: string;
  /** Of its API, or of its health alone. */
  readonly url: string;
  /** Asks it to end. Gives the exit code and how long it took. */
  stop(): Promise<{ readonly code: number | null; readonly tookMs: number }>;
}

export interface Cluster extends AsyncDisposable {
  readonly members: readonly Member[];
}

export interface ClusterOptions {
  readonly databaseUrl: string;
  readonly configFile: string;
  /** Of each member. */
  readonly roles: readonly string[];
}

/** All start at once, on whatever the database is. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const started = await Promise.all(options.roles.map((roles) => startMember(roles, options)));
  return {
    members: started.map(({ member }) => member),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(
        started.map(async ({ child, ended }) => {
          child.kill("SIGKILL");
          await ended;
        }),
      );
    },
  };
}

async function startMember(
  roles: string,
  { databaseUrl, configFile }: ClusterOptions,
): Promise<{ member: Member; child: ChildProcess; ended: Promise<unknown> }> {
  const child = spawnProgram(["server", "--config", configFile, "--roles", roles], {
    DATABASE_URL: databaseUrl,
  });
  const ended = once(child, "exit");
  const url = await addressOf(child);
  const stop: Member["stop"] = async () => {
    const startedMs = performance.now();
    child.kill("SIGTERM");
    await ended;
    return { code: child.exitCode, tookMs: performance.now() - startedMs };
  };
  return { member: { roles, url, stop }, child, ended };
}

/** From its first lines: "http://…" of the dashboard, or "running as …; health at http://…". */
async function addressOf(child: ChildProcess): Promise<string> {
  let errors = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  if (child.stdout === null) throw new Error("no output");
  for await (const line of createInterface({ input: child.stdout })) {
    const { event, text } = JSON.parse(line) as ProgressLine & { readonly text: string };
    const [address] = /http:\/\/[^\s/]+/.exec(text) ?? [];
    if ((event === "dashboard" || event === "server") && address !== undefined) return address;
  }
  throw new Error(`a member of the cluster ended: ${errors}`);
}

export interface Balancer {
  /** One that said lately that it is ready. */
  choose(): string;
  /** Ends the asking. */
  stop(): void;
}

const ASK_MS = 100;

export async function startBalancer(urls: readonly string[]): Promise<Balancer> {
  let ready: readonly string[] = [];
  let next = 0;
  const ask = async (): Promise<void> => {
    const answers = await Promise.all(
      urls.map((url) =>
        fetch(`${url}/healthz/ready`).then(
          ({ ok }) => ok,
          () => false,
        ),
      ),
    );
    ready = urls.filter((_, at) => answers[at]);
  };
  await ask();
  const timer = setInterval(() => void ask(), ASK_MS);
  return {
    choose: () => {
      next += 1;
      return ready[next % Math.max(1, ready.length)] ?? "http://127.0.0.1:9";
    },
    stop: () => clearInterval(timer),
  };
}
