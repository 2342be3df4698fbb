// The loop of a sweep: sends a batch from a random socket, reads what came, until every target has its result. What is
// not plainly good by its numbers is judged as any other exchange, from its packets.

import { ipAddressFromBytes } from "@truechimer/base";
import {
  type Exchange,
  judgeExchange,
  measurePlainAnswer,
  PLAIN_FIGURES,
  SAMPLE_REASONS,
  type SampleReason,
  type SplitStamp,
} from "@truechimer/ntp";
import type { KernelNetwork, NetworkPort } from "../kernel/kernel-network.ts";
import type { LinuxCalls } from "../kernel/linux-calls.ts";
import * as linux from "../kernel/linux-constants.ts";
import { NativeMemory } from "../kernel/native-memory.ts";
import { encodeSocketAddress, SOCKADDR_BYTES_MAX } from "../kernel/socket-address.ts";
import { BATCH_MAX, PORT_USES_MAX } from "../limits.ts";
import { failureFromLinuxErrno, sendFailureFromLinuxErrno } from "../network-failure.ts";
import { StepWatch } from "../step-watch.ts";
import { ArrivalArray, RequestArray, SWEEP_MESSAGES_BYTES } from "./sweep-messages.ts";
import { SLOTS, SweepSlots } from "./sweep-slots.ts";
import { type SweepSocket, SweepSockets } from "./sweep-sockets.ts";
import { type SweepOrder, type SweepResult, TARGET_BYTES } from "./sweeper.ts";

/** How often what has waited too long is looked for. */
const EXPIRE_EVERY_MS = 20;
/** Batches of arrivals that one socket hands out before the others get their turn. */
const ARRIVALS_MAX = 8;
const NAME_STRIDE = 32;
const SOCKADDR_IN_BYTES = 16;
const HEADER_BYTES = 48;
const ORIGIN_OFFSET = 24;
const TRANSMIT_OFFSET = 40;
const NS_PER_S = 1_000_000_000n;

/** What a run works with. */
export interface SweepRunParts {
  readonly calls: LinuxCalls;
  readonly network: KernelNetwork;
  readonly nowMs: () => number;
  /** Fills with unpredictable numbers. */
  readonly fillRandom: (words: Uint32Array) => void;
  /** Whether to end at once. */
  readonly isStopped: () => boolean;
}

/** Makes sweeps, one after the other, with sockets that outlive each. */
export class SweepRun {
  readonly #parts: SweepRunParts;
  readonly #memory = new NativeMemory(SWEEP_MESSAGES_BYTES);
  readonly #requests = new RequestArray(this.#memory);
  readonly #arrivals = new ArrivalArray(this.#memory);
  readonly #slots = new SweepSlots();
  readonly #socketOf: (SweepSocket | undefined)[] = Array.from({ length: SLOTS });
  readonly #batch = new Int32Array(BATCH_MAX);
  readonly #steps = new StepWatch();
  readonly #random = new Uint32Array(1_024);
  #randomAt = 1_024;
  readonly #sockets: SweepSockets;
  readonly #figures = new Float64Array(PLAIN_FIGURES);
  readonly #t1 = { seconds: 0, nanoseconds: 0 };
  readonly #t4 = { seconds: 0, nanoseconds: 0 };
  readonly #stamps: { readonly t1: SplitStamp; readonly t4: SplitStamp } = {
    t1: this.#t1,
    t4: this.#t4,
  };
  readonly #datagram: { view: DataView; at: number; lengthBytes: number };
  #wallNs = 0n;

  #names = this.#memory;
  #targets = new DataView(new ArrayBuffer(0));
  #result = emptyResult(0);
  #next = 0;
  #ended = 0;
  #strangers = 0;
  #isCongested = false;

  constructor(parts: SweepRunParts) {
    this.#parts = parts;
    const randomWord = (): number => this.#randomWord();
    this.#sockets = new SweepSockets({ network: parts.network, nowMs: parts.nowMs, randomWord });
    this.#datagram = { view: this.#memory.view, at: 0, lengthBytes: 0 };
  }

  run({ targets, timeoutMs }: SweepOrder): SweepResult {
    const count = this.#begin(targets);
    const { network, nowMs, isStopped } = this.#parts;
    let expireAtMs = nowMs() + EXPIRE_EVERY_MS;
    while (this.#ended < count && !isStopped()) {
      const maySend = this.#next < count && this.#slots.inFlight + BATCH_MAX <= SLOTS;
      this.#isCongested = false;
      if (maySend) this.#sendBatch(count);
      const isWaiting = !maySend || this.#isCongested;
      network.wait(isWaiting ? 1 : 0, (port, hasErrors) => this.#read(port, hasErrors));
      if (nowMs() < expireAtMs) continue;
      expireAtMs = nowMs() + EXPIRE_EVERY_MS;
      this.#expire(nowMs() - timeoutMs);
    }
    this.#names = this.#memory;
    return { ...this.#result, strangers: this.#strangers };
  }

  #begin(targets: ArrayBuffer): number {
    const count = targets.byteLength / TARGET_BYTES;
    this.#targets = new DataView(targets);
    this.#names = new NativeMemory(count * NAME_STRIDE + NAME_STRIDE);
    this.#names.reserve(count * NAME_STRIDE);
    for (let i = 0; i < count; i += 1) {
      encodeSocketAddress(this.#names.view, i * NAME_STRIDE, this.#endpoint(i));
    }
    this.#result = emptyResult(count);
    this.#next = 0;
    this.#ended = 0;
    this.#strangers = 0;
    return count;
  }

  #endpoint(target: number): { readonly address: Uint8Array; readonly port: number } {
    const at = target * TARGET_BYTES;
    const length = this.#targets.getUint8(at);
    return {
      address: new Uint8Array(this.#targets.buffer, at + 4, length),
      port: this.#targets.getUint16(at + 2),
    };
  }

  #isIpv4(target: number): boolean {
    return this.#targets.getUint8(target * TARGET_BYTES) === 4;
  }

  /** As many of the next targets as one system call takes; they are of one family. */
  #sendBatch(count: number): void {
    const isIpv4 = this.#isIpv4(this.#next);
    const picked = this.#sockets.pick(isIpv4);
    if (!picked.ok) return this.#finishUnsent(sendFailureFromLinuxErrno(picked.error));
    const socket = picked.value;
    const room = Math.min(BATCH_MAX, PORT_USES_MAX - socket.sent, count - this.#next);
    this.#readClocks();
    const sentMs = this.#parts.nowMs();
    const steppedNs = Number(this.#steps.totalNs);
    let length = 0;
    while (length < room && this.#isIpv4(this.#next + length) === isIpv4) {
      const target = this.#next + length;
      const slot = this.#slots.take(target, this.#randomWord(), this.#randomWord() || 1);
      this.#slots.sentMs[slot] = sentMs;
      this.#slots.steppedNs[slot] = steppedNs;
      this.#batch[length] = slot;
      this.#put(length, slot);
      length += 1;
    }
    const { port } = socket;
    const address = this.#requests.addressFrom(0);
    const result = this.#parts.calls.sendmmsg(port.fd, address, length, linux.MSG_DONTWAIT);
    const sent = Math.max(0, result);
    for (let i = 0; i < sent; i += 1) this.#markSent(socket, this.#batch[i] ?? 0);
    for (let i = sent; i < length; i += 1) this.#slots.free(this.#batch[i] ?? 0);
    this.#next += sent;
    if (result < 0) this.#sendFailed(socket, -result);
    this.#readErrors(socket);
    if (socket.sent >= PORT_USES_MAX) this.#sockets.retire(socket);
  }

  #put(index: number, slot: number): void {
    const target = this.#slots.target[slot] ?? 0;
    const name = this.#names.addressOf(target * NAME_STRIDE);
    const { nonceHigh, nonceLow } = this.#slots;
    this.#requests.put(index, {
      name,
      nameBytes: this.#isIpv4(target) ? SOCKADDR_IN_BYTES : SOCKADDR_BYTES_MAX,
      nonceHigh: nonceHigh[slot] ?? 0,
      nonceLow: nonceLow[slot] ?? 0,
    });
  }

  #markSent(socket: SweepSocket, slot: number): void {
    this.#socketOf[slot] = socket;
    this.#slots.sequence[slot] = socket.sent;
    socket.slots[socket.sent] = slot;
    socket.sent += 1;
    socket.inFlight += 1;
  }

  /** The error may be an earlier datagram's; of a fresh socket it is the request's own. */
  #sendFailed(socket: SweepSocket, errno: number): void {
    if (errno === linux.EAGAIN || errno === linux.ENOBUFS || errno === linux.ENOMEM) {
      this.#isCongested = true;
      return;
    }
    if (socket.sent === 0) this.#finishUnsent(sendFailureFromLinuxErrno(errno));
    this.#sockets.retire(socket);
  }

  #finishUnsent(reason: SampleReason): void {
    this.#setReason(this.#next, reason);
    this.#next += 1;
    this.#ended += 1;
  }

  #read(port: NetworkPort, hasErrors: boolean): void {
    const socket = this.#sockets.find(port);
    if (socket === undefined) return;
    if (hasErrors) this.#readErrors(socket);
    for (let batch = 0; batch < ARRIVALS_MAX; batch += 1) {
      const count = this.#receive(socket, 0);
      // An error that a send left behind is reported once and then gone.
      if (count < 0 && count !== -linux.EAGAIN) continue;
      if (count <= 0) return;
      for (let i = 0; i < count; i += 1) this.#arrived(socket, i);
      if (count < BATCH_MAX) return;
    }
  }

  #receive({ port }: SweepSocket, flags: number): number {
    this.#arrivals.reset(BATCH_MAX);
    const { address } = this.#arrivals;
    return this.#parts.calls.recvmmsg(port.fd, address, BATCH_MAX, flags | linux.MSG_DONTWAIT);
  }

  #readErrors(socket: SweepSocket): void {
    for (;;) {
      const count = this.#receive(socket, linux.MSG_ERRQUEUE);
      for (let i = 0; i < count; i += 1) this.#noted(socket, i);
      if (count < BATCH_MAX) return;
    }
  }

  #noted(socket: SweepSocket, index: number): void {
    const { notes, view } = this.#arrivals;
    this.#arrivals.read(index);
    if (notes.errorOrigin === linux.SO_EE_ORIGIN_TIMESTAMPING) {
      const slot = socket.slots[notes.sequence] ?? 0;
      const isIts =
        this.#socketOf[slot] === socket && this.#slots.sequence[slot] === notes.sequence;
      if (!isIts || notes.stampSeconds === 0) return;
      this.#slots.sentSeconds[slot] = notes.stampSeconds;
      this.#slots.sentNanoseconds[slot] = notes.stampNanoseconds;
      return;
    }
    if (notes.errorOrigin < 0 || this.#arrivals.lengthBytes(index) < HEADER_BYTES) return;
    const at = this.#arrivals.buffer(index) + TRANSMIT_OFFSET;
    const slot = this.#slots.find(view.getUint32(at), view.getUint32(at + 4));
    if (slot < 0 || !this.#isFromTarget(socket, slot, index)) return;
    this.#setReason(this.#slots.target[slot] ?? 0, failureFromLinuxErrno(notes.errno));
    this.#end(slot);
  }

  #arrived(socket: SweepSocket, index: number): void {
    const { view } = this.#arrivals;
    const at = this.#arrivals.buffer(index);
    const lengthBytes = this.#arrivals.lengthBytes(index);
    const slot =
      lengthBytes < HEADER_BYTES
        ? -1
        : this.#slots.find(
            view.getUint32(at + ORIGIN_OFFSET),
            view.getUint32(at + ORIGIN_OFFSET + 4),
          );
    if (slot < 0 || !this.#isFromTarget(socket, slot, index)) {
      this.#strangers += 1;
      return;
    }
    this.#arrivals.read(index);
    this.#t4.seconds = this.#arrivals.notes.stampSeconds;
    this.#t4.nanoseconds = this.#arrivals.notes.stampNanoseconds;
    this.#t1.seconds = this.#slots.sentSeconds[slot] ?? 0;
    this.#t1.nanoseconds = this.#slots.sentNanoseconds[slot] ?? 0;
    this.#datagram.at = at;
    this.#datagram.lengthBytes = lengthBytes;
    const isStamped = this.#t1.seconds !== 0 && this.#t4.seconds !== 0;
    const hasRunOn = this.#slots.steppedNs[slot] === Number(this.#steps.totalNs);
    const isPlain = isStamped && hasRunOn;
    if (isPlain && measurePlainAnswer(this.#datagram, this.#stamps, this.#figures)) {
      this.#setFigures(this.#slots.target[slot] ?? 0);
    } else {
      this.#judge(slot);
    }
    this.#end(slot);
  }

  /** Datagram and request agree on socket, address and port. */
  #isFromTarget(socket: SweepSocket, slot: number, index: number): boolean {
    if (this.#socketOf[slot] !== socket) return false;
    const { view } = this.#arrivals;
    const asked = (this.#slots.target[slot] ?? 0) * NAME_STRIDE;
    const from = this.#arrivals.name(index);
    // Family and port; then the address, which in struct sockaddr_in6 follows the flow label.
    if (view.getUint32(from) !== this.#names.view.getUint32(asked)) return false;
    const [first, last] = socket.isIpv4 ? [4, 4] : [8, 20];
    for (let at = first; at <= last; at += 4) {
      if (view.getUint32(from + at) !== this.#names.view.getUint32(asked + at)) return false;
    }
    return true;
  }

  /** The long way: everything that is not plainly good, from the packets themselves. */
  #judge(slot: number): void {
    const target = this.#slots.target[slot] ?? 0;
    const { at, lengthBytes } = this.#datagram;
    const { address, port } = this.#endpoint(target);
    const known = ipAddressFromBytes(address);
    const stepNs = this.#steps.totalNs - BigInt(this.#slots.steppedNs[slot] ?? 0);
    const exchange: Exchange = {
      request: this.#requests.bytes(
        this.#slots.nonceHigh[slot] ?? 0,
        this.#slots.nonceLow[slot] ?? 0,
      ),
      t1: this.#stampOf(this.#t1),
      response: this.#memory.bytes.slice(at, at + lengthBytes),
      t4: this.#stampOf(this.#t4),
      sourceAddress: undefined,
      sourcePort: undefined,
      destinationAddress: known.ok ? known.value.text : "",
      destinationPort: port,
      clockStepNs: stepNs === 0n ? undefined : stepNs,
    };
    const { reason, measurement } = judgeExchange(exchange);
    if (measurement !== undefined) {
      this.#figures[0] = Number(measurement.offsetNs);
      this.#figures[1] = Number(measurement.delayNs);
      this.#figures[2] = Number(measurement.boundNs);
      this.#setFigures(target);
    }
    if (reason !== undefined) this.#setReason(target, reason);
    const isStamped = this.#t1.seconds !== 0 && this.#t4.seconds !== 0;
    this.#result.isStampedByKernel[target] = isStamped ? 1 : 0;
  }

  /** Our own last reading where the kernel has none. */
  #stampOf({ seconds, nanoseconds }: SplitStamp): Exchange["t1"] {
    if (seconds === 0) return { atNs: this.#wallNs, source: "user_space" };
    return { atNs: BigInt(seconds) * NS_PER_S + BigInt(nanoseconds), source: "kernel" };
  }

  #setFigures(target: number): void {
    const [offsetNs = 0, delayNs = 0, boundNs = 0] = this.#figures;
    this.#result.offsetNs[target] = offsetNs;
    this.#result.delayNs[target] = delayNs;
    this.#result.boundNs[target] = boundNs;
    this.#result.isStampedByKernel[target] = 1;
  }

  #setReason(target: number, reason: SampleReason): void {
    this.#result.reason[target] = SAMPLE_REASONS.indexOf(reason) + 1;
  }

  #end(slot: number): void {
    const socket = this.#socketOf[slot];
    this.#socketOf[slot] = undefined;
    this.#slots.free(slot);
    this.#ended += 1;
    if (socket === undefined) return;
    socket.inFlight -= 1;
    if (socket.inFlight === 0) socket.idleSinceMs = this.#parts.nowMs();
  }

  #expire(sentBeforeMs: number): void {
    for (let slot = 0; slot < SLOTS; slot += 1) {
      const target = this.#slots.target[slot] ?? -1;
      if (target < 0 || (this.#slots.sentMs[slot] ?? 0) > sentBeforeMs) continue;
      this.#setReason(target, "timeout");
      this.#end(slot);
    }
    this.#sockets.closeIdle();
  }

  #randomWord(): number {
    if (this.#randomAt === this.#random.length) {
      this.#parts.fillRandom(this.#random);
      this.#randomAt = 0;
    }
    const word = this.#random[this.#randomAt] ?? 0;
    this.#randomAt += 1;
    return word;
  }

  #readClocks(): void {
    const reading = this.#parts.network.readClocks();
    this.#wallNs = reading.wallNs;
    this.#steps.observe(reading);
  }
}

function emptyResult(count: number): SweepResult {
  return {
    offsetNs: new Float64Array(count).fill(Number.NaN),
    delayNs: new Float64Array(count).fill(Number.NaN),
    boundNs: new Float64Array(count).fill(Number.NaN),
    reason: new Uint8Array(count),
    isStampedByKernel: new Uint8Array(count),
    strangers: 0,
  };
}
