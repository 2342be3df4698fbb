// The real `truechimer-agent` as a child process on a state directory of its own.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../src/agent-main.ts", import.meta.url));
const NODE_FLAGS = ["--conditions=source", "--disable-warning=ExperimentalWarning"];

export interface AgentHome extends AsyncDisposable {
  readonly stateDirectory: string;
}

export async function createAgentHome(): Promise<AgentHome> {
  const stateDirectory = await mkdtemp(join(tmpdir(), "truechimer-agent-"));
  return {
    stateDirectory,
    [Symbol.asyncDispose]: () => rm(stateDirectory, { recursive: true, force: true }),
  };
}

export interface AgentOutcome {
  readonly code: number | null;
  readonly err: string;
  readonly lines: readonly Readonly<Record<string, unknown>>[];
}

export interface AgentProcess extends AsyncDisposable {
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  readonly errors: () => string;
  readonly ended: Promise<AgentOutcome>;
  /** The first line of JSON with this event. */
  event(name: string): Promise<Readonly<Record<string, unknown>>>;
  signal(name: NodeJS.Signals): void;
}

/** Starts it; what it prints is kept line by line. Disposing kills it. */
export function startAgent(home: AgentHome, words: readonly string[]): AgentProcess {
  const child = spawnAgent(home, words);
  const lines: Readonly<Record<string, unknown>>[] = [];
  const waiting = new Set<() => void>();
  const look = (): void => {
    for (const each of waiting) each();
  };
  let err = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  if (child.stdout === null) throw new Error("no output");
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(JSON.parse(line) as Readonly<Record<string, unknown>>);
    look();
  });
  const ended = new Promise<AgentOutcome>((resolve) => {
    child.once("close", (code) => {
      resolve({ code, err, lines });
    });
  });
  void ended.then(look);
  return {
    lines,
    errors: () => err,
    ended,
    event: (name) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          const found = lines.find(({ event }) => event === name);
          if (found === undefined && child.exitCode === null) return;
          waiting.delete(check);
          if (found === undefined) reject(new Error(`it ended without "${name}": ${err}`));
          else resolve(found);
        };
        waiting.add(check);
        check();
      }),
    signal: (name) => void child.kill(name),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Runs it to its end. */
export async function agent(home: AgentHome, words: readonly string[]): Promise<AgentOutcome> {
  await using running = startAgent(home, words);
  return await running.ended;
}

function spawnAgent({ stateDirectory }: AgentHome, words: readonly string[]): ChildProcess {
  const { PATH = "", TMPDIR } = process.env;
  return spawn(process.execPath, [...NODE_FLAGS, MAIN, ...words, "--state-dir", stateDirectory], {
    env: { PATH, HOME: stateDirectory, ...(TMPDIR === undefined ? {} : { TMPDIR }) },
    stdio: ["ignore", "pipe", "pipe"],
  });
}
