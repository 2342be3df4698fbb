// What the probe thread needs of the kernel, and nothing else: sockets on random ports, batches of datagrams with
// kernel time stamps, waiting, clocks. `openLinuxNetwork` is the real one; tests drive the thread's logic with their own.

import type { Result } from "@truechimer/base";
import type { ClockDifference } from "../step-watch.ts";
import type { Endpoint } from "./socket-address.ts";

/** A bound socket. The network knows it by its object, so that a number used again is never taken for another. */
export interface NetworkPort {
  readonly fd: number;
  readonly port: number;
}

/** One datagram of a batch, and where it goes. */
export interface OutgoingDatagram {
  readonly to: Endpoint;
  readonly bytes: Uint8Array;
}

/** How far a batch got. */
export interface SendResult {
  /** How many of the batch have left, from its beginning. */
  readonly sent: number;
  /** Why the next one did not. 0: all have left. */
  readonly errno: number;
}

/** A datagram with the kernel's receive stamp. */
export interface ReceivedDatagram {
  /** Valid until the handler returns, as are the addresses. */
  readonly bytes: Uint8Array;
  readonly from: Endpoint;
  readonly toAddress: Uint8Array | undefined;
  readonly stampNs: bigint | undefined;
}

/** Who is told what the error queue holds. */
export interface QueuedErrors {
  /** The kernel handed the `index`-th datagram of the port to its device at `stampNs`. */
  onTransmitStamp(index: number, stampNs: bigint): void;
  /** An ICMP message, or this host, said that a datagram did not get through. Valid until the handler returns. */
  onUnreachable(report: UnreachableReport): void;
}

/** Why a datagram did not get through. */
export interface UnreachableReport {
  readonly errno: number;
  /** Where the datagram went. */
  readonly to: Endpoint | undefined;
  /** What was sent, or a part. */
  readonly quoted: Uint8Array;
  /** Absent: this host itself said so. */
  readonly icmp: IcmpReport | undefined;
}

/** The ICMP message that brought an error. RFC 792, RFC 4443. */
export interface IcmpReport {
  readonly type: number;
  readonly code: number;
  /** Who sent it: 4 or 16 bytes. */
  readonly from: Uint8Array | undefined;
  /** When it came. */
  readonly stampNs: bigint | undefined;
}

/** How a socket is opened. */
export interface PortOptions {
  /** 4 or 16 bytes. */
  readonly localAddress: Uint8Array;
  /** The address is that of all interfaces, and each datagram is to tell which one it came to. */
  readonly isWildcard: boolean;
  /** TTL or hop limit of what is sent. Absent: the system's. */
  readonly hopLimit?: number;
}

/** A look at both clocks, with the wall clock itself. */
export interface ClockReading extends ClockDifference {
  readonly wallNs: bigint;
}

/** The kernel, as the probe thread sees it. Used by one thread only. */
export interface KernelNetwork extends Disposable {
  /** Opens a socket on a port that the kernel picks at random. Refused with an errno. */
  openPort(options: PortOptions): Result<NetworkPort, number>;
  closePort(port: NetworkPort): void;
  /** From now on what comes to the port ends a `wait`; its first sending through `send` does the same. */
  watchPort(port: NetworkPort): void;
  /** The port stays open, but what comes to it ends no `wait`: nobody will read it. */
  unwatchPort(port: NetworkPort): void;
  /** At most `BATCH_MAX` datagrams, in order. */
  send(port: NetworkPort, batch: readonly OutgoingDatagram[]): SendResult;
  /**
   * Sends a datagram to this host itself and takes it back. A kernel that has not sent for a while needs up to a
   * microsecond more from the transmit stamp to the departure, which T1 would be early by.
   */
  warmUp(): void;
  /** Hands out what has come, at most a few batches. */
  receive(port: NetworkPort, onDatagram: (datagram: ReceivedDatagram) => void): void;
  /** Hands out what the error queue holds. */
  receiveErrors(port: NetworkPort, handlers: QueuedErrors): void;
  /** Blocks the thread until something came, `wakeFd` was written to, or the time is over. */
  wait(timeoutMs: number, onReady: (port: NetworkPort, hasErrors: boolean) => void): void;
  readClocks(): ClockReading;
  /** An eventfd: 8 bytes written to it, from any thread, end a `wait`. */
  readonly wakeFd: number;
}
