// What a killed program left behind: a PostgreSQL that still runs (its watcher normally ends it, see postmaster.ts), or
// the pid file of one that does not. Only called by the holder of the directory's lock, so whatever still runs in the
// data directory has no master.

import { execFile } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { AppError, type Clock, sleep } from "@truechimer/base";

const run = promisify(execFile);

const POLL_MS = 20;
/** A fast shutdown writes a checkpoint, which on a slow disk takes seconds. */
const FAST_SHUTDOWN_MS = 20_000;
/** After that without one; the next start replays the log. */
const KILL_MS = 5_000;

/** Ends every process of the cluster in `dataDir` and removes its stale pid file. Says what it found. */
export async function clearLeftovers(
  dataDir: string,
  clock: Clock,
  say: (text: string) => void,
): Promise<void> {
  const found = await clusterProcesses(dataDir);
  if (found.length > 0) {
    say(`stopping a PostgreSQL that a killed program left running in ${dataDir}`);
    await endProcesses(dataDir, clock);
  }
  // Where the processes of a directory can be listed, none is left that the file could speak of. Its number may belong
  // to a stranger by now (in a container it often does), and PostgreSQL would take that for a running server.
  if (process.platform === "linux") rmSync(pidFile(dataDir), { force: true });
}

/** Where a postmaster writes its process id. */
export function pidFile(dataDir: string): string {
  return join(dataDir, "postmaster.pid");
}

/** The number in the first line of postmaster.pid. */
function recordedPid(dataDir: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(pidFile(dataDir), "utf8"), 10);
    return pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}

async function endProcesses(dataDir: string, clock: Clock): Promise<void> {
  const postmaster = recordedPid(dataDir);
  const steps = [
    { signal: "SIGINT", limitMs: FAST_SHUTDOWN_MS },
    { signal: "SIGKILL", limitMs: KILL_MS },
  ] as const;
  for (const { signal, limitMs } of steps) {
    const alive = await clusterProcesses(dataDir);
    // A backend whose postmaster is gone ends by itself; a signal to the postmaster reaches all others.
    const targets = signal === "SIGKILL" ? alive : alive.filter((pid) => pid === postmaster);
    for (const pid of targets) signalIfAlive(pid, signal);
    if (await goneWithin(dataDir, limitMs, clock)) return;
  }
  throw new AppError(
    "directory_in_use",
    `a PostgreSQL still runs in ${dataDir} (process ${postmaster ?? "unknown"}) and cannot be stopped: end it, then start again`,
  );
}

async function goneWithin(dataDir: string, limitMs: number, clock: Clock): Promise<boolean> {
  const endNs = clock.monotonicNs() + BigInt(limitMs) * 1_000_000n;
  while ((await clusterProcesses(dataDir)).length > 0) {
    if (clock.monotonicNs() > endNs) return false;
    await sleep(clock, POLL_MS);
  }
  return true;
}

/**
 * PostgreSQL's processes have their data directory as working directory; so has a person's shell that looks at it, which
 * is none of ours to end. Elsewhere than on Linux only the first shows.
 */
async function clusterProcesses(dataDir: string): Promise<readonly number[]> {
  return process.platform === "linux"
    ? processesWorkingIn(realpathSync(dataDir))
    : await postmasterByCommandLine(dataDir);
}

function processesWorkingIn(directory: string): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => linkOf(name, "cwd") === directory && runsPostgres(name))
    .map(Number);
}

/** Also when its file has been replaced or removed since. */
function runsPostgres(pid: string): boolean {
  const program = linkOf(pid, "exe")?.replace(/ \(deleted\)$/, "");
  return program !== undefined && basename(program) === "postgres";
}

function linkOf(pid: string, name: "cwd" | "exe"): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/${name}`);
  } catch {
    return undefined;
  }
}

async function postmasterByCommandLine(dataDir: string): Promise<readonly number[]> {
  const pid = recordedPid(dataDir);
  if (pid === undefined || process.platform === "win32") return [];
  try {
    const { stdout } = await run("ps", ["-p", String(pid), "-o", "command="]);
    return stdout.includes("postgres") && stdout.includes(dataDir) ? [pid] : [];
  } catch {
    return [];
  }
}

function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended in between.
  }
}
