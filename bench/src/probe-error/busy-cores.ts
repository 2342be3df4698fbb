// Keeps every core busy, with processes that do nothing but count.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";

const SPIN = "for (;;) {}";
const PROCESSES_MAX = 256;

export async function startBusyCores(): Promise<AsyncDisposable> {
  const count = Math.min(availableParallelism(), PROCESSES_MAX);
  const children = Array.from({ length: count }, () =>
    spawn(process.execPath, ["-e", SPIN], { stdio: "ignore" }),
  );
  const killAll = (): void => {
    for (const child of children) child.kill("SIGKILL");
  };
  process.on("exit", killAll);
  await Promise.all(children.map((child) => once(child, "spawn")));
  return {
    [Symbol.asyncDispose]: async () => {
      process.off("exit", killAll);
      const ended = children.map(untilEnded);
      killAll();
      await Promise.all(ended);
    },
  };
}

async function untilEnded(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}
