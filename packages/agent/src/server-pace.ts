// Keeps the time between two samples to one server, across checks and batches. A server that sends a kiss code is left
// alone for longer. RFC 5905, section 7.4.

import { type Clock, type IpAddress, sleep } from "@truechimer/base";
import type { SampleReason } from "@truechimer/ntp";

export interface ServerVisit {
  readonly address: IpAddress;
  readonly port: number;
  /** Each source address is a client of its own in the server's eyes. */
  readonly localAddress: IpAddress | undefined;
}

export interface ServerPace {
  /** Resolves as soon as the server may be asked again; rejects when the signal is aborted. */
  untilFree(visit: ServerVisit, signal: AbortSignal): Promise<void>;
  /** The server has just been asked. */
  visited(visit: ServerVisit, outcome: VisitOutcome): void;
}

export interface VisitOutcome {
  readonly intervalMs: number;
  readonly reason: SampleReason | undefined;
}

/** A server that asks us to come less often is given this many intervals of rest. */
const KISS_INTERVALS = 8;
/** Entries kept before those that no longer matter are swept out. */
const SWEEP_ENTRIES = 4_096;
const NS_PER_MS = 1_000_000;
const KISSES: ReadonlySet<SampleReason | undefined> = new Set<SampleReason>([
  "kiss_rate",
  "kiss_deny",
  "kiss_rstr",
]);

export function createServerPace(clock: Clock): ServerPace {
  /** When each server may be asked again, on the monotonic clock. */
  const freeAtNs = new Map<string, bigint>();
  let sweepAt = SWEEP_ENTRIES;

  const sweep = (): void => {
    const nowNs = clock.monotonicNs();
    for (const [key, atNs] of freeAtNs) if (atNs <= nowNs) freeAtNs.delete(key);
    sweepAt = Math.max(SWEEP_ENTRIES, freeAtNs.size * 2);
  };

  return {
    untilFree: async (visit, signal) => {
      const key = keyOf(visit);
      for (;;) {
        const restMs = Number((freeAtNs.get(key) ?? 0n) - clock.monotonicNs()) / NS_PER_MS;
        if (restMs <= 0) return;
        await sleep(clock, Math.ceil(restMs), signal);
      }
    },
    visited: (visit, { intervalMs, reason }) => {
      const intervals = KISSES.has(reason) ? KISS_INTERVALS : 1;
      const restNs = BigInt(Math.ceil(intervalMs * intervals)) * BigInt(NS_PER_MS);
      freeAtNs.set(keyOf(visit), clock.monotonicNs() + restNs);
      if (freeAtNs.size >= sweepAt) sweep();
    },
  };
}

function keyOf({ address, port, localAddress }: ServerVisit): string {
  return `${localAddress?.text ?? ""} ${address.text} ${port}`;
}
