// Exchanges with kernel stamps on the caller's own thread, for a process that is to be small: it looks at its sockets at
// a beat instead of waiting in the kernel. The stamps are the kernel's, so a look that comes late moves none of them;
// only results, and the ends of those that stay silent, come up to a beat later.

import { AppError, type Clock } from "@truechimer/base";
import type { ExchangeEvidence } from "../evidence.ts";
import type { ExchangeOrder, ExchangeTableCounters } from "../exchange-table.ts";
import { IN_FLIGHT_MAX } from "../limits.ts";
import type { Transport, TransportEvents } from "../transport.ts";
import { evidenceOf } from "./evidence-of.ts";
import type { KernelNetwork } from "./kernel-network.ts";
import { PortPool } from "./port-pool.ts";
import { ProbeEngine } from "./probe-engine.ts";
import { createUnpredictableFraction } from "./unpredictable-fraction.ts";

const NS_PER_MS = 1_000_000;

export interface PolledTransportOptions {
  readonly clock: Clock;
  readonly events: TransportEvents;
  /** Between two looks, at multiples of it on the clock's monotonic side, so that other timers of that beat coincide. */
  readonly lookEveryMs: number;
}

/** Rejects with AppError `kernel_timestamps_unavailable` where the host gives no such stamps. */
export async function createPolledTransport(options: PolledTransportOptions): Promise<Transport> {
  return new PolledTransport(await openNetwork(), options);
}

async function openNetwork(): Promise<KernelNetwork> {
  if (process.platform !== "linux") throw unavailable(`this is ${process.platform}, not Linux`);
  if (!["x64", "arm64"].includes(process.arch))
    throw unavailable(`the processor is ${process.arch}`);
  try {
    // Not before: other systems, and installations without the native part, do without.
    const [{ openLinuxCalls }, { openLinuxNetwork }, { checkKernelStamps }] = await Promise.all([
      import("./linux-calls.ts"),
      import("./linux-network.ts"),
      import("./kernel-stamp-check.ts"),
    ]);
    const network = openLinuxNetwork(openLinuxCalls());
    const problem = checkKernelStamps(network);
    if (problem === undefined) return network;
    network[Symbol.dispose]();
    throw unavailable(problem);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw unavailable(error instanceof Error ? error.message : String(error), error);
  }
}

function unavailable(problem: string, cause?: unknown): AppError {
  return new AppError("kernel_timestamps_unavailable", `no kernel time stamps: ${problem}`, {
    cause,
  });
}

/** Drives a probe engine from timers of `clock`. Owns the network. */
export class PolledTransport implements Transport {
  readonly timestampSource = "kernel";
  readonly inFlightMax: number = IN_FLIGHT_MAX;
  readonly #network: KernelNetwork;
  readonly #clock: Clock;
  readonly #events: TransportEvents;
  readonly #lookEveryMs: number;
  readonly #engine: ProbeEngine;
  /** Ended, and not told yet: whoever is told may begin or cancel others. */
  #ends: { readonly id: number; readonly evidence: ExchangeEvidence }[] = [];
  #isSendDue = false;
  #isClosed = false;
  #cancelLook: (() => void) | undefined;

  constructor(network: KernelNetwork, { clock, events, lookEveryMs }: PolledTransportOptions) {
    this.#network = network;
    this.#clock = clock;
    this.#events = events;
    this.#lookEveryMs = lookEveryMs;
    this.#engine = new ProbeEngine({
      network,
      ports: new PortPool({ network, fraction: createUnpredictableFraction() }),
      nowMs: () => this.#nowMs(),
      onEnd: (exchange, steppedNs) => {
        if (exchange.phase === "cancelled") return;
        // It lies in the network's memory, and the next datagram is written over it.
        const response = exchange.response?.slice();
        this.#ends.push({
          id: exchange.order.id,
          evidence: evidenceOf(exchange, steppedNs, response),
        });
      },
    });
  }

  start(order: ExchangeOrder): void {
    if (this.#isClosed) return;
    this.#engine.add(order);
    if (this.#isSendDue) return;
    this.#isSendDue = true;
    queueMicrotask(() => {
      this.#isSendDue = false;
      this.#act(() => this.#engine.sendQueued());
    });
  }

  cancel(id: number): void {
    if (!this.#isClosed) this.#engine.cancel(id);
  }

  counters(): ExchangeTableCounters {
    return { ...this.#engine.counters };
  }

  /** The next look keeps the process alive as long as there is something to look for. */
  setBusy(): void {}

  [Symbol.asyncDispose](): Promise<void> {
    this.#close();
    return Promise.resolve();
  }

  #act(what: () => void): void {
    if (this.#isClosed) return;
    try {
      what();
    } catch (cause) {
      this.#close();
      this.#events.onBroken(cause);
      return;
    }
    this.#tellEnds();
    this.#lookAgain();
  }

  #tellEnds(): void {
    const ends = this.#ends;
    if (ends.length === 0) return;
    this.#ends = [];
    for (const { id, evidence } of ends) this.#events.onEnd(id, evidence);
  }

  #lookAgain(): void {
    if (this.#isClosed || this.#cancelLook !== undefined || this.#engine.isIdle) return;
    const untilBeatMs = this.#lookEveryMs - (this.#nowMs() % this.#lookEveryMs);
    this.#cancelLook = this.#clock.setTimer(untilBeatMs, () => {
      this.#cancelLook = undefined;
      this.#act(() => this.#engine.turn(false));
    });
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelLook?.();
    this.#network[Symbol.dispose]();
  }

  #nowMs(): number {
    return Number(this.#clock.monotonicNs()) / NS_PER_MS;
  }
}
