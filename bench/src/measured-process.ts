// A process of the product beside the bench: it says "ready", answers "usage" with the processor time that it has taken, and
// ends when its input does.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface MeasuredProcess extends AsyncDisposable {
  readonly pid: number;
  /** What it said with "ready". */
  readonly told: string;
  /** User and system time so far, in microseconds. */
  cpuUs(): Promise<number>;
}

export async function startMeasuredProcess(
  script: URL,
  args: readonly string[],
): Promise<MeasuredProcess> {
  const child: ChildProcess = spawn(
    process.execPath,
    [...process.execArgv, "--conditions=source", fileURLToPath(script), ...args],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  const { stdin, stdout, pid } = child;
  if (stdin === null || stdout === null || pid === undefined)
    throw new Error(`${script.pathname} has no pipes`);
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  const restOf = async (word: string): Promise<string> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`${script.pathname} ended by itself`);
      const [first, rest = ""] = value.split(" ");
      if (first === word) return rest;
    }
  };
  return {
    pid,
    told: await restOf("ready"),
    cpuUs: async () => {
      stdin.write("usage\n");
      return Number(await restOf("usage"));
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(child, "close");
      stdin.end();
      await closed;
    },
  };
}
