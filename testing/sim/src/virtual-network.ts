// A network in which datagrams take time, get lost, come twice, or overtake each other, all decided by one seed. A
// path's quality belongs to a pair of hosts and may differ by direction.

import type { Clock, Random } from "@truechimer/base";

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface Datagram {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly bytes: Uint8Array;
}

/** One direction of a path. */
export interface PathQuality {
  /** The shortest time on the way. */
  readonly delayMs: number;
  /** Added to each datagram: uniform from 0 to this. */
  readonly jitterMs: number;
  /** Share of datagrams that never arrive, 0 to 1. */
  readonly lossShare: number;
  /** Share of datagrams that arrive a second time, 0 to 1. */
  readonly duplicateShare: number;
}

/** What came of the datagrams so far. */
export interface NetworkCounters {
  readonly sent: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly delivered: number;
  /** To a port that nobody has. */
  readonly unroutable: number;
}

export interface VirtualNetwork {
  /** Takes a port of a host; returns how to give it back. Fails when it is taken. */
  attach(endpoint: Endpoint, receive: (datagram: Datagram) => void): () => void;
  send(datagram: Datagram): void;
  /** Sets the way from one host to another; the way back stays as it is. */
  setPath(fromHost: string, toHost: string, quality: Partial<PathQuality>): void;
  counters(): NetworkCounters;
}

export interface VirtualNetworkOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** For every direction that `setPath` did not set. Default: 5 ms, nothing lost. */
  readonly quality?: Partial<PathQuality>;
}

const PERFECT_PATH: PathQuality = { delayMs: 5, jitterMs: 0, lossShare: 0, duplicateShare: 0 };

export function createVirtualNetwork(options: VirtualNetworkOptions): VirtualNetwork {
  const { clock, random } = options;
  const standard: PathQuality = { ...PERFECT_PATH, ...options.quality };
  const receivers = new Map<string, (datagram: Datagram) => void>();
  const paths = new Map<string, PathQuality>();
  const counts = { sent: 0, lost: 0, duplicated: 0, delivered: 0, unroutable: 0 };

  const deliver = (datagram: Datagram): void => {
    const receive = receivers.get(endpointText(datagram.to));
    counts[receive === undefined ? "unroutable" : "delivered"] += 1;
    receive?.(datagram);
  };

  const carry = (datagram: Datagram, quality: PathQuality): void => {
    const delayMs = quality.delayMs + random.fraction() * quality.jitterMs;
    clock.setTimer(delayMs, () => deliver(datagram));
  };

  return {
    attach: (endpoint, receive) => {
      const key = endpointText(endpoint);
      if (receivers.has(key)) throw new Error(`${key} is taken: expected a free port`);
      receivers.set(key, receive);
      return () => {
        receivers.delete(key);
      };
    },
    send: ({ from, to, bytes }) => {
      const quality = paths.get(pathKey(from.host, to.host)) ?? standard;
      // A copy, because a sender may use its buffer again.
      const datagram: Datagram = { from, to, bytes: bytes.slice() };
      counts.sent += 1;
      if (random.fraction() < quality.lossShare) {
        counts.lost += 1;
        return;
      }
      carry(datagram, quality);
      if (random.fraction() < quality.duplicateShare) {
        counts.duplicated += 1;
        carry(datagram, quality);
      }
    },
    setPath: (fromHost, toHost, quality) => {
      const key = pathKey(fromHost, toHost);
      paths.set(key, { ...standard, ...paths.get(key), ...quality });
    },
    counters: () => ({ ...counts }),
  };
}

/** `host, port`; no colon, which IPv6 addresses are full of. */
function endpointText({ host, port }: Endpoint): string {
  return `${host}, port ${port}`;
}

function pathKey(fromHost: string, toHost: string): string {
  return `${fromHost} → ${toHost}`;
}
