// The message arrays of a sweep: as `message-batch.ts`, but without an object for an address, a stamp or a control
// message. Requests differ in their nonces and destinations alone, so the rest of them is written once.

import * as linux from "../kernel/linux-constants.ts";
import type { NativeMemory } from "../kernel/native-memory.ts";
import { SOCKADDR_BYTES_MAX } from "../kernel/socket-address.ts";
import { BATCH_MAX, RESPONSE_BYTES_MAX } from "../limits.ts";

const MMSGHDR_BYTES = 64;
const IOVEC_BYTES = 16;
const NAME_STRIDE = 32;
const CONTROL_BYTES = 256;
const CMSG_HEADER_BYTES = 16;
const REQUEST_BYTES = 48;
const TRANSMIT_OFFSET = 40;
const FIRST_OF_REQUEST = 0x23_00_00_20;

/** Memory that both arrays take. */
export const SWEEP_MESSAGES_BYTES: number =
  BATCH_MAX *
    (2 * (MMSGHDR_BYTES + IOVEC_BYTES) +
      NAME_STRIDE +
      CONTROL_BYTES +
      RESPONSE_BYTES_MAX +
      REQUEST_BYTES) +
  4_096;

/** What one request has of its own. */
export interface RequestParts {
  /** The address in memory of the destination's socket address, and its length. */
  readonly name: number;
  readonly nameBytes: number;
  readonly nonceHigh: number;
  readonly nonceLow: number;
}

/** `BATCH_MAX` requests to send. */
export class RequestArray {
  readonly #memory: NativeMemory;
  readonly #headers: number;
  readonly #packets: number;

  constructor(memory: NativeMemory) {
    this.#memory = memory;
    this.#headers = memory.reserve(BATCH_MAX * MMSGHDR_BYTES);
    const vectors = memory.reserve(BATCH_MAX * IOVEC_BYTES);
    this.#packets = memory.reserve(BATCH_MAX * REQUEST_BYTES);
    for (let i = 0; i < BATCH_MAX; i += 1) {
      const packet = this.#packets + i * REQUEST_BYTES;
      memory.view.setUint32(packet, FIRST_OF_REQUEST);
      setAddress(memory, vectors + i * IOVEC_BYTES, packet);
      memory.view.setUint32(vectors + i * IOVEC_BYTES + 8, REQUEST_BYTES, true);
      setAddress(memory, this.#headers + i * MMSGHDR_BYTES + 16, vectors + i * IOVEC_BYTES);
      memory.view.setUint32(this.#headers + i * MMSGHDR_BYTES + 24, 1, true);
    }
  }

  addressFrom(index: number): number {
    return this.#memory.addressOf(this.#headers + index * MMSGHDR_BYTES);
  }

  put(index: number, { name, nameBytes, nonceHigh, nonceLow }: RequestParts): void {
    const { view } = this.#memory;
    const header = this.#headers + index * MMSGHDR_BYTES;
    putAddress(view, header, name);
    view.setUint32(header + 8, nameBytes, true);
    const packet = this.#packets + index * REQUEST_BYTES;
    view.setUint32(packet + TRANSMIT_OFFSET, nonceHigh);
    view.setUint32(packet + TRANSMIT_OFFSET + 4, nonceLow);
  }

  /** A copy of the request as it was sent. */
  bytes(nonceHigh: number, nonceLow: number): Uint8Array {
    const request = new Uint8Array(REQUEST_BYTES);
    const view = new DataView(request.buffer);
    view.setUint32(0, FIRST_OF_REQUEST);
    view.setUint32(TRANSMIT_OFFSET, nonceHigh);
    view.setUint32(TRANSMIT_OFFSET + 4, nonceLow);
    return request;
  }
}

/** What the control messages of a received message say; one object for all, valid until the next call. */
export interface MessageNotes {
  /** The kernel's stamp; 0 s: none. */
  stampSeconds: number;
  stampNanoseconds: number;
  /** Of struct sock_extended_err: -1: there is none. */
  errorOrigin: number;
  errno: number;
  /** The number of the datagram that a transmit stamp is of. */
  sequence: number;
}

/** Room for `BATCH_MAX` datagrams to come. */
export class ArrivalArray {
  readonly view: DataView;
  readonly notes: MessageNotes = {
    stampSeconds: 0,
    stampNanoseconds: 0,
    errorOrigin: -1,
    errno: 0,
    sequence: 0,
  };
  readonly address: number;
  readonly #headers: number;
  readonly #names: number;
  readonly #controls: number;
  readonly #buffers: number;

  constructor(memory: NativeMemory) {
    this.view = memory.view;
    this.#headers = memory.reserve(BATCH_MAX * MMSGHDR_BYTES);
    this.address = memory.addressOf(this.#headers);
    const vectors = memory.reserve(BATCH_MAX * IOVEC_BYTES);
    this.#names = memory.reserve(BATCH_MAX * NAME_STRIDE);
    this.#controls = memory.reserve(BATCH_MAX * CONTROL_BYTES);
    this.#buffers = memory.reserve(BATCH_MAX * RESPONSE_BYTES_MAX);
    for (let i = 0; i < BATCH_MAX; i += 1) {
      const header = this.#headers + i * MMSGHDR_BYTES;
      setAddress(memory, vectors + i * IOVEC_BYTES, this.buffer(i));
      memory.view.setUint32(vectors + i * IOVEC_BYTES + 8, RESPONSE_BYTES_MAX, true);
      setAddress(memory, header, this.name(i));
      setAddress(memory, header + 16, vectors + i * IOVEC_BYTES);
      memory.view.setUint32(header + 24, 1, true);
      setAddress(memory, header + 32, this.#controls + i * CONTROL_BYTES);
    }
    this.reset(BATCH_MAX);
  }

  /** Before each call: the kernel overwrites the lengths of what it used. */
  reset(count: number): void {
    for (let i = 0; i < count; i += 1) {
      const header = this.#headers + i * MMSGHDR_BYTES;
      this.view.setUint32(header + 8, SOCKADDR_BYTES_MAX, true);
      this.view.setUint32(header + 40, CONTROL_BYTES, true);
    }
  }

  buffer(index: number): number {
    return this.#buffers + index * RESPONSE_BYTES_MAX;
  }

  name(index: number): number {
    return this.#names + index * NAME_STRIDE;
  }

  /** Cut to what there was room for. */
  lengthBytes(index: number): number {
    const length = this.view.getUint32(this.#headers + index * MMSGHDR_BYTES + 56, true);
    return Math.min(length, RESPONSE_BYTES_MAX);
  }

  /** Fills `notes`. Lengths that do not fit end the walk. */
  read(index: number): void {
    const { view, notes } = this;
    notes.stampSeconds = 0;
    notes.errorOrigin = -1;
    const start = this.#controls + index * CONTROL_BYTES;
    const used = view.getUint32(this.#headers + index * MMSGHDR_BYTES + 40, true);
    const end = start + Math.min(used, CONTROL_BYTES);
    let at = start;
    while (at + CMSG_HEADER_BYTES <= end) {
      const length = view.getUint32(at, true);
      if (length < CMSG_HEADER_BYTES || at + length > end) return;
      this.#note(view.getInt32(at + 8, true), view.getInt32(at + 12, true), at + CMSG_HEADER_BYTES);
      at += (length + 7) & ~7;
    }
  }

  #note(level: number, type: number, at: number): void {
    const { view, notes } = this;
    if (level === linux.SOL_SOCKET && type === linux.SO_TIMESTAMPING) {
      notes.stampSeconds = view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
      notes.stampNanoseconds = view.getUint32(at + 8, true);
    } else if (
      (level === linux.IPPROTO_IP && type === linux.IP_RECVERR) ||
      (level === linux.IPPROTO_IPV6 && type === linux.IPV6_RECVERR)
    ) {
      notes.errno = view.getUint32(at, true);
      notes.errorOrigin = view.getUint8(at + 4);
      notes.sequence = view.getUint32(at + 12, true);
    }
  }
}

function setAddress(memory: NativeMemory, at: number, target: number): void {
  putAddress(memory.view, at, memory.addressOf(target));
}

/** Without a BigInt: there is one for each datagram. */
function putAddress(view: DataView, at: number, address: number): void {
  view.setUint32(at, address % 2 ** 32, true);
  view.setUint32(at + 4, Math.floor(address / 2 ** 32), true);
}
