// Entry of the sweep thread.

import { randomFillSync } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import { assert } from "@truechimer/base";
import { checkKernelStamps } from "../kernel/kernel-stamp-check.ts";
import { openLinuxCalls } from "../kernel/linux-calls.ts";
import { openLinuxNetwork } from "../kernel/linux-network.ts";
import { SweepRun } from "./sweep-run.ts";
import type { FromSweepThread, SweepOrder, SweepThreadData } from "./sweeper.ts";

function main(): void {
  assert(parentPort !== null, "the sweep thread is started as a worker");
  const port = parentPort;
  const stop = new Int32Array((workerData as SweepThreadData).stop);
  const tell = (message: FromSweepThread, transfer: ArrayBuffer[] = []): void =>
    port.postMessage(message, transfer);
  try {
    const calls = openLinuxCalls();
    const network = openLinuxNetwork(calls);
    const problem = checkKernelStamps(network);
    if (problem !== undefined) {
      network[Symbol.dispose]();
      tell({ kind: "unavailable", problem });
      return;
    }
    const sweep = new SweepRun({
      calls,
      network,
      nowMs: () => performance.now(),
      fillRandom: (words) => randomFillSync(words),
      isStopped: () => Atomics.load(stop, 0) !== 0,
    });
    port.on("message", (order: SweepOrder | "stop") => {
      if (order !== "stop") {
        const result = sweep.run(order);
        tell({ kind: "done", result });
        return;
      }
      network[Symbol.dispose]();
      port.close();
    });
    tell({ kind: "ready" });
  } catch (error) {
    tell({ kind: "unavailable", problem: error instanceof Error ? error.message : String(error) });
  }
}

main();
