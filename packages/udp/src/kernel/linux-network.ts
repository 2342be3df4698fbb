// The kernel's side of the probe thread on Linux: UDP sockets with SO_TIMESTAMPING. Receive stamps come with the
// datagrams, transmit stamps through the error queue (Documentation/networking/timestamping.rst of the kernel).

import { ok, type Result, refused } from "@truechimer/base";
import { BATCH_MAX } from "../limits.ts";
import type {
  ClockReading,
  IcmpReport,
  KernelNetwork,
  NetworkPort,
  OutgoingDatagram,
  PortOptions,
  QueuedErrors,
  ReceivedDatagram,
  SendResult,
} from "./kernel-network.ts";
import type { LinuxCalls } from "./linux-calls.ts";
import * as linux from "./linux-constants.ts";
import { BATCHES_BYTES, ReceiveBatch, SendBatch } from "./message-batch.ts";
import { NativeMemory } from "./native-memory.ts";
import {
  decodeSocketAddress,
  type Endpoint,
  encodeSocketAddress,
  SOCKADDR_BYTES_MAX,
} from "./socket-address.ts";

/** Ports that one `wait` reports. */
const EVENTS_MAX = 256;
/** struct epoll_event is packed on x86-64 and padded elsewhere. */
const EPOLL_EVENT_BYTES = process.arch === "x64" ? 12 : 16;
const EPOLL_DATA_OFFSET = EPOLL_EVENT_BYTES - 8;
const SCRATCH_BYTES = 256;
const MEMORY_BYTES = BATCHES_BYTES + EVENTS_MAX * 16 + SCRATCH_BYTES + 4_096;

/** Batches that one `receive` hands out before other ports get their turn. */
const RECEIVE_BATCHES_MAX = 16;
/** Room for answers that come while the thread is busy elsewhere; stamps wait there too. The kernel doubles it. */
const RECEIVE_BUFFER_BYTES = 1 << 20;

const SCM_TIMESTAMPING_BYTES = 48;
const EXTENDED_ERROR_BYTES = 16;
const NS_PER_S = 1_000_000_000n;

/** Readings of the clock until one is narrow; an interrupted one is wide. */
const CLOCK_READINGS_MAX = 4;
const CLOCK_READING_NARROW_NS = 1_000n;

/** Both software stamps, transmit stamps numbered per socket and without the packet. */
const TIMESTAMPING_FLAGS =
  linux.SOF_TIMESTAMPING_TX_SOFTWARE |
  linux.SOF_TIMESTAMPING_RX_SOFTWARE |
  linux.SOF_TIMESTAMPING_SOFTWARE |
  linux.SOF_TIMESTAMPING_OPT_ID |
  linux.SOF_TIMESTAMPING_OPT_CMSG |
  linux.SOF_TIMESTAMPING_OPT_TSONLY;

const LOOPBACK: Uint8Array = Uint8Array.of(127, 0, 0, 1);
/** As long as a request. */
const WARM_UP_DATAGRAM = new Uint8Array(48);

interface SocketOption {
  readonly level: number;
  readonly name: number;
  readonly value: number;
}

const COMMON_OPTIONS: readonly SocketOption[] = [
  { level: linux.SOL_SOCKET, name: linux.SO_TIMESTAMPING, value: TIMESTAMPING_FLAGS },
  { level: linux.SOL_SOCKET, name: linux.SO_RCVBUF, value: RECEIVE_BUFFER_BYTES },
];
const IPV4_OPTIONS: readonly SocketOption[] = [
  ...COMMON_OPTIONS,
  { level: linux.IPPROTO_IP, name: linux.IP_RECVERR, value: 1 },
];
const IPV4_WILDCARD_OPTIONS: readonly SocketOption[] = [
  ...IPV4_OPTIONS,
  { level: linux.IPPROTO_IP, name: linux.IP_PKTINFO, value: 1 },
];
const IPV6_OPTIONS: readonly SocketOption[] = [
  ...COMMON_OPTIONS,
  { level: linux.IPPROTO_IPV6, name: linux.IPV6_RECVERR, value: 1 },
];
const IPV6_WILDCARD_OPTIONS: readonly SocketOption[] = [
  ...IPV6_OPTIONS,
  { level: linux.IPPROTO_IPV6, name: linux.IPV6_RECVPKTINFO, value: 1 },
];
/** Must be set before the socket is bound. */
const IPV6_ONLY: SocketOption = { level: linux.IPPROTO_IPV6, name: linux.IPV6_V6ONLY, value: 1 };

/** Throws a RangeError with the errno's number when the thread cannot even wait. */
export function openLinuxNetwork(calls: LinuxCalls): KernelNetwork {
  return new LinuxNetwork(calls);
}

class LinuxNetwork implements KernelNetwork {
  readonly wakeFd: number;
  readonly #calls: LinuxCalls;
  readonly #memory = new NativeMemory(MEMORY_BYTES);
  readonly #sending = new SendBatch(this.#memory);
  readonly #receiving = new ReceiveBatch(this.#memory);
  readonly #events = this.#memory.reserve(EVENTS_MAX * 16);
  readonly #scratch = this.#memory.reserve(SCRATCH_BYTES);
  readonly #epollFd: number;
  readonly #ports = new Map<number, NetworkPort>();
  /** Opened, nothing sent yet. */
  readonly #unwatched = new Set<NetworkPort>();
  #warmUpPort: NetworkPort | undefined;

  constructor(calls: LinuxCalls) {
    this.#calls = calls;
    this.#epollFd = checked("epoll_create1", calls.epollCreate());
    this.wakeFd = checked("eventfd", calls.eventfd(linux.EFD_NONBLOCK | linux.EFD_CLOEXEC));
    checked("epoll_ctl", this.#watch(this.wakeFd));
  }

  openPort({ localAddress, isWildcard, hopLimit }: PortOptions): Result<NetworkPort, number> {
    const isIpv4 = localAddress.length === 4;
    const fd = this.#calls.socket(
      isIpv4 ? linux.AF_INET : linux.AF_INET6,
      linux.SOCK_DGRAM | linux.SOCK_NONBLOCK | linux.SOCK_CLOEXEC,
      0,
    );
    if (fd < 0) return refused(-fd);
    const problem =
      (isIpv4 ? 0 : this.#setOption(fd, IPV6_ONLY)) ||
      this.#bind(fd, localAddress) ||
      this.#setOptions(fd, optionsFor(isIpv4, isWildcard)) ||
      (hopLimit === undefined ? 0 : this.#setOption(fd, hopLimitOption(isIpv4, hopLimit)));
    if (problem !== 0) {
      this.#calls.close(fd);
      return refused(problem);
    }
    const port = { fd, port: this.#localPort(fd) };
    this.#ports.set(fd, port);
    this.#unwatched.add(port);
    return ok(port);
  }

  closePort(port: NetworkPort): void {
    if (this.#ports.get(port.fd) !== port) return;
    this.#ports.delete(port.fd);
    this.#unwatched.delete(port);
    this.#calls.close(port.fd);
  }

  watchPort(port: NetworkPort): void {
    if (this.#unwatched.delete(port)) checked("epoll_ctl", this.#watch(port.fd));
  }

  unwatchPort(port: NetworkPort): void {
    this.#calls.epollControl(this.#epollFd, linux.EPOLL_CTL_DEL, port.fd, 0);
  }

  send(port: NetworkPort, batch: readonly OutgoingDatagram[]): SendResult {
    let index = 0;
    for (const { to, bytes } of batch) {
      this.#sending.put(index, to, bytes);
      index += 1;
    }
    let sent = 0;
    while (sent < batch.length) {
      const from = this.#sending.addressFrom(sent);
      const result = this.#calls.sendmmsg(port.fd, from, batch.length - sent, linux.MSG_DONTWAIT);
      if (result === -linux.EINTR) continue;
      if (result <= 0) return this.#sentUpTo(port, sent, -result);
      sent += result;
    }
    return this.#sentUpTo(port, sent, 0);
  }

  /**
   * A port is watched from its first sending on, not before: the kernel tells a watched socket of the transmit stamp
   * between taking it and handing the datagram on, and that would make T1 early by some hundred nanoseconds.
   */
  #sentUpTo(port: NetworkPort, sent: number, errno: number): SendResult {
    this.watchPort(port);
    return { sent, errno };
  }

  warmUp(): void {
    const port = this.#loopbackPort();
    if (port === undefined) return;
    this.#sending.put(0, { address: LOOPBACK, port: port.port }, WARM_UP_DATAGRAM);
    this.#calls.sendmmsg(port.fd, this.#sending.addressFrom(0), 1, linux.MSG_DONTWAIT);
    this.#drain(port, linux.MSG_ERRQUEUE, () => {});
    this.#drain(port, 0, () => {});
  }

  receive(port: NetworkPort, onDatagram: (datagram: ReceivedDatagram) => void): void {
    this.#drain(port, 0, (index) => {
      const from = this.#receiving.from(index);
      if (from === undefined) return;
      let stampNs: bigint | undefined;
      let toAddress: Uint8Array | undefined;
      this.#receiving.eachControl(index, ({ level, type, offset, lengthBytes }) => {
        if (isTimestamp(level, type, lengthBytes)) stampNs = this.#stampAt(offset);
        else toAddress ??= this.#packetInfo(level, type, offset);
      });
      onDatagram({ bytes: this.#receiving.bytes(index), from, toAddress, stampNs });
    });
  }

  receiveErrors(port: NetworkPort, handlers: QueuedErrors): void {
    this.#drain(port, linux.MSG_ERRQUEUE, (index) => {
      let stampNs: bigint | undefined;
      let errorAt: number | undefined;
      this.#receiving.eachControl(index, ({ level, type, offset, lengthBytes }) => {
        if (isTimestamp(level, type, lengthBytes)) stampNs = this.#stampAt(offset);
        else if (isExtendedError(level, type, lengthBytes)) errorAt = offset;
      });
      if (errorAt !== undefined) this.#dispatchError(index, errorAt, stampNs, handlers);
    });
  }

  wait(timeoutMs: number, onReady: (port: NetworkPort, hasErrors: boolean) => void): void {
    const { view } = this.#memory;
    const events = this.#memory.addressOf(this.#events);
    const count = this.#calls.epollWait(this.#epollFd, events, EVENTS_MAX, timeoutMs);
    for (let i = 0; i < count; i += 1) {
      const at = this.#events + i * EPOLL_EVENT_BYTES;
      const fd = view.getInt32(at + EPOLL_DATA_OFFSET, true);
      if (fd === this.wakeFd) {
        this.#calls.read(fd, this.#memory.addressOf(this.#scratch), 8);
        continue;
      }
      const port = this.#ports.get(fd);
      if (port !== undefined) onReady(port, (view.getUint32(at, true) & linux.EPOLLERR) !== 0);
    }
  }

  readClocks(): ClockReading {
    let best: ClockReading | undefined;
    for (let i = 0; i < CLOCK_READINGS_MAX; i += 1) {
      const before = this.#clock(linux.CLOCK_MONOTONIC);
      const wallNs = this.#clock(linux.CLOCK_REALTIME);
      const after = this.#clock(linux.CLOCK_MONOTONIC);
      const reading = { wallNs, lowNs: wallNs - after, highNs: wallNs - before, atNs: after };
      if (after - before <= CLOCK_READING_NARROW_NS) return reading;
      if (best === undefined || after - before < best.highNs - best.lowNs) best = reading;
    }
    return best as ClockReading;
  }

  [Symbol.dispose](): void {
    for (const port of this.#ports.values()) this.#calls.close(port.fd);
    this.#ports.clear();
    this.#calls.close(this.wakeFd);
    this.#calls.close(this.#epollFd);
  }

  /** A port that sends to itself. Nobody waits for it, so it is never watched. */
  #loopbackPort(): NetworkPort | undefined {
    if (this.#warmUpPort !== undefined) return this.#warmUpPort;
    const opened = this.openPort({ localAddress: LOOPBACK, isWildcard: false });
    if (!opened.ok) return undefined;
    this.#unwatched.delete(opened.value);
    this.#warmUpPort = opened.value;
    return opened.value;
  }

  #drain(port: NetworkPort, flags: number, onMessage: (index: number) => void): void {
    for (let batch = 0; batch < RECEIVE_BATCHES_MAX; batch += 1) {
      const address = this.#receiving.address;
      const count = this.#calls.recvmmsg(port.fd, address, BATCH_MAX, flags | linux.MSG_DONTWAIT);
      // An error that a send left behind is reported once and then gone; what is queued is still there.
      if (count < 0 && count !== -linux.EAGAIN && flags === 0) continue;
      if (count <= 0) return;
      for (let i = 0; i < count; i += 1) onMessage(i);
      this.#receiving.reset(count);
      if (count < BATCH_MAX) return;
    }
  }

  #dispatchError(
    index: number,
    at: number,
    stampNs: bigint | undefined,
    handlers: QueuedErrors,
  ): void {
    const { view } = this.#memory;
    const origin = view.getUint8(at + 4);
    if (origin === linux.SO_EE_ORIGIN_TIMESTAMPING) {
      if (stampNs !== undefined) handlers.onTransmitStamp(view.getUint32(at + 12, true), stampNs);
      return;
    }
    const isIcmp = origin === linux.SO_EE_ORIGIN_ICMP || origin === linux.SO_EE_ORIGIN_ICMP6;
    handlers.onUnreachable({
      errno: view.getUint32(at, true),
      to: this.#receiving.from(index),
      quoted: this.#receiving.bytes(index),
      icmp: isIcmp ? this.#icmpReport(at, stampNs) : undefined,
    });
  }

  /** The offender's address follows struct sock_extended_err; its family is 0 when the kernel does not know it. */
  #icmpReport(at: number, stampNs: bigint | undefined): IcmpReport {
    const { view } = this.#memory;
    return {
      type: view.getUint8(at + 5),
      code: view.getUint8(at + 6),
      from: decodeSocketAddress(view, at + EXTENDED_ERROR_BYTES)?.address,
      stampNs,
    };
  }

  #packetInfo(level: number, type: number, offset: number): Uint8Array | undefined {
    const { bytes } = this.#memory;
    if (level === linux.IPPROTO_IP && type === linux.IP_PKTINFO) {
      return bytes.subarray(offset + 8, offset + 12);
    }
    if (level === linux.IPPROTO_IPV6 && type === linux.IPV6_PKTINFO) {
      return bytes.subarray(offset, offset + 16);
    }
    return undefined;
  }

  /** The first of three struct timespec is the software stamp; 0 means none. */
  #stampAt(offset: number): bigint | undefined {
    const ns = this.#timespec(offset);
    return ns === 0n ? undefined : ns;
  }

  #timespec(offset: number): bigint {
    const { view } = this.#memory;
    const nanoseconds = BigInt(view.getUint32(offset + 8, true));
    return view.getBigInt64(offset, true) * NS_PER_S + nanoseconds;
  }

  #clock(clock: number): bigint {
    this.#calls.clockGettime(clock, this.#memory.addressOf(this.#scratch));
    return this.#timespec(this.#scratch);
  }

  #bind(fd: number, localAddress: Uint8Array): number {
    const endpoint: Endpoint = { address: localAddress, port: 0 };
    const length = encodeSocketAddress(this.#memory.view, this.#scratch, endpoint);
    return -this.#calls.bind(fd, this.#memory.addressOf(this.#scratch), length);
  }

  #localPort(fd: number): number {
    const lengthAt = this.#scratch + SOCKADDR_BYTES_MAX + 4;
    this.#memory.view.setUint32(lengthAt, SOCKADDR_BYTES_MAX, true);
    const address = this.#memory.addressOf(this.#scratch);
    this.#calls.getsockname(fd, address, this.#memory.addressOf(lengthAt));
    return this.#memory.view.getUint16(this.#scratch + 2);
  }

  /** The first errno; what follows it is not tried. */
  #setOptions(fd: number, options: readonly SocketOption[]): number {
    for (const option of options) {
      const errno = this.#setOption(fd, option);
      if (errno !== 0) return errno;
    }
    return 0;
  }

  #setOption(fd: number, { level, name, value }: SocketOption): number {
    this.#memory.view.setInt32(this.#scratch, value, true);
    return -this.#calls.setsockopt(fd, level, name, this.#memory.addressOf(this.#scratch), 4);
  }

  #watch(fd: number): number {
    const { view } = this.#memory;
    view.setUint32(this.#scratch, linux.EPOLLIN, true);
    view.setBigInt64(this.#scratch + EPOLL_DATA_OFFSET, BigInt(fd), true);
    const event = this.#memory.addressOf(this.#scratch);
    return this.#calls.epollControl(this.#epollFd, linux.EPOLL_CTL_ADD, fd, event);
  }
}

function hopLimitOption(isIpv4: boolean, hopLimit: number): SocketOption {
  return isIpv4
    ? { level: linux.IPPROTO_IP, name: linux.IP_TTL, value: hopLimit }
    : { level: linux.IPPROTO_IPV6, name: linux.IPV6_UNICAST_HOPS, value: hopLimit };
}

function optionsFor(isIpv4: boolean, isWildcard: boolean): readonly SocketOption[] {
  if (isIpv4) return isWildcard ? IPV4_WILDCARD_OPTIONS : IPV4_OPTIONS;
  return isWildcard ? IPV6_WILDCARD_OPTIONS : IPV6_OPTIONS;
}

function isTimestamp(level: number, type: number, lengthBytes: number): boolean {
  return (
    level === linux.SOL_SOCKET &&
    type === linux.SO_TIMESTAMPING &&
    lengthBytes >= SCM_TIMESTAMPING_BYTES
  );
}

function isExtendedError(level: number, type: number, lengthBytes: number): boolean {
  if (lengthBytes < EXTENDED_ERROR_BYTES) return false;
  return (
    (level === linux.IPPROTO_IP && type === linux.IP_RECVERR) ||
    (level === linux.IPPROTO_IPV6 && type === linux.IPV6_RECVERR)
  );
}

function checked(call: string, result: number): number {
  if (result < 0) throw new RangeError(`${call} failed with error number ${-result}`);
  return result;
}
