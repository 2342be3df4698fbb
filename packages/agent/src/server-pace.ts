// Keeps samples to one server apart: one at a time, and an interval of rest after each, across checks and batches. A
// server that sends a kiss code is left alone for longer. RFC 5905, section 7.4.

import { type Clock, type IpAddress, sleep, whenAborted } from "@truechimer/base";
import type { SampleReason } from "@truechimer/ntp";

/** Whom, in whose name. */
export interface ServerClient {
  readonly address: IpAddress;
  /** UDP port. */
  readonly port: number;
  /** Who is asking, in the server's eyes: each client has a pace of its own. */
  readonly client: string;
}

export interface ServerVisit extends ServerClient {
  /** How often the server is checked, which bounds how long it is left alone. Absent: not known. */
  readonly checkIntervalMs?: number | undefined;
  /** From the end of this sample to the start of the next. */
  readonly intervalMs: number;
}

export interface ServerPace {
  /**
   * The turn to ask the server: at once if it may be asked now, else when its time has come; rejects with the signal's
   * reason. Whoever has it ends it, with `taken` or with `leave`.
   */
  turn(visit: ServerVisit, signal: AbortSignal): Turn | Promise<Turn>;
  /** A sample was taken, with this reason; from now on the server rests. */
  taken(turn: Turn, visit: ServerVisit, reason: SampleReason | undefined): void;
  /** No sample was taken. */
  leave(turn: Turn): void;
  /** Whether the server may be asked now. */
  isFree(server: ServerClient): boolean;
  /** Resolves when the server may be asked, without standing in line for it; rejects with the signal's reason. */
  untilFree(server: ServerClient, signal: AbortSignal): Promise<void>;
}

/** A server that asks us to come less often is given this many intervals of rest, and twice as many each further time. */
const KISS_INTERVALS = 8;
/**
 * But no more than this many of its own check intervals: it is asked more seldom, and what is known of it does not become
 * stale. One that sends DENY or RSTR gets that at once.
 */
const KISS_CHECK_INTERVALS_MAX = 1.5;
/** Where the check interval is not known: below the NTP Pool's 9 min, so that no batch waits for a server's rest. */
const KISS_REST_MS_MAX = 5 * 60_000;
/** Entries kept before those that no longer matter are swept out. */
const SWEEP_ENTRIES = 4_096;
const KISSED_ENTRIES_MAX = 65_536;
const NS_PER_MS = 1_000_000;
const KISSES: ReadonlySet<SampleReason | undefined> = new Set<SampleReason>([
  "kiss_rate",
  "kiss_deny",
  "kiss_rstr",
]);

/** What is known of a server; a turn with it is the right to it. */
interface Entry {
  /** When the server may be asked again, on the monotonic clock. */
  freeAtNs: bigint;
  /** It is somebody's turn. */
  isTaken: boolean;
  /** Whoever stands behind, the first in front. Absent: nobody ever did. */
  line: Set<() => void> | undefined;
  /** Kiss codes in a row. */
  kisses: number;
}

/** A turn with a server, for whoever has it. */
export type Turn = Entry;

export function createServerPace(clock: Clock): ServerPace {
  const entries = new Map<string, Entry>();
  let sweepAt = SWEEP_ENTRIES;

  const entryOf = (key: string): Entry => {
    const known = entries.get(key);
    if (known !== undefined) return known;
    if (entries.size >= sweepAt) sweep();
    const entry: Entry = {
      freeAtNs: clock.monotonicNs(),
      isTaken: false,
      line: undefined,
      kisses: 0,
    };
    entries.set(key, entry);
    return entry;
  };

  const sweep = (): void => {
    const nowNs = clock.monotonicNs();
    for (const [key, { freeAtNs, isTaken, kisses }] of entries) {
      // What a server asked of us is kept, as long as it is not too many that do.
      const remembered = kisses > 0 && entries.size < KISSED_ENTRIES_MAX;
      if (!isTaken && freeAtNs <= nowNs && !remembered) entries.delete(key);
    }
    sweepAt = Math.max(SWEEP_ENTRIES, entries.size * 2);
  };

  const waitMs = ({ freeAtNs }: Entry): number =>
    Math.ceil(Number(freeAtNs - clock.monotonicNs()) / NS_PER_MS);

  const untilFree = async (entry: Entry, signal: AbortSignal): Promise<void> => {
    for (let leftMs = waitMs(entry); leftMs > 0; leftMs = waitMs(entry)) {
      await sleep(clock, leftMs, signal);
    }
  };

  const turnInLine = async (entry: Entry, signal: AbortSignal): Promise<Turn> => {
    if (entry.isTaken) await standInLine(entry, signal);
    entry.isTaken = true;
    try {
      await untilFree(entry, signal);
    } catch (error) {
      giveTurn(entry);
      throw error;
    }
    return entry;
  };

  return {
    isFree: (server) => {
      const entry = entries.get(keyOf(server));
      return entry === undefined || waitMs(entry) <= 0;
    },
    untilFree: async (server, signal) => {
      const entry = entries.get(keyOf(server));
      if (entry !== undefined) await untilFree(entry, signal);
    },
    // No function that waits: there would be as many of them as checks in flight.
    turn: (visit, signal) => {
      if (signal.aborted) return Promise.reject(signal.reason as Error);
      const entry = entryOf(keyOf(visit));
      if (entry.isTaken || waitMs(entry) > 0) return turnInLine(entry, signal);
      entry.isTaken = true;
      return entry;
    },
    taken: (entry, visit, reason) => {
      entry.kisses = KISSES.has(reason) ? entry.kisses + 1 : 0;
      entry.freeAtNs = clock.monotonicNs() + restNs(visit, reason, entry.kisses);
      giveTurn(entry);
    },
    leave: giveTurn,
  };
}

/** Resolves when it is one's turn; whoever leaves the line early is not missed. */
function standInLine(entry: Entry, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const line = (entry.line ??= new Set());
    const onTurn = (): void => {
      stopListening();
      resolve();
    };
    const stopListening = whenAborted(signal, () => {
      line.delete(onTurn);
      reject(signal.reason as Error);
    });
    line.add(onTurn);
  });
}

/** To the next in line, who has it without its ever becoming free. */
function giveTurn(entry: Entry): void {
  for (const onTurn of entry.line ?? []) {
    entry.line?.delete(onTurn);
    onTurn();
    return;
  }
  entry.isTaken = false;
}

function restNs(
  { intervalMs, checkIntervalMs }: ServerVisit,
  reason: SampleReason | undefined,
  kisses: number,
): bigint {
  return BigInt(Math.ceil(restMs({ intervalMs, checkIntervalMs, reason, kisses }) * NS_PER_MS));
}

interface Rest {
  readonly intervalMs: number;
  readonly checkIntervalMs: number | undefined;
  readonly reason: SampleReason | undefined;
  readonly kisses: number;
}

function restMs({ intervalMs, checkIntervalMs, reason, kisses }: Rest): number {
  if (kisses === 0) return intervalMs;
  const firstMs = intervalMs * KISS_INTERVALS;
  const mostMs =
    checkIntervalMs === undefined ? KISS_REST_MS_MAX : checkIntervalMs * KISS_CHECK_INTERVALS_MAX;
  const wantedMs = reason === "kiss_rate" ? firstMs * 2 ** (kisses - 1) : mostMs;
  // Never less than the first rest, however short the interval.
  return Math.max(firstMs, Math.min(wantedMs, mostMs));
}

function keyOf({ address, port, client }: ServerClient): string {
  return `${client} ${address.text} ${port}`;
}
