// Keeps samples to one server apart: one at a time, and an interval of rest after each, across checks and batches. A
// server that sends a kiss code is left alone for longer. RFC 5905, section 7.4.

import { type Clock, type IpAddress, sleep } from "@truechimer/base";
import type { Sample, SampleReason } from "@truechimer/ntp";
import { resolvedOrAborted } from "./resolved-or-aborted.ts";

export interface ServerVisit {
  readonly address: IpAddress;
  /** UDP port. */
  readonly port: number;
  /** Who is asking, in the server's eyes: each client has a pace of its own. */
  readonly client: string;
  /** From the end of this sample to the start of the next. */
  readonly intervalMs: number;
}

export interface ServerPace {
  /** Takes a sample as soon as the server may be asked. Rejects with the signal's reason while it waits for that. */
  atItsTurn(visit: ServerVisit, signal: AbortSignal, take: () => Promise<Sample>): Promise<Sample>;
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

interface Entry {
  /** When the server may be asked again, on the monotonic clock. */
  freeAtNs: bigint;
  /** Resolves when the last in line has had its turn; never rejects. */
  last: Promise<void>;
  /** In line, the one whose turn it is included. */
  inLine: number;
}

export function createServerPace(clock: Clock): ServerPace {
  const entries = new Map<string, Entry>();
  let sweepAt = SWEEP_ENTRIES;

  const entryOf = (key: string): Entry => {
    const known = entries.get(key);
    if (known !== undefined) return known;
    if (entries.size >= sweepAt) sweep();
    const entry: Entry = { freeAtNs: clock.monotonicNs(), last: Promise.resolve(), inLine: 0 };
    entries.set(key, entry);
    return entry;
  };

  const sweep = (): void => {
    const nowNs = clock.monotonicNs();
    for (const [key, { freeAtNs, inLine }] of entries) {
      if (inLine === 0 && freeAtNs <= nowNs) entries.delete(key);
    }
    sweepAt = Math.max(SWEEP_ENTRIES, entries.size * 2);
  };

  const untilFree = async (entry: Entry, signal: AbortSignal): Promise<void> => {
    for (;;) {
      const restMs = Number(entry.freeAtNs - clock.monotonicNs()) / NS_PER_MS;
      if (restMs <= 0) return;
      await sleep(clock, Math.ceil(restMs), signal);
    }
  };

  return {
    atItsTurn: async (visit, signal, take) => {
      const entry = entryOf(keyOf(visit));
      const turn = Promise.withResolvers<void>();
      const before = entry.last;
      entry.last = turn.promise;
      entry.inLine += 1;
      try {
        await resolvedOrAborted(before, signal);
        await untilFree(entry, signal);
        const sample = await take();
        entry.freeAtNs = clock.monotonicNs() + restNs(visit, sample);
        return sample;
      } finally {
        entry.inLine -= 1;
        // Whoever leaves the line early must not let the next one overtake those in front.
        void before.then(turn.resolve);
      }
    },
  };
}

function restNs({ intervalMs }: ServerVisit, { reason }: Sample): bigint {
  const intervals = KISSES.has(reason) ? KISS_INTERVALS : 1;
  return BigInt(Math.ceil(intervalMs * intervals)) * BigInt(NS_PER_MS);
}

function keyOf({ address, port, client }: ServerVisit): string {
  return `${client} ${address.text} ${port}`;
}
