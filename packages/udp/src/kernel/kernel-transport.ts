// The caller's end of the probe thread: starts it, batches orders to it, hands out what it sends back.

import { writeSync } from "node:fs";
import { type ResourceLimits, Worker } from "node:worker_threads";
import { AppError } from "@truechimer/base";
import type { ExchangeOrder, ExchangeTableCounters } from "../exchange-table.ts";
import { IN_FLIGHT_MAX } from "../limits.ts";
import type { Transport, TransportEvents } from "../transport.ts";
import {
  COUNTER_NAMES,
  type FromProbeThread,
  type ProbeThreadData,
  THREAD_BUSY,
  THREAD_WAITING,
  type ToProbeThread,
} from "./thread-messages.ts";
import { OrderWriter, readEnds } from "./thread-records.ts";

/**
 * The thread holds a few hundred bytes for each exchange that is in flight or remembered, and little else. A small
 * young generation keeps the pauses of its collection short.
 */
const THREAD_LIMITS: ResourceLimits = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 3 };

/** What an eventfd takes. */
const WAKE_UP: Uint8Array = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0);

/** Rejects with AppError `kernel_timestamps_unavailable` where the host gives no such stamps. */
export async function createKernelTransport(events: TransportEvents): Promise<Transport> {
  if (process.platform !== "linux") throw unavailable(`this is ${process.platform}, not Linux`);
  if (!["x64", "arm64"].includes(process.arch))
    throw unavailable(`the processor is ${process.arch}`);
  const data: ProbeThreadData = {
    state: new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT),
    counters: new SharedArrayBuffer(COUNTER_NAMES.length * Float64Array.BYTES_PER_ELEMENT),
  };
  const worker = startThread(data);
  const wakeFd = await untilReady(worker);
  return new KernelTransport({ worker, data, wakeFd, events });
}

function startThread(data: ProbeThreadData): Worker {
  const isSource = import.meta.url.endsWith(".ts");
  const file = new URL(isSource ? "./probe-thread.ts" : "./probe-thread.js", import.meta.url);
  return new Worker(file, {
    workerData: data,
    name: "probe",
    resourceLimits: THREAD_LIMITS,
    execArgv: isSource ? ["--conditions=source"] : [],
  });
}

function untilReady(worker: Worker): Promise<number> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      worker.off("message", onMessage);
      worker.off("error", onError);
      finish();
    };
    const onError = (cause: unknown): void => {
      settle(() => reject(unavailable("the probe thread could not start", cause)));
    };
    const onMessage = (message: FromProbeThread): void => {
      if (message.kind === "ready") settle(() => resolve(message.wakeFd));
      if (message.kind === "unavailable") settle(() => reject(unavailable(message.problem)));
    };
    worker.on("message", onMessage);
    worker.on("error", onError);
  });
}

function unavailable(problem: string, cause?: unknown): AppError {
  return new AppError("kernel_timestamps_unavailable", `no kernel time stamps: ${problem}`, {
    cause,
  });
}

interface KernelTransportParts {
  readonly worker: Worker;
  readonly data: ProbeThreadData;
  readonly wakeFd: number;
  readonly events: TransportEvents;
}

class KernelTransport implements Transport {
  readonly timestampSource = "kernel";
  readonly inFlightMax: number = IN_FLIGHT_MAX;
  readonly #worker: Worker;
  readonly #state: Int32Array;
  readonly #counters: Float64Array;
  readonly #wakeFd: number;
  readonly #events: TransportEvents;
  readonly #exited: Promise<void>;
  readonly #orders = new OrderWriter();
  #isFlushDue = false;
  #isStopping = false;

  constructor({ worker, data, wakeFd, events }: KernelTransportParts) {
    this.#worker = worker;
    this.#state = new Int32Array(data.state);
    this.#counters = new Float64Array(data.counters);
    this.#wakeFd = wakeFd;
    this.#events = events;
    worker.on("message", (message: FromProbeThread) => this.#receive(message));
    worker.on("error", (cause) => this.#broken(cause));
    this.#exited = new Promise((resolve) => {
      worker.on("exit", (code) => {
        resolve();
        this.#broken(new Error(`the probe thread ended with code ${code}`));
      });
    });
    worker.unref();
  }

  start(order: ExchangeOrder): void {
    this.#orders.put(order);
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    queueMicrotask(() => this.#flush());
  }

  cancel(id: number): void {
    this.#flush();
    this.#tell({ kind: "cancel", id });
  }

  counters(): ExchangeTableCounters {
    const counters = {} as ExchangeTableCounters;
    for (const [index, name] of COUNTER_NAMES.entries()) {
      counters[name] = this.#counters[index] ?? 0;
    }
    return counters;
  }

  setBusy(isBusy: boolean): void {
    if (isBusy) this.#worker.ref();
    else this.#worker.unref();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isStopping) {
      this.#isStopping = true;
      this.#worker.ref();
      this.#tell({ kind: "stop" });
    }
    await this.#exited;
  }

  #flush(): void {
    this.#isFlushDue = false;
    if (this.#orders.isEmpty) return;
    const block = this.#orders.take();
    this.#tell({ kind: "orders", block }, [block]);
  }

  #tell(message: ToProbeThread, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
    const before = Atomics.compareExchange(this.#state, 0, THREAD_WAITING, THREAD_BUSY);
    if (before === THREAD_WAITING) writeSync(this.#wakeFd, WAKE_UP);
  }

  #receive(message: FromProbeThread): void {
    if (message.kind !== "ends") return;
    for (const { id, evidence } of readEnds(message.block)) this.#events.onEnd(id, evidence);
  }

  #broken(cause: unknown): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#events.onBroken(cause);
  }
}
