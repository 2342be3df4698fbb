// The real `truechimer up` as a child process in a data directory of its own, and the commands against it.

import { type ChildProcess, spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type AdminClient, createAdminClient } from "../src/admin-client.ts";
import { readAdminAddress } from "../src/data-directory.ts";
import { type CommandOutcome, runWords } from "./_run-words.ts";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));
/** Modules that one process has compiled, the next takes from there: most of a short command's time. */
export const COMPILED_MODULES: { readonly NODE_COMPILE_CACHE: string } = {
  NODE_COMPILE_CACHE: fileURLToPath(
    new URL("../../../node_modules/.cache/compiled-by-tests", import.meta.url),
  ),
};
const NODE_FLAGS = ["--conditions=source", "--disable-warning=ExperimentalWarning"];

/** Short times, so that each verdict of the lab is reached within seconds. */
const QUICK_LAB = `
[lab]
interval = "1s"
sample_interval = "50ms"
sample_timeout = "400ms"

[checks]
interval = "2s"
samples = 3
sample_interval = "2s"
`;

export interface DataHome extends AsyncDisposable {
  readonly path: string;
  /** With the quick lab. */
  readonly configFile: string;
}

/** Readable for the account that PostgreSQL runs under when the tests run as root. */
export async function createDataHome(): Promise<DataHome> {
  const directory = await mkdtemp(join(tmpdir(), "truechimer-up-"));
  await chmod(directory, 0o711);
  const configFile = join(directory, "truechimer.toml");
  await writeFile(configFile, QUICK_LAB);
  return {
    path: join(directory, "data"),
    configFile,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

export type ProgressLine = Readonly<Record<string, unknown>> & { readonly event: string };

export interface UpProgram extends AsyncDisposable {
  /** With the one-time key. */
  readonly dashboardUrl: string;
  readonly origin: string;
  readonly admin: AdminClient;
  readonly lines: readonly ProgressLine[];
  readonly errors: () => string;
  readonly processId: number;
  /** Asks it to end. Gives the exit code and how long it took. */
  stop(): Promise<{ readonly code: number | null; readonly tookMs: number }>;
  /** Ends everything at once, PostgreSQL too. */
  killAll(): Promise<void>;
}

export interface UpOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Resolves when it is ready. */
export async function startUp(home: DataHome, options: UpOptions = {}): Promise<UpProgram> {
  const child = spawnUp(home, options);
  const lines: ProgressLine[] = [];
  let errors = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  await readyLine(child, lines, ended, () => errors);
  const dashboardUrl = String(
    lines.find(({ event, url }) => event === "dashboard" && url)?.["url"],
  );
  const address = await readAdminAddress(home.path);
  if (address === undefined) throw new Error("up left no admin.json");
  const stop: UpProgram["stop"] = async () => {
    const startedAt = performance.now();
    child.kill("SIGTERM");
    const code = await ended;
    return { code, tookMs: performance.now() - startedAt };
  };
  return {
    dashboardUrl,
    origin: new URL(dashboardUrl).origin,
    admin: createAdminClient(address),
    lines,
    errors: () => errors,
    processId: child.pid ?? 0,
    stop,
    killAll: async () => {
      const postmaster = await postmasterId(home);
      child.kill("SIGKILL");
      if (postmaster !== undefined) process.kill(postmaster, "SIGKILL");
      await ended;
    },
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) await stop();
    },
  };
}

export function spawnUp(home: DataHome, { args = [], env = {} }: UpOptions): ChildProcess {
  const words = ["up", "--data-dir", home.path, "--config", home.configFile];
  return spawnProgram([...words, "--port", "0", "--agents-port", "0", ...args], env);
}

/** The program with these words, nothing inherited but what any program needs. */
export function spawnProgram(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
  stdin: "ignore" | "pipe" = "ignore",
): ChildProcess {
  return spawn(process.execPath, [...NODE_FLAGS, MAIN, ...words], {
    env: { ...cleanEnvironment(), ...COMPILED_MODULES, ...env },
    stdio: [stdin, "pipe", "pipe"],
  });
}

/** Of the program's own settings nothing is inherited. */
function cleanEnvironment(): Record<string, string> {
  const kept = ["PATH", "HOME", "TMPDIR", "LANG"];
  return Object.fromEntries(
    kept.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function readyLine(
  child: ChildProcess,
  lines: ProgressLine[],
  ended: Promise<number | null>,
  errors: () => string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (child.stdout === null) throw new Error("no output");
    createInterface({ input: child.stdout }).on("line", (line) => {
      const told = JSON.parse(line) as ProgressLine;
      lines.push(told);
      if (told.event === "ready") resolve();
    });
    void ended.then((code) => reject(new Error(`up ended with ${code}: ${errors()}`)));
  });
}

/** Where the database lies: in the data directory (postmaster.pid's first line). */
async function postmasterId(home: DataHome): Promise<number | undefined> {
  try {
    const file = join(home.path, "postgres", "data", "postmaster.pid");
    return Number.parseInt(await readFile(file, "utf8"), 10);
  } catch {
    return undefined;
  }
}

export interface CommandOptions {
  /** As on a terminal. Default: as on a pipe. */
  readonly terminal?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

/** A command in this process. */
export function command(
  home: Pick<DataHome, "path">,
  args: readonly string[],
  { terminal = false, env = {} }: CommandOptions = {},
): Promise<CommandOutcome> {
  return runWords(args, {
    env: { TRUECHIMER_DATA_DIR: home.path, ...env },
    stdoutIsTerminal: terminal,
    stderrIsTerminal: terminal,
  });
}
