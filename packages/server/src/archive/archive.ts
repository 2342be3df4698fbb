// An archive: a store outside the database that is sent every result and every path, and keeps them for years.

import type { ArchiveReader } from "./archive-reader.ts";
import type { ArchivedResult } from "./archived-result.ts";
import type { ArchivedTraceroute } from "./archived-traceroute.ts";

/**
 * What is written twice is kept once: both kinds of rows are told apart by their id and time. A write resolves once the
 * archive has acknowledged it, and rejects with `peer_unreachable` or `archive_refused`.
 */
export interface Archive extends ArchiveReader, AsyncDisposable {
  readonly kind: "clickhouse";
  /** Where it is, without passwords; by it the position is kept. */
  readonly target: string;
  /** Makes the tables that are missing. */
  prepare(signal: AbortSignal): Promise<void>;
  /** Not empty. */
  writeResults(results: readonly ArchivedResult[], signal: AbortSignal): Promise<void>;
  /** Not empty. */
  writeTraceroutes(traceroutes: readonly ArchivedTraceroute[], signal: AbortSignal): Promise<void>;
}
