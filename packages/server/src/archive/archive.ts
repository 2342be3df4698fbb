// An archive: a store outside the database that is sent every result, every path and every event, and keeps them for years.

import type { ArchiveReader } from "./archive-reader.ts";
import type { ArchivedEvent } from "./archived-event.ts";
import type { ArchivedResult } from "./archived-result.ts";
import type { ArchivedTraceroute } from "./archived-traceroute.ts";

/**
 * What is written twice is kept once: rows of each kind are told apart by their id and time. A write resolves once the
 * archive has acknowledged it, and rejects with `peer_unreachable` or `archive_refused`.
 */
export interface Archive extends ArchiveReader, AsyncDisposable {
  readonly kind: "clickhouse" | "parquet";
  /** Where it is, without passwords; by it the position is kept. */
  readonly target: string;
  /** New results, and new events, wait until they are so many, or one of them waits so long. Absent: they are sent at once. */
  readonly batch?: ArchiveBatch;
  /** Makes what is missing. */
  prepare(signal: AbortSignal): Promise<void>;
  /**
   * What the store is marked with; it marks one that has no mark. Refuses one that is marked otherwise. Absent: there is but
   * one at its place.
   *
   * @param known the mark that results were sent to. Empty: none were.
   */
  readonly identify?: (known: string, signal: AbortSignal) => Promise<string>;
  /** Not empty. */
  writeResults(results: readonly ArchivedResult[], write: ArchiveWrite): Promise<void>;
  /** Not empty. */
  writeTraceroutes(traceroutes: readonly ArchivedTraceroute[], write: ArchiveWrite): Promise<void>;
  /** Not empty. */
  writeEvents(events: readonly ArchivedEvent[], write: ArchiveWrite): Promise<void>;
  /** Removes files that were announced, and whose rows were not noted as sent. Absent: rows tell themselves apart. */
  readonly discard?: (files: readonly string[]) => Promise<void>;
  /** Puts what it has in better order, for a while; what is left is for the next time. Absent: it does so by itself. */
  readonly tidy?: (signal: AbortSignal) => Promise<void>;
}

export interface ArchiveBatch {
  readonly results: number;
  readonly seconds: number;
}

export interface ArchiveWrite {
  readonly signal: AbortSignal;
  /** To be called, and waited for, before files are written whose rows do not tell themselves apart. */
  announce(files: readonly string[]): Promise<void>;
}
