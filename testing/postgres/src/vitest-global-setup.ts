// Runs once per test run, in Vitest's own process, which imports nothing of ours: the run's PostgreSQL has a process of
// its own (main.ts). That starts when the first test file asks for a database (at a loopback address that only this
// run's processes are told), so that a run of pure tests pays nothing for it.

import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { BROKER_VARIABLE } from "./broker-variable.ts";

interface ClusterProcess {
  readonly child: ChildProcess;
  /** Of the cluster's maintenance database. Rejects when it did not start. */
  readonly url: Promise<string>;
}

/** Vitest's hook. Returns what to do after the last test. */
export async function setup(): Promise<() => Promise<void>> {
  const path = `/${randomUUID()}`;
  let cluster: ClusterProcess | undefined;
  const broker = createServer((request, response) => {
    if (request.url !== path) {
      response.writeHead(404).end();
      return;
    }
    cluster ??= startCluster();
    cluster.url.then(
      (url) => response.end(url),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  const port = await listen(broker);
  process.env[BROKER_VARIABLE] = `http://127.0.0.1:${port}${path}`;
  return async () => {
    delete process.env[BROKER_VARIABLE];
    broker.close();
    broker.closeAllConnections();
    if (cluster !== undefined) await stopCluster(cluster.child);
  };
}

function startCluster(): ClusterProcess {
  const program = fileURLToPath(new URL("./main.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=source", program], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  return { child, url: readUrl(child) };
}

async function readUrl(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error("no pipe to the test cluster");
  for await (const line of createInterface({ input: child.stdout })) {
    const { url, failed } = JSON.parse(line) as { url?: string; failed?: string };
    if (url !== undefined) return url;
    throw new Error(failed);
  }
  throw new Error("the process of the test cluster ended without a word");
}

async function stopCluster(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exited = once(child, "exit");
  child.stdin?.end();
  const [code] = (await exited) as [number | null];
  if (code !== 0) throw new Error(`the test run's PostgreSQL ended with ${code}: see above`);
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" ? (address?.port ?? 0) : 0);
    });
  });
}
