// The exchanges in flight and what arrives for them: which datagram is the answer, which is late, a duplicate or
// somebody's forgery. No socket and no clock in here; both implementations of the probe socket drive it.
//
// Only a datagram that carries the request's nonce, from the address and port that were asked, on the port that asked,
// ends an exchange. One from the right place with a wrong nonce is kept as evidence until the deadline, because a
// forger must not be able to end an exchange before the true answer arrives. RFC 5905, section 8; RFC 9109.

import { heapPush, heapRemove } from "./deadline-heap.ts";
import { REMEMBERED_MAX, RESPONSE_BYTES_MAX } from "./limits.ts";
import type { NetworkFailure } from "./network-failure.ts";

/** What to send where. The transmit time stamp of the request is its nonce, the receive time stamp may be another. */
export interface ExchangeOrder {
  readonly id: number;
  readonly request: Uint8Array;
  /** 4 or 16 bytes. */
  readonly address: Uint8Array;
  readonly port: number;
  readonly timeoutMs: number;
  /** 4 or 16 bytes. Absent: the system's choice. */
  readonly localAddress: Uint8Array | undefined;
}

/** A datagram and when it came, as whoever read the socket knows it. */
export interface IncomingDatagram {
  /** Valid until the call returns. */
  readonly bytes: Uint8Array;
  readonly fromAddress: Uint8Array;
  readonly fromPort: number;
  /** Which of our addresses it was sent to. Absent: unknown. */
  readonly toAddress: Uint8Array | undefined;
  /** The kernel's stamp. Absent: it took none. */
  readonly kernelStampNs: bigint | undefined;
  /** Our own reading after the datagram had come. */
  readonly userStampNs: bigint;
}

/**
 * What is known of one exchange; it is filled while it runs and handed out when it has ended. One object without others in
 * it, because there are thousands, and each stays for a while after its end.
 */
export class ExchangeState<Port> {
  readonly order: ExchangeOrder;
  /** The request's transmit time stamp, 64 bits in two numbers. */
  readonly nonceHigh: number;
  readonly nonceLow: number;
  /** Which an answer in interleaved mode returns; 0, which no answer may return: none was asked for. RFC 9769, section 2. */
  readonly interleavedHigh: number;
  readonly interleavedLow: number;
  deadlineMs: number;
  phase: "in_flight" | "answered" | "timed_out" | "failed" | "cancelled" = "in_flight";
  port: Port | undefined = undefined;
  /** Total of clock steps seen before the sending. */
  stepsBeforeNs = 0n;
  sentUserNs: bigint | undefined = undefined;
  sentKernelNs: bigint | undefined = undefined;
  response: Uint8Array | undefined = undefined;
  receivedUserNs: bigint | undefined = undefined;
  receivedKernelNs: bigint | undefined = undefined;
  sourceAddress: Uint8Array | undefined;
  failure: NetworkFailure | undefined = undefined;
  heapIndex = -1;

  constructor(order: ExchangeOrder, deadlineMs: number) {
    const { request } = order;
    this.order = order;
    this.nonceHigh = word(request, TRANSMIT_OFFSET);
    this.nonceLow = word(request, TRANSMIT_OFFSET + 4);
    this.interleavedHigh = word(request, RECEIVE_OFFSET);
    this.interleavedLow = word(request, RECEIVE_OFFSET + 4);
    this.deadlineMs = deadlineMs;
    this.sourceAddress = order.localAddress;
  }

  /** Whether an answer may be in interleaved mode. */
  get asksInterleaved(): boolean {
    return this.interleavedHigh !== 0 || this.interleavedLow !== 0;
  }
}

/** Since the table was made. Each datagram that arrives is counted once. */
export interface ExchangeTableCounters {
  sent: number;
  answered: number;
  timedOut: number;
  late: number;
  duplicate: number;
  spoofed: number;
  networkErrors: number;
}

const HEADER_BYTES = 48;
const ORIGIN_OFFSET = 24;
const RECEIVE_OFFSET = 32;
const TRANSMIT_OFFSET = 40;

/** All exchanges that are in flight or were not long ago. `Port` is whatever the owner sends from. */
export class ExchangeTable<Port> {
  readonly counters: ExchangeTableCounters = {
    sent: 0,
    answered: 0,
    timedOut: 0,
    late: 0,
    duplicate: 0,
    spoofed: 0,
    networkErrors: 0,
  };
  /** The response is valid until it returns. */
  readonly #onEnd: (exchange: ExchangeState<Port>) => void;
  readonly #byNonce = new Map<number, ExchangeState<Port>>();
  readonly #byId = new Map<number, ExchangeState<Port>>();
  readonly #deadlines: ExchangeState<Port>[] = [];
  readonly #isOpen: (port: Port) => boolean;
  /** Ended, the longest ago first. */
  readonly #remembered = new Set<ExchangeState<Port>>();

  /** `isOpen`: whether anything can still arrive on a port; what ended on one that is closed is forgotten. */
  constructor(
    onEnd: (exchange: ExchangeState<Port>) => void,
    isOpen: (port: Port) => boolean = () => true,
  ) {
    this.#onEnd = onEnd;
    this.#isOpen = isOpen;
  }

  /** Ended exchanges whose late answers would still be known as such. */
  get remembered(): number {
    return this.#remembered.size;
  }

  get inFlight(): number {
    return this.#byId.size;
  }

  /** The exchange begins; its deadline counts from now and again from the sending. */
  add(order: ExchangeOrder, nowMs: number): ExchangeState<Port> {
    const exchange = new ExchangeState<Port>(order, nowMs + order.timeoutMs);
    this.#byId.set(order.id, exchange);
    this.#byNonce.set(nonceKey(exchange.nonceHigh, exchange.nonceLow), exchange);
    if (exchange.asksInterleaved) {
      this.#byNonce.set(nonceKey(exchange.interleavedHigh, exchange.interleavedLow), exchange);
    }
    heapPush(this.#deadlines, exchange);
    return exchange;
  }

  /** The request has left. */
  markSent(exchange: ExchangeState<Port>, port: Port, nowMs: number): void {
    this.counters.sent += 1;
    exchange.port = port;
    if (exchange.phase !== "in_flight") return;
    heapRemove(this.#deadlines, exchange);
    exchange.deadlineMs = nowMs + exchange.order.timeoutMs;
    heapPush(this.#deadlines, exchange);
  }

  /** A datagram came in on `port`: counted once, and perhaps the end of an exchange. */
  onDatagram(port: Port, datagram: IncomingDatagram, peers: Iterable<ExchangeState<Port>>): void {
    const exchange = this.#withNonceOf(datagram.bytes);
    if (exchange === undefined || !isFromWhomWeAsked(exchange, port, datagram)) {
      this.counters.spoofed += 1;
      keepAsEvidence(port, datagram, peers);
      return;
    }
    switch (exchange.phase) {
      case "in_flight":
        this.counters.answered += 1;
        takeResponse(exchange, datagram, datagram.bytes.subarray(0, RESPONSE_BYTES_MAX));
        this.#end(exchange, "answered");
        return;
      case "answered":
        this.counters.duplicate += 1;
        return;
      default:
        this.counters.late += 1;
        exchange.phase = "answered";
    }
  }

  /** The network refused the request of this exchange. */
  fail(exchange: ExchangeState<Port>, failure: NetworkFailure): void {
    if (exchange.phase !== "in_flight") return;
    this.counters.networkErrors += 1;
    exchange.failure = failure;
    this.#end(exchange, "failed");
  }

  /** The exchange whose request is quoted, if the quotation is long enough to hold the nonce. */
  exchangeOfRequest(quoted: Uint8Array): ExchangeState<Port> | undefined {
    if (quoted.length < HEADER_BYTES) return undefined;
    return this.#lookup(quoted, TRANSMIT_OFFSET);
  }

  /** Nobody wants to know any more. */
  cancel(id: number): void {
    const exchange = this.#byId.get(id);
    if (exchange !== undefined) this.#end(exchange, "cancelled");
  }

  /**
   * Forgets what ended on ports that are closed: from the oldest on, up to the first whose port is open, as ports close
   * about in the order of their last exchange.
   */
  forgetUnheard(): void {
    for (const exchange of this.#remembered) {
      if (exchange.port !== undefined && this.#isOpen(exchange.port)) return;
      this.#forget(exchange);
    }
  }

  /** Ends what has waited long enough. A request that never left says nothing about the server. */
  expire(nowMs: number): void {
    for (;;) {
      const first = this.#deadlines[0];
      if (first === undefined || first.deadlineMs > nowMs) return;
      if (first.port === undefined) {
        this.fail(first, "local_socket_failed");
        continue;
      }
      this.counters.timedOut += 1;
      this.#end(first, "timed_out");
    }
  }

  /** When `expire` has something to do next. Absent: nothing is in flight. */
  nextDeadlineMs(): number | undefined {
    return this.#deadlines[0]?.deadlineMs;
  }

  #withNonceOf(bytes: Uint8Array): ExchangeState<Port> | undefined {
    if (bytes.length < HEADER_BYTES) return undefined;
    return this.#lookup(bytes, ORIGIN_OFFSET);
  }

  /** By the 64 bits at `offset`; 0 is nobody's. */
  #lookup(bytes: Uint8Array, offset: number): ExchangeState<Port> | undefined {
    const high = word(bytes, offset);
    const low = word(bytes, offset + 4);
    const found = this.#byNonce.get(nonceKey(high, low));
    if (found === undefined) return undefined;
    const isBasic = found.nonceHigh === high && found.nonceLow === low;
    const isInterleaved = found.interleavedHigh === high && found.interleavedLow === low;
    return isBasic || (isInterleaved && found.asksInterleaved) ? found : undefined;
  }

  #end(exchange: ExchangeState<Port>, phase: ExchangeState<Port>["phase"]): void {
    exchange.phase = phase;
    heapRemove(this.#deadlines, exchange);
    this.#byId.delete(exchange.order.id);
    this.#onEnd(exchange);
    // What is late is counted, and nothing more.
    exchange.response = undefined;
    exchange.sourceAddress = undefined;
    this.#remember(exchange);
  }

  #remember(exchange: ExchangeState<Port>): void {
    this.#remembered.add(exchange);
    if (this.#remembered.size <= REMEMBERED_MAX) return;
    for (const oldest of this.#remembered) return this.#forget(oldest);
  }

  #forget(exchange: ExchangeState<Port>): void {
    this.#remembered.delete(exchange);
    this.#forgetNonce(nonceKey(exchange.nonceHigh, exchange.nonceLow), exchange);
    if (exchange.asksInterleaved) {
      this.#forgetNonce(nonceKey(exchange.interleavedHigh, exchange.interleavedLow), exchange);
    }
  }

  #forgetNonce(key: number, exchange: ExchangeState<Port>): void {
    if (this.#byNonce.get(key) === exchange) this.#byNonce.delete(key);
  }
}

function isFromWhomWeAsked<Port>(
  exchange: ExchangeState<Port>,
  port: Port,
  datagram: IncomingDatagram,
): boolean {
  return (
    exchange.port === port &&
    exchange.order.port === datagram.fromPort &&
    sameBytes(exchange.order.address, datagram.fromAddress)
  );
}

/**
 * A wrong answer from the right place: what the judge says when no better one comes. A whole packet tells more than a
 * fragment; of equals the first is kept.
 */
function keepAsEvidence<Port>(
  port: Port,
  datagram: IncomingDatagram,
  peers: Iterable<ExchangeState<Port>>,
): void {
  for (const peer of peers) {
    const keptBytes = peer.response?.length ?? -1;
    const isBetter = keptBytes < Math.min(datagram.bytes.length, HEADER_BYTES);
    if (isBetter && isFromWhomWeAsked(peer, port, datagram)) {
      takeResponse(peer, datagram, datagram.bytes.slice(0, RESPONSE_BYTES_MAX));
      return;
    }
  }
}

function takeResponse<Port>(
  exchange: ExchangeState<Port>,
  datagram: IncomingDatagram,
  bytes: Uint8Array,
): void {
  exchange.response = bytes;
  exchange.receivedKernelNs = datagram.kernelStampNs;
  exchange.receivedUserNs = datagram.userStampNs;
  if (datagram.toAddress !== undefined) exchange.sourceAddress = datagram.toAddress.slice();
}

/** Whether two byte strings are equal. */
export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i += 1) if (one[i] !== other[i]) return false;
  return true;
}

function word(bytes: Uint8Array, offset: number): number {
  return (
    (((bytes[offset] ?? 0) << 24) |
      ((bytes[offset + 1] ?? 0) << 16) |
      ((bytes[offset + 2] ?? 0) << 8) |
      (bytes[offset + 3] ?? 0)) >>>
    0
  );
}

const SAFE_HIGH_MASK = 0x1f_ffff;

/** 53 of the 64 bits, as a number that a Map finds fast; the caller compares the rest. */
function nonceKey(high: number, low: number): number {
  return (high & SAFE_HIGH_MASK) * 2 ** 32 + low;
}
