// A thread that judges faults, so that nobody who is being answered waits for it. It comes into being with the first piece,
// and again after it has ended.

import { Worker } from "node:worker_threads";
import { AppError } from "@truechimer/base";
import type { FaultReport, FaultTask, FaultWorkerData, JudgedPiece } from "./fault-worker.ts";

export interface FaultThread extends AsyncDisposable {
  /**
   * One at a time. Rejects with the code of what failed, with `internal` when the thread ended, such as for want of
   * memory, and with the signal's reason; the thread ends with the signal, whatever it is doing.
   */
  judge(task: FaultTask, signal?: AbortSignal): Promise<JudgedPiece>;
}

/** A piece has some 500,000 checks, an object of 100 bytes each, and as much again while it is judged. */
const MEMORY_MB_MAX = 512;

export function createFaultThread(
  data: FaultWorkerData,
  memoryMbMax: number = MEMORY_MB_MAX,
): FaultThread {
  return new Thread(data, memoryMbMax);
}

class Thread implements FaultThread {
  readonly #data: FaultWorkerData;
  readonly #memoryMbMax: number;
  #worker: Worker | undefined;
  #isDisposed = false;

  constructor(data: FaultWorkerData, memoryMbMax: number) {
    this.#data = data;
    this.#memoryMbMax = memoryMbMax;
  }

  async judge(task: FaultTask, signal?: AbortSignal): Promise<JudgedPiece> {
    signal?.throwIfAborted();
    if (this.#isDisposed) throw new AppError("stopped", "faults are not judged any more");
    const worker = (this.#worker ??= this.#start());
    const onAbort = (): void => void worker.terminate();
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      const report = await reportOf(worker, task);
      if (report.kind === "failed") throw new AppError(report.code, report.message);
      return report;
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const isSource = import.meta.url.endsWith(".ts");
    const worker = new Worker(
      new URL(`./fault-worker.${isSource ? "ts" : "js"}`, import.meta.url),
      {
        workerData: this.#data,
        name: "faults",
        resourceLimits: { maxOldGenerationSizeMb: this.#memoryMbMax },
        execArgv: isSource ? ["--conditions=source"] : [],
      },
    );
    worker.on("error", () => undefined);
    worker.once("exit", () => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    return worker;
  }
}

async function reportOf(worker: Worker, task: FaultTask): Promise<FaultReport> {
  const { promise, resolve, reject } = Promise.withResolvers<FaultReport>();
  const onError = (error: unknown): void =>
    reject(new AppError("internal", "the thread that judges faults failed", { cause: error }));
  const onExit = (): void =>
    reject(new AppError("internal", "the thread that judges faults has ended"));
  worker.once("message", resolve);
  worker.once("error", onError);
  worker.once("exit", onExit);
  try {
    worker.postMessage(task, task.checks === undefined ? [] : [task.checks.values.buffer]);
    return await promise;
  } finally {
    worker.off("message", resolve);
    worker.off("error", onError);
    worker.off("exit", onExit);
  }
}
