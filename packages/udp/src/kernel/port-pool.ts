// Which socket, hence which source port, a request leaves from. While few are open every request gets a fresh one,
// so that its port was never seen by anybody; above that, a random choice. A port that has served its uses, or whose
// sending failed, serves no new request and is closed when the last answer has had its time.

import { ok, type Result } from "@truechimer/base";
import type { ExchangeState } from "../exchange-table.ts";
import { PORT_LINGER_MS, PORT_USES_MAX, PORTS_OPEN_MAX } from "../limits.ts";
import type { KernelNetwork, NetworkPort } from "./kernel-network.ts";

/** An exchange of the probe thread. */
export type ProbeExchange = ExchangeState<ProbePort>;

/** A socket, with what it has sent and what is still in flight from it. */
export interface ProbePort {
  readonly network: NetworkPort;
  /** Exchanges by the number that the kernel gives to each datagram of the socket, from 0. */
  sent: (ProbeExchange | undefined)[];
  /** Few: a linear search is shorter than a set is large. */
  inFlight: readonly ProbeExchange[];
  readonly group: PortGroup;
  retired: boolean;
  closed: boolean;
  idleSinceMs: number;
}

/** Ports of one local address. */
interface PortGroup {
  readonly localAddress: Uint8Array;
  readonly isWildcard: boolean;
  readonly usable: ProbePort[];
}

const NONE: readonly ProbeExchange[] = [];

/** Where sockets come from, and how one is chosen. */
export interface PortPoolOptions {
  readonly network: KernelNetwork;
  /** Uniform in [0, 1), not to be foreseen by those who might forge answers. */
  readonly fraction: () => number;
  readonly portsOpenMax?: number;
}

/** The open sockets of the probe thread, by local address. */
export class PortPool {
  readonly #network: KernelNetwork;
  readonly #fraction: () => number;
  readonly #openMax: number;
  readonly #groups = new Map<string, PortGroup>();
  readonly #byNetworkPort = new Map<NetworkPort, ProbePort>();
  /** Ports without an exchange in flight, the longest idle first. */
  readonly #idle = new Set<ProbePort>();

  constructor(options: PortPoolOptions) {
    this.#network = options.network;
    this.#fraction = options.fraction;
    this.#openMax = options.portsOpenMax ?? PORTS_OPEN_MAX;
  }

  get open(): number {
    return this.#byNetworkPort.size;
  }

  /** Whether the next request will share a port with others. */
  get shares(): boolean {
    return this.#byNetworkPort.size >= this.#openMax;
  }

  find(port: NetworkPort): ProbePort | undefined {
    return this.#byNetworkPort.get(port);
  }

  /** A port to send from. Refused with an errno: the local address is not ours, or the host is out of sockets. */
  take(localAddress: Uint8Array | undefined, isIpv4: boolean): Result<ProbePort, number> {
    const group = this.#group(localAddress, isIpv4);
    if (this.shares) {
      const shared = this.#pick(group);
      if (shared !== undefined) return ok(shared);
      this.#closeLongestIdle();
    }
    const opened = this.#open(group);
    if (opened.ok) return opened;
    // Out of sockets: share what there is.
    const shared = this.#pick(group);
    return shared === undefined ? opened : ok(shared);
  }

  /** A port that nobody else uses and that has sent nothing. */
  takeFresh(localAddress: Uint8Array | undefined, isIpv4: boolean): Result<ProbePort, number> {
    return this.#open(this.#group(localAddress, isIpv4));
  }

  /** The exchange is the next datagram that leaves from `port`. */
  assign(port: ProbePort, exchange: ProbeExchange): void {
    // Most ports send once, and an array that is pushed to makes room for seventeen.
    if (port.sent.length === 0) port.sent = [exchange];
    else port.sent.push(exchange);
    port.inFlight = [...port.inFlight, exchange];
    this.#idle.delete(port);
    if (port.sent.length >= PORT_USES_MAX) this.retire(port);
  }

  release(exchange: ProbeExchange, nowMs: number): void {
    const { port } = exchange;
    if (port === undefined) return;
    port.inFlight = port.inFlight.filter((other) => other !== exchange);
    if (port.inFlight.length > 0) return;
    port.idleSinceMs = nowMs;
    this.#idle.delete(port);
    this.#idle.add(port);
  }

  /** No new request from this port. */
  retire(port: ProbePort): void {
    if (port.retired) return;
    port.retired = true;
    if (port.inFlight.length === 0) this.#idle.add(port);
    const at = port.group.usable.indexOf(port);
    if (at < 0) return;
    const last = port.group.usable.pop();
    if (last !== undefined && last !== port) port.group.usable[at] = last;
  }

  /** Closes ports that have been idle long enough. Says whether there were any. */
  closeIdle(nowMs: number): boolean {
    const before = this.open;
    for (const port of this.#idle) {
      if (port.idleSinceMs + PORT_LINGER_MS > nowMs) break;
      this.#close(port);
    }
    return this.open < before;
  }

  #group(localAddress: Uint8Array | undefined, isIpv4: boolean): PortGroup {
    const key = localAddress === undefined ? (isIpv4 ? "v4" : "v6") : localAddress.join(".");
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = {
        localAddress: localAddress ?? new Uint8Array(isIpv4 ? 4 : 16),
        isWildcard: localAddress === undefined,
        usable: [],
      };
      this.#groups.set(key, group);
    }
    return group;
  }

  #pick(group: PortGroup): ProbePort | undefined {
    return group.usable[Math.floor(this.#fraction() * group.usable.length)];
  }

  #open(group: PortGroup): Result<ProbePort, number> {
    const opened = this.#network.openPort(group);
    if (!opened.ok) return opened;
    const port: ProbePort = {
      network: opened.value,
      sent: [],
      inFlight: NONE,
      group,
      retired: false,
      closed: false,
      idleSinceMs: 0,
    };
    group.usable.push(port);
    this.#byNetworkPort.set(opened.value, port);
    return ok(port);
  }

  #closeLongestIdle(): void {
    for (const port of this.#idle) {
      this.#close(port);
      return;
    }
  }

  #close(port: ProbePort): void {
    this.retire(port);
    port.closed = true;
    this.#idle.delete(port);
    this.#byNetworkPort.delete(port.network);
    this.#network.closePort(port.network);
  }
}
