// The sockets of a sweep: a random one of a few for each batch, each replaced by one on a new random port after its uses,
// and open for a while after its last answer, so that late ones meet a socket and not a refusal.

import { ok, type Result } from "@truechimer/base";
import type { KernelNetwork, NetworkPort } from "../kernel/kernel-network.ts";
import { PORT_LINGER_MS, PORT_USES_MAX } from "../limits.ts";

/** Sockets of a family that requests leave from at one time. */
const SOCKETS_MAX = 32;

/** A socket, with what it has sent. */
export interface SweepSocket {
  readonly port: NetworkPort;
  readonly isIpv4: boolean;
  /** Slots by the number of the datagram. */
  readonly slots: Int32Array;
  sent: number;
  inFlight: number;
  idleSinceMs: number;
}

/** What the sockets are opened with. */
export interface SweepSocketsParts {
  readonly network: KernelNetwork;
  readonly nowMs: () => number;
  /** 32 unpredictable bits. */
  readonly randomWord: () => number;
}

/** The open sockets, by family. */
export class SweepSockets {
  readonly #parts: SweepSocketsParts;
  readonly #usable: { readonly v4: SweepSocket[]; readonly v6: SweepSocket[] } = { v4: [], v6: [] };
  readonly #retired: SweepSocket[] = [];
  readonly #byPort = new Map<NetworkPort, SweepSocket>();

  constructor(parts: SweepSocketsParts) {
    this.#parts = parts;
  }

  find(port: NetworkPort): SweepSocket | undefined {
    return this.#byPort.get(port);
  }

  /** Refused with an errno when there is none and none can be opened. */
  pick(isIpv4: boolean): Result<SweepSocket, number> {
    const usable = isIpv4 ? this.#usable.v4 : this.#usable.v6;
    if (usable.length < SOCKETS_MAX) {
      const opened = this.#open(isIpv4);
      if (opened.ok) usable.push(opened.value);
      else if (usable.length === 0) return opened;
    }
    const picked = usable[this.#parts.randomWord() % usable.length];
    return picked === undefined ? this.#open(isIpv4) : ok(picked);
  }

  /** No new request from this socket. */
  retire(socket: SweepSocket): void {
    const usable = socket.isIpv4 ? this.#usable.v4 : this.#usable.v6;
    const at = usable.indexOf(socket);
    if (at < 0) return;
    usable.splice(at, 1);
    socket.idleSinceMs = this.#parts.nowMs();
    this.#retired.push(socket);
  }

  /** Closes retired sockets that have been idle long enough. */
  closeIdle(): void {
    const idleBeforeMs = this.#parts.nowMs() - PORT_LINGER_MS;
    for (;;) {
      const [oldest] = this.#retired;
      if (oldest === undefined || oldest.inFlight > 0 || oldest.idleSinceMs > idleBeforeMs) return;
      this.#retired.shift();
      this.#byPort.delete(oldest.port);
      this.#parts.network.closePort(oldest.port);
    }
  }

  #open(isIpv4: boolean): Result<SweepSocket, number> {
    const { network } = this.#parts;
    const localAddress = new Uint8Array(isIpv4 ? 4 : 16);
    const opened = network.openPort({ localAddress, isWildcard: false });
    if (!opened.ok) return opened;
    network.watchPort(opened.value);
    const socket: SweepSocket = {
      port: opened.value,
      isIpv4,
      slots: new Int32Array(PORT_USES_MAX),
      sent: 0,
      inFlight: 0,
      idleSinceMs: 0,
    };
    this.#byPort.set(opened.value, socket);
    return ok(socket);
  }
}
