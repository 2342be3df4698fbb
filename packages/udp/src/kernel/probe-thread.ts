// Entry of the probe thread. While exchanges are in flight it lives in the kernel (epoll), woken for new orders by an
// eventfd; when there is nothing to do it rests in its event loop, where it costs nothing and can be ended at any time.

import {
  type MessagePort,
  parentPort,
  receiveMessageOnPort,
  workerData,
} from "node:worker_threads";
import { assert } from "@truechimer/base";
import { evidenceOf } from "./evidence-of.ts";
import type { KernelNetwork } from "./kernel-network.ts";
import { checkKernelStamps } from "./kernel-stamp-check.ts";
import { openLinuxCalls } from "./linux-calls.ts";
import { openLinuxNetwork } from "./linux-network.ts";
import { PortPool } from "./port-pool.ts";
import { ProbeEngine } from "./probe-engine.ts";
import {
  COUNTER_NAMES,
  type FromProbeThread,
  type ProbeThreadData,
  THREAD_BUSY,
  THREAD_RESTING,
  THREAD_WAITING,
  type ToProbeThread,
} from "./thread-messages.ts";
import { EndWriter, readOrders } from "./thread-records.ts";
import { createUnpredictableFraction } from "./unpredictable-fraction.ts";

class ProbeThread {
  readonly #port: MessagePort;
  readonly #state: Int32Array;
  readonly #counters: Float64Array;
  readonly #network: KernelNetwork;
  readonly #engine: ProbeEngine;
  readonly #ends = new EndWriter();
  #stopped = false;

  constructor(port: MessagePort, data: ProbeThreadData, network: KernelNetwork) {
    this.#port = port;
    this.#state = new Int32Array(data.state);
    this.#counters = new Float64Array(data.counters);
    this.#network = network;
    this.#engine = new ProbeEngine({
      network,
      ports: new PortPool({ network, fraction: createUnpredictableFraction() }),
      nowMs: () => performance.now(),
      onEnd: (exchange, steppedNs) => {
        if (exchange.phase === "cancelled") return;
        this.#ends.put(exchange.order.id, evidenceOf(exchange, steppedNs));
      },
    });
  }

  start(): void {
    this.#port.on("message", (message: ToProbeThread) => {
      this.#take(message);
      this.#runUntilIdle();
    });
    this.#set(THREAD_RESTING);
  }

  #runUntilIdle(): void {
    this.#set(THREAD_BUSY);
    while (!this.#stopped) {
      this.#takeMessages();
      if (this.#stopped) break;
      this.#engine.sendQueued();
      this.#flush();
      this.#set(THREAD_WAITING);
      // A message that came before the line above did not write to the eventfd.
      const hasMore = this.#takeMessages();
      if (this.#stopped) break;
      this.#engine.turn(!hasMore);
      this.#set(THREAD_BUSY);
      this.#flush();
      if (this.#engine.isIdle && !this.#takeMessages()) {
        this.#set(THREAD_RESTING);
        return;
      }
    }
    this.#end();
  }

  #takeMessages(): boolean {
    let any = false;
    for (;;) {
      const received = receiveMessageOnPort(this.#port);
      if (received === undefined) return any;
      any = true;
      this.#take(received.message);
    }
  }

  #take(message: ToProbeThread): void {
    switch (message.kind) {
      case "orders":
        for (const order of readOrders(message.block)) this.#engine.add(order);
        return;
      case "cancel":
        this.#engine.cancel(message.id);
        return;
      case "stop":
        this.#stopped = true;
    }
  }

  #flush(): void {
    for (const [index, name] of COUNTER_NAMES.entries()) {
      this.#counters[index] = this.#engine.counters[name];
    }
    if (this.#ends.isEmpty) return;
    const block = this.#ends.take();
    const message: FromProbeThread = { kind: "ends", block };
    this.#port.postMessage(message, [block]);
  }

  #set(state: number): void {
    Atomics.store(this.#state, 0, state);
  }

  #end(): void {
    this.#flush();
    this.#network[Symbol.dispose]();
    this.#port.close();
  }
}

function main(): void {
  assert(parentPort !== null, "the probe thread is started as a worker");
  const port = parentPort;
  const tell = (message: FromProbeThread): void => port.postMessage(message);
  try {
    const network = openLinuxNetwork(openLinuxCalls());
    const problem = checkKernelStamps(network);
    if (problem !== undefined) {
      network[Symbol.dispose]();
      tell({ kind: "unavailable", problem });
      return;
    }
    tell({ kind: "ready", wakeFd: network.wakeFd });
    new ProbeThread(port, workerData as ProbeThreadData, network).start();
  } catch (error) {
    tell({ kind: "unavailable", problem: error instanceof Error ? error.message : String(error) });
  }
}

main();
