// Sweeps: one exchange in basic mode with each of many servers, as fast as two cores allow, of which the figures are
// wanted and not the packets. Where the probe socket spends its time on a promise, a packet and a judgement as objects
// for each exchange, a sweep has columns of numbers; what counts as an answer is the same.

import { Worker } from "node:worker_threads";
import { AppError, assert, type IpAddress } from "@truechimer/base";
import { SAMPLE_REASONS, type SampleReason } from "@truechimer/ntp";
import { TIMEOUT_MS_MAX } from "../limits.ts";

/** Whom to ask, in the order of asking; the same server may come again, and the caller paces. */
export interface SweepTarget {
  readonly address: IpAddress;
  readonly port: number;
}

/** What came of a sweep; each column has a value for each target, in their order. */
export interface SweepResult {
  /** Server's clock minus ours, ns. NaN: not measured. */
  readonly offsetNs: Float64Array;
  /** Round trip without the server's time, ns. NaN: not measured. */
  readonly delayNs: Float64Array;
  /** The true offset lies within `offsetNs` ± this, ns. NaN: not measured. */
  readonly boundNs: Float64Array;
  /** 0: good; else the position in SAMPLE_REASONS plus 1. */
  readonly reason: Uint8Array;
  /** 1: the kernel took both stamps. */
  readonly isStampedByKernel: Uint8Array;
  /** Datagrams that were no answer to an exchange in flight: late, twice, or forged. */
  readonly strangers: number;
}

/** Makes sweeps, one at a time, on a thread of its own. Closing it ends a sweep under way. */
export interface Sweeper extends AsyncDisposable {
  /** Rejects with AppError `bad_request`, `limit_exceeded` while another is under way, or `stopped`. */
  sweep(targets: readonly SweepTarget[], timeoutMs: number): Promise<SweepResult>;
}

/** Targets of one sweep: 50,000 servers twenty times a second for a second; 64 MB of addresses. */
const SWEEP_TARGETS_MAX = 1_000_000;
/** Bytes of a target on the way to the thread: length of the address, port, address. */
export const TARGET_BYTES = 20;

/** What the thread is started with. */
export interface SweepThreadData {
  /** One Int32: 1 ends a sweep under way. */
  readonly stop: SharedArrayBuffer;
}

/** To the thread; "stop" is the last. */
export interface SweepOrder {
  readonly targets: ArrayBuffer;
  readonly timeoutMs: number;
}

/** From the thread. `ready` is the first, unless the host cannot. */
export type FromSweepThread =
  | { readonly kind: "ready" }
  | { readonly kind: "unavailable"; readonly problem: string }
  | { readonly kind: "done"; readonly result: SweepResult };

/** The reason of one target; absent: good. */
export function sweepReason(code: number): SampleReason | undefined {
  return code === 0 ? undefined : SAMPLE_REASONS[code - 1];
}

/** Rejects with AppError `kernel_timestamps_unavailable` where the host gives no such stamps. */
export async function createSweeper(): Promise<Sweeper> {
  const isSource = import.meta.url.endsWith(".ts");
  const file = new URL(isSource ? "./sweep-thread.ts" : "./sweep-thread.js", import.meta.url);
  const data: SweepThreadData = { stop: new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT) };
  const worker = new Worker(file, {
    workerData: data,
    name: "sweep",
    execArgv: isSource ? ["--conditions=source"] : [],
  });
  const first = await new Promise<FromSweepThread>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  if (first.kind === "unavailable") {
    await worker.terminate();
    throw new AppError("kernel_timestamps_unavailable", `no sweeps here: ${first.problem}`);
  }
  return new ThreadSweeper(worker, data);
}

interface UnderWay {
  readonly resolve: (result: SweepResult) => void;
  readonly reject: (error: AppError) => void;
}

class ThreadSweeper implements Sweeper {
  readonly #worker: Worker;
  readonly #stop: Int32Array;
  readonly #exited: Promise<void>;
  #underWay: UnderWay | undefined;
  #isClosed = false;

  constructor(worker: Worker, { stop }: SweepThreadData) {
    this.#worker = worker;
    this.#stop = new Int32Array(stop);
    this.#exited = new Promise((resolve) => worker.once("exit", () => resolve()));
    worker.unref();
    worker.on("message", (message: FromSweepThread) => {
      if (message.kind === "done") this.#take()?.resolve(message.result);
    });
    worker.on("error", (cause) => {
      this.#isClosed = true;
      this.#take()?.reject(new AppError("socket_failed", "the sweep thread broke", { cause }));
    });
  }

  async sweep(targets: readonly SweepTarget[], timeoutMs: number): Promise<SweepResult> {
    if (targets.length === 0 || targets.length > SWEEP_TARGETS_MAX) {
      throw new AppError(
        "bad_request",
        `${targets.length} targets: expected 1 to ${SWEEP_TARGETS_MAX}`,
      );
    }
    if (!(timeoutMs > 0 && timeoutMs <= TIMEOUT_MS_MAX)) {
      throw new AppError(
        "bad_request",
        `timeout ${timeoutMs}ms must be above 0 and at most ${TIMEOUT_MS_MAX}`,
      );
    }
    if (this.#isClosed) throw new AppError("stopped", "the sweeper was closed");
    if (this.#underWay !== undefined) {
      throw new AppError("limit_exceeded", "a sweep is under way: wait for its end");
    }
    const order: SweepOrder = { targets: packTargets(targets), timeoutMs };
    return await new Promise((resolve, reject) => {
      this.#underWay = { resolve, reject };
      this.#worker.ref();
      this.#worker.postMessage(order, [order.targets]);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#take()?.reject(new AppError("stopped", "the sweeper was closed"));
    if (!this.#isClosed) {
      this.#isClosed = true;
      Atomics.store(this.#stop, 0, 1);
      this.#worker.ref();
      this.#worker.postMessage("stop");
    }
    await this.#exited;
  }

  #take(): UnderWay | undefined {
    const underWay = this.#underWay;
    this.#underWay = undefined;
    this.#worker.unref();
    return underWay;
  }
}

function packTargets(targets: readonly SweepTarget[]): ArrayBuffer {
  const block = new ArrayBuffer(targets.length * TARGET_BYTES);
  const view = new DataView(block);
  const bytes = new Uint8Array(block);
  for (const [index, { address, port }] of targets.entries()) {
    assert(port > 0 && port < 65_536, "a target has a UDP port");
    view.setUint8(index * TARGET_BYTES, address.bytes.length);
    view.setUint16(index * TARGET_BYTES + 2, port);
    bytes.set(address.bytes, index * TARGET_BYTES + 4);
  }
  return block;
}
