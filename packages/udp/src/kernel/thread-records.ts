// What passes between the probe socket and its thread: orders one way, ended exchanges the other, many in one block of
// bytes, because a structured clone of objects costs more than the exchanges themselves. Both ends are of one version.

import { assert } from "@truechimer/base";
import type { ExchangeEvidence } from "../evidence.ts";
import type { ExchangeOrder } from "../exchange-table.ts";
import type { NetworkFailure } from "../network-failure.ts";

const ORDER_HEADER_BYTES = 48;
const END_HEADER_BYTES = 56;
const BLOCK_BYTES = 8_192;

const HAS_SENT = 1;
const SENT_BY_KERNEL = 2;
const HAS_RESPONSE = 4;
const RECEIVED_BY_KERNEL = 8;

/** Position in the list is the code on the way; 0 is no failure. */
const FAILURES: readonly (NetworkFailure | undefined)[] = [
  undefined,
  "connection_refused",
  "network_unreachable",
  "host_unreachable",
  "permission_denied",
  "network_error",
  "local_socket_failed",
];

/** Collects records into one block that grows. */
class BlockWriter {
  #bytes = new Uint8Array(BLOCK_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #used = 0;

  get isEmpty(): boolean {
    return this.#used === 0;
  }

  /** Room for a record; returns where it begins. */
  protected begin(lengthBytes: number): { view: DataView; bytes: Uint8Array; at: number } {
    const at = this.#used;
    this.#used += lengthBytes;
    if (this.#used > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#used, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    } else {
      this.#bytes.fill(0, at, this.#used);
    }
    return { view: this.#view, bytes: this.#bytes, at };
  }

  /** The block so far, to be transferred; begins a new one. */
  take(): ArrayBuffer {
    const block = this.#bytes.buffer.slice(0, this.#used);
    this.#used = 0;
    return block;
  }
}

/** Packs orders for the thread. */
export class OrderWriter extends BlockWriter {
  put(order: ExchangeOrder): void {
    const { view, bytes, at } = this.begin(ORDER_HEADER_BYTES + order.request.length);
    view.setUint32(at, order.id, true);
    view.setUint32(at + 4, order.timeoutMs, true);
    view.setUint16(at + 8, order.port, true);
    view.setUint16(at + 10, order.request.length, true);
    view.setUint8(at + 12, order.address.length);
    view.setUint8(at + 13, order.localAddress?.length ?? 0);
    bytes.set(order.address, at + 16);
    if (order.localAddress !== undefined) bytes.set(order.localAddress, at + 32);
    bytes.set(order.request, at + ORDER_HEADER_BYTES);
  }
}

/** The orders of a block; they look into it. */
export function* readOrders(block: ArrayBuffer): Generator<ExchangeOrder> {
  const view = new DataView(block);
  let at = 0;
  while (at < block.byteLength) {
    const requestBytes = view.getUint16(at + 10, true);
    const localBytes = view.getUint8(at + 13);
    yield {
      id: view.getUint32(at, true),
      timeoutMs: view.getUint32(at + 4, true),
      port: view.getUint16(at + 8, true),
      address: new Uint8Array(block, at + 16, view.getUint8(at + 12)),
      localAddress: localBytes === 0 ? undefined : new Uint8Array(block, at + 32, localBytes),
      request: new Uint8Array(block, at + ORDER_HEADER_BYTES, requestBytes),
    };
    at += ORDER_HEADER_BYTES + requestBytes;
  }
}

/** Packs ended exchanges for the probe socket. */
export class EndWriter extends BlockWriter {
  put(id: number, evidence: ExchangeEvidence): void {
    const { response, sourceAddress, failure } = evidence;
    const { view, bytes, at } = this.begin(END_HEADER_BYTES + (response?.length ?? 0));
    view.setUint32(at, id, true);
    view.setUint8(at + 4, flagsOf(evidence));
    view.setUint8(at + 5, FAILURES.indexOf(failure));
    view.setUint16(at + 6, response?.length ?? 0, true);
    view.setBigInt64(at + 8, evidence.sentNs ?? 0n, true);
    view.setBigInt64(at + 16, evidence.receivedNs ?? 0n, true);
    view.setBigInt64(at + 24, evidence.clockStepNs, true);
    view.setUint16(at + 32, evidence.sourcePort ?? 0, true);
    view.setUint8(at + 34, sourceAddress?.length ?? 0);
    if (sourceAddress !== undefined) bytes.set(sourceAddress, at + 40);
    if (response !== undefined) bytes.set(response, at + END_HEADER_BYTES);
  }
}

/** An ended exchange by its order's id. */
export interface EndRecord {
  readonly id: number;
  readonly evidence: ExchangeEvidence;
}

/** The evidence looks into `block`, which is small and nobody else's. */
export function* readEnds(block: ArrayBuffer): Generator<EndRecord> {
  const view = new DataView(block);
  let at = 0;
  while (at < block.byteLength) {
    const flags = view.getUint8(at + 4);
    const responseBytes = view.getUint16(at + 6, true);
    const sourceBytes = view.getUint8(at + 34);
    const responseAt = at + END_HEADER_BYTES;
    const hasResponse = (flags & HAS_RESPONSE) !== 0;
    yield {
      id: view.getUint32(at, true),
      evidence: {
        sentNs: (flags & HAS_SENT) === 0 ? undefined : view.getBigInt64(at + 8, true),
        sentByKernel: (flags & SENT_BY_KERNEL) !== 0,
        response: hasResponse ? new Uint8Array(block, responseAt, responseBytes) : undefined,
        receivedNs: hasResponse ? view.getBigInt64(at + 16, true) : undefined,
        receivedByKernel: (flags & RECEIVED_BY_KERNEL) !== 0,
        sourceAddress: sourceBytes === 0 ? undefined : new Uint8Array(block, at + 40, sourceBytes),
        sourcePort: view.getUint16(at + 32, true) || undefined,
        clockStepNs: view.getBigInt64(at + 24, true),
        failure: failureAt(view.getUint8(at + 5)),
      },
    };
    at = responseAt + responseBytes;
  }
}

function flagsOf(evidence: ExchangeEvidence): number {
  return (
    (evidence.sentNs === undefined ? 0 : HAS_SENT) |
    (evidence.sentByKernel ? SENT_BY_KERNEL : 0) |
    (evidence.response === undefined ? 0 : HAS_RESPONSE) |
    (evidence.receivedByKernel ? RECEIVED_BY_KERNEL : 0)
  );
}

function failureAt(code: number): NetworkFailure | undefined {
  assert(code < FAILURES.length, "the thread sends known failure codes");
  return FAILURES[code];
}
