// Exchanges through node:dgram, for hosts without kernel stamps: a fresh connected socket each, so that the port is
// unpredictable, the kernel drops what others send, and a refused connection is reported. Stamps are taken by this
// program as near to the system calls as it can: before the sending, and when the datagram reaches it.

import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { type Clock, type IpAddress, ipAddressFromBytes, parseIpAddress } from "@truechimer/base";
import type { ExchangeEvidence } from "../evidence.ts";
import {
  type ExchangeOrder,
  type ExchangeState,
  ExchangeTable,
  type ExchangeTableCounters,
} from "../exchange-table.ts";
import { PORT_LINGER_MS, USER_SPACE_IN_FLIGHT_MAX } from "../limits.ts";
import { failureFromErrorName, sendFailureFromErrorName } from "../network-failure.ts";
import { StepWatch } from "../step-watch.ts";
import type { Transport, TransportEvents } from "../transport.ts";
import {
  WALL_CLOCK_DRIFT_PARTS_PER_MILLION,
  WALL_CLOCK_ROUNDING_NS,
  wallClockNs,
} from "./wall-clock.ts";

/** Clock, receiver of the results and, in tests, the wall clock. */
export interface DgramTransportOptions {
  readonly clock: Clock;
  readonly events: TransportEvents;
  /** The wall clock for stamps, as fine as possible. Default: the host's. */
  readonly wallNs?: () => bigint;
}

interface DgramPort {
  readonly socket: Socket;
  localAddress: Uint8Array | undefined;
  localPort: number | undefined;
  isClosed: boolean;
  stopTimer: () => void;
}

type DgramExchange = ExchangeState<DgramPort>;

/** Exchanges with stamps of user space; works wherever Node does. */
export function createDgramTransport(options: DgramTransportOptions): Promise<Transport> {
  return Promise.resolve(new DgramTransport(options));
}

class DgramTransport implements Transport {
  readonly timestampSource = "user_space";
  readonly inFlightMax: number = USER_SPACE_IN_FLIGHT_MAX;
  readonly #clock: Clock;
  readonly #events: TransportEvents;
  readonly #wallNs: () => bigint;
  readonly #table: ExchangeTable<DgramPort>;
  readonly #steps = new StepWatch({
    roundingNs: WALL_CLOCK_ROUNDING_NS,
    driftPartsPerMillion: WALL_CLOCK_DRIFT_PARTS_PER_MILLION,
  });
  readonly #exchanges = new Map<number, DgramExchange>();
  readonly #queue: DgramExchange[] = [];
  #isQueueMoving = false;
  /** Sockets whose exchange has ended, the longest idle first. */
  readonly #lingering = new Set<DgramPort>();

  constructor({ clock, events, wallNs }: DgramTransportOptions) {
    this.#clock = clock;
    this.#events = events;
    this.#wallNs = wallNs ?? wallClockNs;
    this.#table = new ExchangeTable(
      (exchange) => this.#ended(exchange),
      ({ isClosed }) => !isClosed,
    );
  }

  start(order: ExchangeOrder): void {
    const exchange = this.#table.add(order, this.#nowMs());
    this.#exchanges.set(order.id, exchange);
    this.#queue.push(exchange);
    if (!this.#isQueueMoving) this.#sendNext();
  }

  /**
   * One a turn of the event loop. To send a burst takes milliseconds, and as long as it lasts no answer is read: its
   * stamp would be late by all of them.
   */
  #sendNext(): void {
    const next = this.#queue.shift();
    this.#isQueueMoving = next !== undefined;
    if (next === undefined) return;
    if (next.phase === "in_flight") this.#openFor(next);
    setImmediate(() => this.#sendNext());
  }

  #openFor(exchange: DgramExchange): void {
    const { order } = exchange;
    const port = this.#open(exchange);
    exchange.port = port;
    const address = textOf(order.address);
    const { socket } = port;
    socket.on("error", (error: NodeJS.ErrnoException) => {
      const hasLeft = exchange.sentUserNs !== undefined;
      const failureFrom = hasLeft ? failureFromErrorName : sendFailureFromErrorName;
      this.#table.fail(exchange, failureFrom(error.code));
    });
    socket.on("message", (bytes, from) => this.#received(exchange, { bytes, from }));
    socket.once("connect", () => this.#send(exchange, port));
    socket.bind({ port: 0, address: localText(order), exclusive: true }, () => {
      if (!port.isClosed) socket.connect(order.port, address.text);
    });
    port.stopTimer = this.#clock.setTimer(order.timeoutMs, () => this.#expire(exchange));
  }

  cancel(id: number): void {
    this.#table.cancel(id);
  }

  counters(): ExchangeTableCounters {
    return { ...this.#table.counters };
  }

  setBusy(): void {}

  [Symbol.asyncDispose](): Promise<void> {
    for (const id of this.#exchanges.keys()) this.#table.cancel(id);
    for (const port of this.#lingering) this.#close(port);
    return Promise.resolve();
  }

  #open(exchange: DgramExchange): DgramPort {
    if (this.#lingering.size + this.#exchanges.size > this.inFlightMax) this.#closeLongestIdle();
    const isIpv4 = exchange.order.address.length === 4;
    return {
      socket: createSocket(isIpv4 ? { type: "udp4" } : { type: "udp6", ipv6Only: true }),
      localAddress: exchange.order.localAddress,
      localPort: undefined,
      isClosed: false,
      stopTimer: () => {},
    };
  }

  #send(exchange: DgramExchange, port: DgramPort): void {
    if (exchange.phase !== "in_flight") return;
    const local = port.socket.address();
    port.localPort = local.port;
    const parsed = parseIpAddress(local.address);
    if (parsed.ok) exchange.sourceAddress = parsed.value.bytes;
    this.#observeClocks();
    exchange.stepsBeforeNs = this.#steps.totalNs;
    exchange.sentUserNs = this.#wallNs();
    port.socket.send(exchange.order.request, (error: NodeJS.ErrnoException | null) => {
      if (error !== null) this.#table.fail(exchange, sendFailureFromErrorName(error.code));
    });
    this.#table.markSent(exchange, port, this.#nowMs());
    port.stopTimer();
    port.stopTimer = this.#clock.setTimer(exchange.order.timeoutMs, () => this.#expire(exchange));
  }

  #received(
    exchange: DgramExchange,
    { bytes, from }: { readonly bytes: Uint8Array; readonly from: RemoteInfo },
  ): void {
    const userStampNs = this.#wallNs();
    const { port } = exchange;
    const fromAddress = parseIpAddress(from.address);
    if (port === undefined || !fromAddress.ok) return;
    this.#observeClocks();
    this.#table.onDatagram(
      port,
      {
        bytes,
        fromAddress: fromAddress.value.bytes,
        fromPort: from.port,
        toAddress: undefined,
        kernelStampNs: undefined,
        userStampNs,
      },
      exchange.phase === "in_flight" ? [exchange] : [],
    );
  }

  /** The timers of `Clock` may be early by a fraction of a millisecond; the deadline is what counts. */
  #expire(exchange: DgramExchange): void {
    this.#table.expire(Math.max(this.#nowMs(), exchange.deadlineMs));
  }

  #ended(exchange: DgramExchange): void {
    const { port } = exchange;
    this.#exchanges.delete(exchange.order.id);
    if (exchange.phase !== "cancelled") {
      const stepNs = this.#steps.totalNs - exchange.stepsBeforeNs;
      this.#events.onEnd(exchange.order.id, evidenceOf(exchange, stepNs));
    }
    if (port === undefined) return;
    port.stopTimer();
    if (exchange.phase === "cancelled" || exchange.phase === "failed") this.#close(port);
    else this.#linger(port);
  }

  #linger(port: DgramPort): void {
    port.socket.unref();
    this.#lingering.add(port);
    port.stopTimer = this.#clock.setTimer(PORT_LINGER_MS, () => this.#close(port));
  }

  #closeLongestIdle(): void {
    for (const port of this.#lingering) {
      this.#close(port);
      return;
    }
  }

  #close(port: DgramPort): void {
    port.stopTimer();
    this.#lingering.delete(port);
    if (port.isClosed) return;
    port.isClosed = true;
    port.socket.close();
    this.#table.forgetUnheard();
  }

  #observeClocks(): void {
    const before = process.hrtime.bigint();
    const wallNs = this.#wallNs();
    const after = process.hrtime.bigint();
    this.#steps.observe({ lowNs: wallNs - after, highNs: wallNs - before, atNs: after });
  }

  #nowMs(): number {
    return Number(this.#clock.monotonicNs()) / 1e6;
  }
}

function evidenceOf(exchange: DgramExchange, stepNs: bigint): ExchangeEvidence {
  return {
    sentNs: exchange.sentUserNs,
    sentByKernel: false,
    // Node reads many datagrams into one large block.
    response: exchange.response?.slice(),
    receivedNs: exchange.receivedUserNs,
    receivedByKernel: false,
    sourceAddress: exchange.sourceAddress,
    sourcePort: exchange.port?.localPort,
    clockStepNs: exchange.sentUserNs === undefined ? 0n : stepNs,
    failure: exchange.failure,
  };
}

function localText(order: ExchangeOrder): string {
  if (order.localAddress !== undefined) return textOf(order.localAddress).text;
  return order.address.length === 4 ? "0.0.0.0" : "::";
}

function textOf(bytes: Uint8Array): IpAddress {
  const address = ipAddressFromBytes(bytes);
  if (!address.ok) throw new Error(address.error);
  return address.value;
}
