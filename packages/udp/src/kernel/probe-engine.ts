// The probe thread's logic: takes orders, sends them in batches, reads what came, ends exchanges. Each turn of its
// loop sends what is queued and waits for the kernel once.

import {
  type ExchangeOrder,
  ExchangeTable,
  type ExchangeTableCounters,
  type IncomingDatagram,
  sameBytes,
} from "../exchange-table.ts";
import { BATCH_MAX, BATCH_PER_PORT } from "../limits.ts";
import { failureFromLinuxErrno, sendFailureFromLinuxErrno } from "../network-failure.ts";
import { StepWatch } from "../step-watch.ts";
import type {
  KernelNetwork,
  NetworkPort,
  OutgoingDatagram,
  ReceivedDatagram,
  UnreachableReport,
} from "./kernel-network.ts";
import { EAGAIN, ENOBUFS, ENOMEM } from "./linux-constants.ts";
import type { PortPool, ProbeExchange, ProbePort } from "./port-pool.ts";

/** Longest wait of one turn, so that the thread notices within this time that it is to end. */
const WAIT_MS_MAX = 250;
/** Send again after the kernel was out of memory for packets. */
const CONGESTED_WAIT_MS = 1;

/** After a pause as long as this the kernel's way to the network is cold. */
const COLD_AFTER_MS = 1;

/** What the engine drives, and whom it tells. */
export interface ProbeEngineOptions {
  readonly network: KernelNetwork;
  readonly ports: PortPool;
  /** A clock that only runs forwards, in milliseconds. */
  readonly nowMs: () => number;
  /** An exchange has ended; its state is valid until this returns. */
  readonly onEnd: (exchange: ProbeExchange, steppedNs: bigint) => void;
}

/** Carries exchanges over a `KernelNetwork`. Whoever owns the thread calls `turn` in a loop. */
export class ProbeEngine {
  readonly #network: KernelNetwork;
  readonly #ports: PortPool;
  readonly #nowMs: () => number;
  readonly #onEnd: ProbeEngineOptions["onEnd"];
  readonly #table: ExchangeTable<ProbePort>;
  readonly #steps = new StepWatch();
  #queue: ProbeExchange[] = [];
  #queueFrom = 0;
  #wallNs = 0n;
  #sharedPort: ProbePort | undefined;
  #sharedUses = 0;
  #congested = false;
  #lastSentMs = Number.NEGATIVE_INFINITY;

  constructor(options: ProbeEngineOptions) {
    this.#network = options.network;
    this.#ports = options.ports;
    this.#nowMs = options.nowMs;
    this.#onEnd = options.onEnd;
    this.#table = new ExchangeTable(
      (exchange) => this.#ended(exchange),
      ({ closed }) => !closed,
    );
    this.#readClocks();
  }

  get counters(): ExchangeTableCounters {
    return this.#table.counters;
  }

  /** Nothing in flight and no port open: the loop may rest until the next order. */
  get isIdle(): boolean {
    return this.#table.inFlight === 0 && this.#ports.open === 0;
  }

  add(order: ExchangeOrder): void {
    this.#queue.push(this.#table.add(order, this.#nowMs()));
  }

  cancel(id: number): void {
    this.#table.cancel(id);
  }

  /** One turn: send what is queued, wait for the kernel if there is nothing to do, read what came, end what is over. */
  turn(mayWait: boolean): void {
    this.sendQueued();
    this.#waitAndRead(mayWait ? this.#waitMs() : 0);
    const nowMs = this.#nowMs();
    this.#table.expire(nowMs);
    if (this.#ports.closeIdle(nowMs)) this.#table.forgetUnheard();
  }

  /** Sends what is queued, a batch a port. */
  sendQueued(): void {
    this.#congested = false;
    while (this.#queueFrom < this.#queue.length && !this.#congested) this.#sendBatch();
    if (this.#queueFrom === this.#queue.length) {
      this.#queue = [];
      this.#queueFrom = 0;
    }
  }

  #sendBatch(): void {
    const batches = new Map<ProbePort, ProbeExchange[]>();
    for (let count = 0; count < BATCH_MAX && this.#queueFrom < this.#queue.length; count += 1) {
      const exchange = this.#queue[this.#queueFrom];
      this.#queueFrom += 1;
      if (exchange === undefined || exchange.phase !== "in_flight") continue;
      const port = this.#portFor(exchange);
      if (port === undefined) continue;
      const batch = batches.get(port);
      if (batch === undefined) batches.set(port, [exchange]);
      else batch.push(exchange);
    }
    for (const [port, batch] of batches) this.#sendFrom(port, batch);
  }

  #portFor(exchange: ProbeExchange): ProbePort | undefined {
    const { address, localAddress } = exchange.order;
    const reusable = this.#sharedPort;
    if (
      reusable !== undefined &&
      this.#sharedUses < BATCH_PER_PORT &&
      !reusable.retired &&
      this.#ports.shares &&
      localAddress === undefined &&
      reusable.group.isWildcard &&
      reusable.group.localAddress.length === address.length
    ) {
      this.#sharedUses += 1;
      return reusable;
    }
    const taken = this.#ports.take(localAddress, address.length === 4);
    if (!taken.ok) {
      this.#table.fail(exchange, sendFailureFromLinuxErrno(taken.error));
      return undefined;
    }
    this.#sharedPort = taken.value;
    this.#sharedUses = 1;
    return taken.value;
  }

  #sendFrom(port: ProbePort, batch: readonly ProbeExchange[]): void {
    this.#warmUpFor(batch);
    this.#readClocks();
    for (const exchange of batch) {
      exchange.stepsBeforeNs = this.#steps.totalNs;
      exchange.sentUserNs = this.#wallNs;
    }
    const { sent, errno } = this.#network.send(port.network, batch.map(outgoing));
    const nowMs = this.#nowMs();
    this.#lastSentMs = nowMs;
    for (const exchange of batch.slice(0, sent)) this.#markSent(exchange, port, nowMs);
    if (sent < batch.length) this.#sendFailed(port, batch.slice(sent), errno);
    this.#readStamps(port);
  }

  /** In basic mode the server's own T3 is off by much more, and nothing is gained. */
  #warmUpFor(batch: readonly ProbeExchange[]): void {
    if (this.#nowMs() - this.#lastSentMs < COLD_AFTER_MS) return;
    if (batch.some(({ asksInterleaved }) => asksInterleaved)) this.#network.warmUp();
  }

  #markSent(exchange: ProbeExchange, port: ProbePort, nowMs: number): void {
    this.#ports.assign(port, exchange);
    this.#table.markSent(exchange, port, nowMs);
  }

  /**
   * The error may belong to an earlier datagram of the same socket, and older kernels count a datagram that was never
   * sent. So the port serves no more, and the first of the rest tries a fresh one, where an error is its own.
   */
  #sendFailed(port: ProbePort, rest: readonly ProbeExchange[], errno: number): void {
    this.#ports.retire(port);
    const [first, ...others] = rest;
    if (first === undefined) return;
    if (isCongestion(errno)) {
      this.#congested = true;
      this.#requeue(rest);
      return;
    }
    this.#sendAlone(first);
    this.#requeue(others);
  }

  #sendAlone(exchange: ProbeExchange): void {
    const { address, localAddress } = exchange.order;
    const taken = this.#ports.takeFresh(localAddress, address.length === 4);
    if (!taken.ok) {
      this.#table.fail(exchange, sendFailureFromLinuxErrno(taken.error));
      return;
    }
    const port = taken.value;
    const { sent, errno } = this.#network.send(port.network, [outgoing(exchange)]);
    if (sent === 1) {
      this.#markSent(exchange, port, this.#nowMs());
      this.#readStamps(port);
      return;
    }
    exchange.port = port;
    this.#ports.retire(port);
    exchange.sentUserNs = undefined;
    this.#table.fail(exchange, sendFailureFromLinuxErrno(errno));
  }

  #requeue(exchanges: readonly ProbeExchange[]): void {
    for (const exchange of exchanges) exchange.sentUserNs = undefined;
    this.#queue.push(...exchanges);
  }

  #waitMs(): number {
    if (this.#congested) return CONGESTED_WAIT_MS;
    const deadlineMs = this.#table.nextDeadlineMs();
    if (deadlineMs === undefined) return WAIT_MS_MAX;
    return Math.min(WAIT_MS_MAX, Math.max(0, Math.ceil(deadlineMs - this.#nowMs())));
  }

  #waitAndRead(timeoutMs: number): void {
    const ready: ProbePort[] = [];
    this.#network.wait(timeoutMs, (networkPort: NetworkPort, hasErrors: boolean) => {
      const port = this.#ports.find(networkPort);
      if (port === undefined) return;
      if (hasErrors) this.#readStamps(port);
      ready.push(port);
    });
    if (ready.length === 0) return;
    this.#readClocks();
    for (const port of ready) {
      this.#network.receive(port.network, (datagram) => this.#received(port, datagram));
    }
  }

  #readStamps(port: ProbePort): void {
    this.#network.receiveErrors(port.network, {
      onTransmitStamp: (index, stampNs) => {
        const exchange = port.sent[index];
        if (exchange !== undefined) exchange.sentKernelNs = stampNs;
        port.sent[index] = undefined;
      },
      onUnreachable: (report) => this.#unreachable(port, report),
    });
  }

  #unreachable(port: ProbePort, error: UnreachableReport): void {
    const failure = failureFromLinuxErrno(error.errno);
    const quotedExchange = this.#table.exchangeOfRequest(error.quoted);
    for (const exchange of quotedExchange === undefined ? port.inFlight : [quotedExchange]) {
      const { order } = exchange;
      const isMeant =
        exchange.port === port &&
        error.to !== undefined &&
        order.port === error.to.port &&
        sameBytes(order.address, error.to.address);
      if (isMeant) this.#table.fail(exchange, failure);
    }
  }

  #received(port: ProbePort, datagram: ReceivedDatagram): void {
    const incoming: IncomingDatagram = {
      bytes: datagram.bytes,
      fromAddress: datagram.from.address,
      fromPort: datagram.from.port,
      toAddress: datagram.toAddress,
      kernelStampNs: datagram.stampNs,
      userStampNs: this.#wallNs,
    };
    this.#table.onDatagram(port, incoming, port.inFlight);
  }

  #ended(exchange: ProbeExchange): void {
    this.#onEnd(exchange, this.#steps.totalNs - exchange.stepsBeforeNs);
    this.#ports.release(exchange, this.#nowMs());
  }

  #readClocks(): void {
    const reading = this.#network.readClocks();
    this.#wallNs = reading.wallNs;
    this.#steps.observe(reading);
  }
}

function outgoing({ order }: ProbeExchange): OutgoingDatagram {
  return { to: order, bytes: order.request };
}

function isCongestion(errno: number): boolean {
  return errno === EAGAIN || errno === ENOBUFS || errno === ENOMEM;
}
