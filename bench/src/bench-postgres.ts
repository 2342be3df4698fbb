// The PostgreSQL that a scenario measures on: the embedded one, or that of the host whose programs lie in the directory
// TRUECHIMER_BENCH_POSTGRES. The embedded one is built for size (-Os), a distribution's for speed: who has thousands of
// servers runs the latter.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chown, mkdir } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { createEmbeddedPostgres } from "@truechimer/database";

const run = promisify(execFile);

export interface BenchPostgres extends AsyncDisposable {
  readonly url: string;
  /** The postmaster's process. */
  readonly pid: number;
}

export interface BenchPostgresOptions {
  readonly directory: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly log: (line: string) => void;
}

/** Where the host's `initdb` and `postgres` lie. Undefined: the embedded ones are measured. */
const HOST_BIN_DIR: string | undefined = process.env["TRUECHIMER_BENCH_POSTGRES"];

export type BenchPostgresKind = "embedded" | "host";
export const BENCH_POSTGRES_KIND: BenchPostgresKind =
  HOST_BIN_DIR === undefined ? "embedded" : "host";

export async function openBenchPostgres(options: BenchPostgresOptions): Promise<BenchPostgres> {
  const { directory, settings, log } = options;
  if (HOST_BIN_DIR !== undefined) return await startHostPostgres(HOST_BIN_DIR, options);
  return await createEmbeddedPostgres({
    preferredDir: join(directory, "postgres"),
    say: log,
    settings,
  });
}

const USER = "truechimer";
const READY_TRIES_MAX = 300;
const READY_WAIT_MS = 100;

async function startHostPostgres(
  binDir: string,
  { directory, settings }: BenchPostgresOptions,
): Promise<BenchPostgres> {
  const account = await accountOfPostgres();
  const home = join(directory, "host-postgres");
  const dataDir = join(home, "data");
  await mkdir(home, { recursive: true, mode: 0o711 });
  if (account.uid !== undefined) await chown(home, account.uid, account.gid ?? account.uid);
  const identity = { cwd: "/", ...account };
  if (!existsSync(join(dataDir, "PG_VERSION"))) {
    const made = [`--pgdata=${dataDir}`, `--username=${USER}`, "--auth=trust", "--encoding=UTF8"];
    await run(join(binDir, "initdb"), [...made, "--locale=C", "--no-instructions"], identity);
  }
  const port = await freePort();
  const all = {
    ...settings,
    port: String(port),
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
  };
  const child = spawn(
    join(binDir, "postgres"),
    ["-D", dataDir, ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
    { ...identity, stdio: ["ignore", "ignore", "ignore"] },
  );
  const { pid } = child;
  if (pid === undefined) throw new Error(`${binDir} has no postgres that can be started`);
  await waitUntilReady(binDir, port, child);
  return {
    url: `postgres://${USER}@127.0.0.1:${port}/postgres`,
    pid,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null) return;
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGINT");
      await ended;
    },
  };
}

/** PostgreSQL refuses to run as root. */
async function accountOfPostgres(): Promise<{ readonly uid?: number; readonly gid?: number }> {
  if (process.getuid?.() !== 0) return {};
  const numberOf = async (flag: string): Promise<number> =>
    Number((await run("id", [flag, "postgres"])).stdout);
  return { uid: await numberOf("-u"), gid: await numberOf("-g") };
}

async function waitUntilReady(binDir: string, port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < READY_TRIES_MAX; tries += 1) {
    if (child.exitCode !== null) throw new Error("the host's PostgreSQL ended while it started");
    const asked = await run(join(binDir, "pg_isready"), ["-h", "127.0.0.1", "-p", String(port)])
      .then(() => true)
      .catch(() => false);
    if (asked) return;
    await new Promise((resolve) => setTimeout(resolve, READY_WAIT_MS));
  }
  throw new Error(`the host's PostgreSQL does not answer at port ${port}`);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => probe.once("listening", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port is free");
  return address.port;
}
