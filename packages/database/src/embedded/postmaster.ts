// One running PostgreSQL. It leads its own session, so that a signal to our process group (the interrupt key in a
// terminal) does not stop the database before the program has written its last rows. And it never outlives us: a small
// watcher beside it holds the other end of a pipe, and when this process ends in whatever way, the pipe closes and the
// watcher asks for a fast shutdown.

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { AppError, type Clock, sleep } from "@truechimer/base";
import { identity } from "./account.ts";
import { appErrorFromFile, diskFull, errorCode } from "./file-error.ts";
import { freeBytes } from "./init-cluster.ts";
import { pidFile } from "./leftovers.ts";
import type { Place } from "./place.ts";
import { unsupported } from "./platform-binaries.ts";
import { programEnvironment } from "./program-environment.ts";

/** Which cluster, on which port of 127.0.0.1. */
export interface PostmasterOptions {
  readonly place: Place;
  readonly port: number;
  /** Settings of postgresql.conf, above our own. */
  readonly settings: Readonly<Record<string, string>>;
  readonly clock: Clock;
}

/** A postmaster that accepts connections. */
export interface Postmaster {
  readonly pid: number;
  /** Resolves when the process has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Fast shutdown: sessions are ended, everything committed is on disk. Resolves when the process is gone. */
  stop(): Promise<void>;
}

const POLL_MS = 10;
/** Then the log must be replayed at the next start, which loses nothing either. */
const FAST_SHUTDOWN_MS = 10_000;
const LOG_BYTES_MAX = 4 * 1024 * 1024;
/** Less than a segment of the log is free: it cannot go on. */
const FREE_BYTES_NONE = 32 * 1024 * 1024;
const LOG_LINES_SHOWN = 3;

/**
 * The shell becomes PostgreSQL (same process id). The watcher is disowned, because PostgreSQL looks after every child
 * that it has. A line through the pipe means that we have stopped PostgreSQL ourselves; an end without one, that we are
 * gone.
 */
const WATCHED_START = `
( ( read -r word <&3; test -n "$word" || kill -INT $$ 2>/dev/null ) </dev/null >/dev/null 2>&1 & )
exec "$@" 3<&-
`;

const OWN_SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  cluster_name: "truechimer",
  timezone: "UTC",
  log_timezone: "UTC",
  // With the SQLSTATE, so that a failed start is understood without reading texts.
  log_line_prefix: "%m [%p] %e ",
  log_checkpoints: "off",
  max_wal_senders: "0",
  wal_level: "minimal",
  // Our statements are short and many; compiling them costs more than it saves.
  jit: "off",
};

/** Resolves when it takes connections, also after a long crash recovery. Fails with a coded error when it ends first. */
export async function startPostmaster(options: PostmasterOptions): Promise<Postmaster> {
  const { place, clock } = options;
  const logFile = join(place.directory, "postgres.log");
  const log = openLog(logFile);
  const child = spawnPostgres(options, log.fd);
  closeSync(log.fd);
  const state = { ended: false, spawnError: undefined as Error | undefined };
  const ended = new Promise<void>((resolve) => {
    child.once("error", (error) => {
      state.spawnError = error;
      state.ended = true;
      resolve();
    });
    child.once("exit", () => {
      state.ended = true;
      resolve();
    });
  });
  while (!isReady(place.dataDir, child.pid)) {
    if (state.ended) throw await startError(place, logFile, log.startsAt, state.spawnError);
    await sleep(clock, POLL_MS);
  }
  const watcher = child.stdio[3] as Writable;
  void ended.then(() => dismiss(watcher));
  return {
    pid: child.pid ?? 0,
    ended,
    stop: async () => {
      if (state.ended) return;
      const escalate = clock.setTimer(FAST_SHUTDOWN_MS, () => child.kill("SIGQUIT"));
      child.kill("SIGINT");
      await ended;
      escalate();
    },
  };
}

function spawnPostgres(options: PostmasterOptions, logFd: number): ChildProcess {
  const { place, port } = options;
  const settings = { ...OWN_SETTINGS, port: String(port), ...options.settings };
  const program = [
    join(place.binDir, "postgres"),
    "-D",
    place.dataDir,
    ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
  ];
  const shared = { cwd: "/", env: programEnvironment(), ...identity(place.account) };
  if (process.platform === "win32") {
    return spawn(program[0] ?? "", program.slice(1), {
      ...shared,
      cwd: place.directory,
      stdio: ["ignore", logFd, logFd, "pipe"],
      windowsHide: true,
    });
  }
  return spawn("/bin/sh", ["-c", WATCHED_START, "sh", ...program], {
    ...shared,
    detached: true,
    stdio: ["ignore", logFd, logFd, "pipe"],
  });
}

/** The pipe may be closed already, when everything was killed at once. */
function dismiss(watcher: Writable): void {
  watcher.on("error", () => undefined);
  watcher.end("stopped\n");
}

/** Line 1 of postmaster.pid is the process, line 8 its state. PostgreSQL documentation, section 66.1. */
function isReady(dataDir: string, pid: number | undefined): boolean {
  try {
    const lines = readFileSync(pidFile(dataDir), "utf8").split("\n");
    return Number(lines[0]) === pid && lines[7]?.trim() === "ready";
  } catch {
    return false;
  }
}

/** One file before the present one is kept. */
function openLog(path: string): { readonly fd: number; readonly startsAt: number } {
  try {
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (size > LOG_BYTES_MAX) renameSync(path, `${path}.1`);
    const fd = openSync(path, "a", 0o600);
    return { fd, startsAt: statSync(path).size };
  } catch (error) {
    throw appErrorFromFile(error, path);
  }
}

async function startError(
  place: Place,
  logFile: string,
  startsAt: number,
  spawnError: Error | undefined,
): Promise<AppError> {
  if (errorCode(spawnError) === "ENOENT") return unsupported(`this ${process.platform} system`);
  const written = readFileSync(logFile).subarray(startsAt).toString("utf8").trim();
  const noSpace = / 53100 (FATAL|PANIC|ERROR):/.test(written);
  if (noSpace || (await freeBytes(place.directory)) < FREE_BYTES_NONE) {
    return diskFull(place.directory);
  }
  const lines = written.split("\n").filter((line) => / (FATAL|PANIC|LOG|HINT|DETAIL): /.test(line));
  const shown = (lines.length > 0 ? lines : written.split("\n"))
    .slice(-LOG_LINES_SHOWN)
    .join(" | ");
  return new AppError(
    "database_start_failed",
    `PostgreSQL did not start ("${shown}"): the whole story is in ${logFile}; correct that, or set DATABASE_URL to a PostgreSQL of your own`,
    { cause: spawnError },
  );
}
