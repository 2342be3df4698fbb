// A kernel of our own for tests of the probe thread's logic: what is sent is recorded, what arrives is written by the
// test, and its clocks move only when told.

import { ok, type Result, refused } from "@truechimer/base";
import type {
  ClockReading,
  KernelNetwork,
  NetworkPort,
  OutgoingDatagram,
  PortOptions,
  QueuedErrors,
  ReceivedDatagram,
  SendResult,
  UnreachableReport,
} from "./kernel-network.ts";

export interface SentDatagram {
  readonly port: NetworkPort;
  readonly to: OutgoingDatagram["to"];
  readonly bytes: Uint8Array;
}

type QueuedError = (handlers: QueuedErrors) => void;

const START_NS = 1_700_000_000_000_000_000n;
/** How long a system call takes here; a reading of the clocks is as wide. */
const CALL_NS = 100n;

export class FakeNetwork implements KernelNetwork {
  readonly wakeFd: number = -1;
  readonly sent: SentDatagram[] = [];
  readonly batches: number[] = [];
  /** How many datagrams had been sent at each warm-up. */
  readonly warmUps: number[] = [];
  readonly open: Map<number, NetworkPort> = new Map();
  readonly hopLimits: Map<NetworkPort, number | undefined> = new Map();
  /** Errno of the next openings and sendings; 0 succeeds. */
  readonly openErrors: number[] = [];
  readonly sendErrors: number[] = [];
  monotonicNs = 0n;
  steppedNs = 0n;
  stampsTransmissions = true;
  readonly #datagrams = new Map<NetworkPort, ReceivedDatagram[]>();
  readonly #errors = new Map<NetworkPort, QueuedError[]>();
  readonly #sentOf = new Map<NetworkPort, number>();
  #nextFd = 10;

  get wallNs(): bigint {
    return START_NS + this.monotonicNs + this.steppedNs;
  }

  get nowMs(): number {
    return Number(this.monotonicNs) / 1e6;
  }

  advanceMs(durationMs: number): void {
    this.monotonicNs += BigInt(Math.round(durationMs * 1e6));
  }

  /** A datagram for the socket that `request` left from. */
  arrive(request: SentDatagram, bytes: Uint8Array, change: Partial<ReceivedDatagram> = {}): void {
    const datagram = {
      bytes,
      from: request.to,
      toAddress: undefined,
      stampNs: this.wallNs,
      ...change,
    };
    queue(this.#datagrams, request.port, datagram);
  }

  unreachable(
    request: SentDatagram,
    errno: number,
    { quoted = request.bytes, icmp }: Partial<Pick<UnreachableReport, "quoted" | "icmp">> = {},
  ): void {
    queue(this.#errors, request.port, (handlers) => {
      handlers.onUnreachable({ errno, to: request.to, quoted, icmp });
    });
  }

  openPort({ hopLimit }: PortOptions): Result<NetworkPort, number> {
    const errno = this.openErrors.shift() ?? 0;
    if (errno !== 0) return refused(errno);
    const port = { fd: this.#nextFd, port: 40_000 + this.#nextFd };
    this.#nextFd += 1;
    this.open.set(port.fd, port);
    this.hopLimits.set(port, hopLimit);
    return ok(port);
  }

  closePort(port: NetworkPort): void {
    this.open.delete(port.fd);
  }

  watchPort(): void {}

  unwatchPort(): void {}

  send(port: NetworkPort, batch: readonly OutgoingDatagram[]): SendResult {
    this.batches.push(batch.length);
    let sent = 0;
    for (const { to, bytes } of batch) {
      const errno = this.sendErrors.shift() ?? 0;
      if (errno !== 0) return { sent, errno };
      this.monotonicNs += CALL_NS;
      this.#stamp(port);
      this.sent.push({ port, to: { address: to.address, port: to.port }, bytes: bytes.slice() });
      sent += 1;
    }
    return { sent, errno: 0 };
  }

  warmUp(): void {
    this.warmUps.push(this.sent.length);
  }

  receive(port: NetworkPort, onDatagram: (datagram: ReceivedDatagram) => void): void {
    const datagrams = this.#datagrams.get(port) ?? [];
    this.#datagrams.delete(port);
    for (const datagram of datagrams) onDatagram(datagram);
  }

  receiveErrors(port: NetworkPort, handlers: QueuedErrors): void {
    const errors = this.#errors.get(port) ?? [];
    this.#errors.delete(port);
    for (const error of errors) error(handlers);
  }

  wait(timeoutMs: number, onReady: (port: NetworkPort, hasErrors: boolean) => void): void {
    const ready = new Set([...this.#datagrams.keys(), ...this.#errors.keys()]);
    if (ready.size === 0) this.advanceMs(timeoutMs);
    for (const port of ready) {
      if (this.open.get(port.fd) === port) onReady(port, this.#errors.has(port));
    }
  }

  readClocks(): ClockReading {
    const before = this.monotonicNs;
    this.monotonicNs += CALL_NS;
    const { wallNs } = this;
    this.monotonicNs += CALL_NS;
    const atNs = this.monotonicNs;
    return { wallNs, lowNs: wallNs - atNs, highNs: wallNs - before, atNs };
  }

  [Symbol.dispose](): void {
    this.open.clear();
  }

  #stamp(port: NetworkPort): void {
    const index = this.#sentOf.get(port) ?? 0;
    this.#sentOf.set(port, index + 1);
    if (!this.stampsTransmissions) return;
    const stampNs = this.wallNs;
    queue(this.#errors, port, (handlers) => handlers.onTransmitStamp(index, stampNs));
  }
}

function queue<Item>(queues: Map<NetworkPort, Item[]>, port: NetworkPort, item: Item): void {
  const items = queues.get(port);
  if (items === undefined) queues.set(port, [item]);
  else items.push(item);
}
