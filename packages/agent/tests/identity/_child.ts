// A program of the tests as a process of its own, ended with the test at the latest.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

export interface Child {
  readonly process: ChildProcess;
  /** The next line of its standard output; undefined when it ended. */
  nextLine(): Promise<string | undefined>;
  readonly exited: Promise<unknown>;
}

export function useChild(script: URL, parameters: readonly string[]): Child {
  const child = spawn(
    process.execPath,
    [
      "--conditions=source",
      "--disable-warning=ExperimentalWarning",
      fileURLToPath(script),
      ...parameters,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const exited = once(child, "close");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  return {
    process: child,
    exited,
    nextLine: async () => {
      const next = await lines.next();
      return next.done === true ? undefined : next.value;
    },
  };
}
