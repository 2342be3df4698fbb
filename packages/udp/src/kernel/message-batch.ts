// The arrays of struct mmsghdr that sendmmsg and recvmmsg work on, with their addresses, buffers and control
// messages. Layouts as in the kernel's include/uapi for 64-bit little-endian hosts (glibc and musl agree).

import { BATCH_MAX, REQUEST_BYTES_MAX, RESPONSE_BYTES_MAX } from "../limits.ts";
import type { NativeMemory } from "./native-memory.ts";
import {
  decodeSocketAddress,
  type Endpoint,
  encodeSocketAddress,
  SOCKADDR_BYTES_MAX,
} from "./socket-address.ts";

const MMSGHDR_BYTES = 64;
const IOVEC_BYTES = 16;
const NAME_STRIDE = 32;
/** Room for a time stamp (64), packet information (40) and an extended error with offender (16 + 16 + 28), each aligned. */
const CONTROL_BYTES = 256;
const CMSG_HEADER_BYTES = 16;

// Offsets in struct mmsghdr.
const NAME = 0;
const NAME_LENGTH = 8;
const IOV = 16;
const IOV_LENGTH = 24;
const CONTROL = 32;
const CONTROL_LENGTH = 40;
const FLAGS = 48;
const MESSAGE_LENGTH = 56;

/** Memory that both batches take. */
export const BATCHES_BYTES: number =
  BATCH_MAX *
  (2 * (MMSGHDR_BYTES + IOVEC_BYTES + NAME_STRIDE) +
    CONTROL_BYTES +
    RESPONSE_BYTES_MAX +
    REQUEST_BYTES_MAX);

class MessageArray {
  readonly memory: NativeMemory;
  readonly headers: number;
  readonly names: number;
  readonly vectors: number;
  readonly buffers: number;
  readonly bufferBytes: number;

  constructor(memory: NativeMemory, bufferBytes: number) {
    this.memory = memory;
    this.bufferBytes = bufferBytes;
    this.headers = memory.reserve(BATCH_MAX * MMSGHDR_BYTES);
    this.vectors = memory.reserve(BATCH_MAX * IOVEC_BYTES);
    this.names = memory.reserve(BATCH_MAX * NAME_STRIDE);
    this.buffers = memory.reserve(BATCH_MAX * bufferBytes);
    for (let i = 0; i < BATCH_MAX; i += 1) this.#link(i);
  }

  get address(): number {
    return this.memory.addressOf(this.headers);
  }

  header(index: number): number {
    return this.headers + index * MMSGHDR_BYTES;
  }

  name(index: number): number {
    return this.names + index * NAME_STRIDE;
  }

  buffer(index: number): number {
    return this.buffers + index * this.bufferBytes;
  }

  #link(index: number): void {
    const { view } = this.memory;
    const vector = this.vectors + index * IOVEC_BYTES;
    setAddress(this.memory, vector, this.buffer(index));
    view.setUint32(vector + 8, this.bufferBytes, true);
    setAddress(this.memory, this.header(index) + NAME, this.name(index));
    setAddress(this.memory, this.header(index) + IOV, vector);
    view.setUint32(this.header(index) + IOV_LENGTH, 1, true);
  }
}

/** Requests to send, at most `BATCH_MAX`. */
export class SendBatch {
  readonly #array: MessageArray;

  constructor(memory: NativeMemory) {
    this.#array = new MessageArray(memory, REQUEST_BYTES_MAX);
  }

  /** Address of the message at `index`, to begin there. */
  addressFrom(index: number): number {
    return this.#array.memory.addressOf(this.#array.header(index));
  }

  put(index: number, to: Endpoint, bytes: Uint8Array): void {
    const array = this.#array;
    const { view } = array.memory;
    array.memory.bytes.set(bytes, array.buffer(index));
    view.setUint32(array.vectors + index * IOVEC_BYTES + 8, bytes.length, true);
    const nameLength = encodeSocketAddress(view, array.name(index), to);
    view.setUint32(array.header(index) + NAME_LENGTH, nameLength, true);
  }
}

/** A control message of a received datagram. */
export interface ControlMessage {
  readonly level: number;
  readonly type: number;
  /** Offset of its data in the batch's memory. */
  readonly offset: number;
  readonly lengthBytes: number;
}

/** Room for datagrams to come, at most `BATCH_MAX`. */
export class ReceiveBatch {
  readonly view: DataView;
  readonly #array: MessageArray;
  readonly #controls: number;

  constructor(memory: NativeMemory) {
    this.view = memory.view;
    this.#array = new MessageArray(memory, RESPONSE_BYTES_MAX);
    this.#controls = memory.reserve(BATCH_MAX * CONTROL_BYTES);
    for (let i = 0; i < BATCH_MAX; i += 1) {
      setAddress(memory, this.#array.header(i) + CONTROL, this.#controls + i * CONTROL_BYTES);
    }
    this.reset(BATCH_MAX);
  }

  get address(): number {
    return this.#array.address;
  }

  /** Before each call: the kernel overwrites the lengths of what it used. */
  reset(count: number): void {
    for (let i = 0; i < count; i += 1) {
      const header = this.#array.header(i);
      this.view.setUint32(header + NAME_LENGTH, SOCKADDR_BYTES_MAX, true);
      this.view.setUint32(header + CONTROL_LENGTH, CONTROL_BYTES, true);
      this.view.setUint32(header + FLAGS, 0, true);
    }
  }

  /** A view of the datagram's bytes, valid until the next call. */
  bytes(index: number): Uint8Array {
    const length = this.view.getUint32(this.#array.header(index) + MESSAGE_LENGTH, true);
    const start = this.#array.buffer(index);
    return this.#array.memory.bytes.subarray(start, start + Math.min(length, RESPONSE_BYTES_MAX));
  }

  /** Where it came from; for the error queue, where the request went. Absent: the kernel did not say. */
  from(index: number): Endpoint | undefined {
    if (this.view.getUint32(this.#array.header(index) + NAME_LENGTH, true) === 0) return undefined;
    return decodeSocketAddress(this.view, this.#array.name(index));
  }

  /** Calls `visit` for each control message. Lengths that do not fit end the walk. */
  eachControl(index: number, visit: (message: ControlMessage) => void): void {
    const start = this.#controls + index * CONTROL_BYTES;
    const used = this.view.getUint32(this.#array.header(index) + CONTROL_LENGTH, true);
    const end = start + Math.min(used, CONTROL_BYTES);
    let at = start;
    while (at + CMSG_HEADER_BYTES <= end) {
      const length = this.view.getUint32(at, true);
      if (length < CMSG_HEADER_BYTES || at + length > end) return;
      visit({
        level: this.view.getInt32(at + 8, true),
        type: this.view.getInt32(at + 12, true),
        offset: at + CMSG_HEADER_BYTES,
        lengthBytes: length - CMSG_HEADER_BYTES,
      });
      at += Math.ceil(length / 8) * 8;
    }
  }
}

function setAddress(memory: NativeMemory, at: number, target: number): void {
  memory.view.setBigUint64(at, BigInt(memory.addressOf(target)), true);
}
