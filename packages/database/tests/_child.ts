// Programs of the tests as processes of their own, ended with the test at the latest.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

export interface Child {
  readonly process: ChildProcess;
  /** Resolves when a line of the standard output satisfies `test`; rejects when the process ends before. */
  line(test: (line: string) => boolean): Promise<string>;
  /** Resolves with the exit code (null: a signal) when the process has ended and all its output is read. */
  readonly exited: Promise<number | null>;
  /** Every line so far. */
  readonly lines: readonly string[];
}

export function useChild(script: URL, parameters: readonly string[]): Child {
  const path = fileURLToPath(script);
  const child = spawn(process.execPath, ["--conditions=source", path, ...parameters], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines: string[] = [];
  const watchers = new Set<() => void>();
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
    for (const watcher of watchers) watcher();
  });
  const exited = once(child, "close").then(([code]) => code as number | null);
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  return {
    process: child,
    lines,
    exited,
    line: (test) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = lines.find(test);
          if (found === undefined) return;
          watchers.delete(look);
          resolve(found);
        };
        watchers.add(look);
        void exited.then(() => {
          look();
          reject(new Error(`${path} ended; it said: ${lines.join(" | ")}`));
        });
        look();
      }),
  };
}
