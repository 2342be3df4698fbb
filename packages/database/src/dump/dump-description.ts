// What a copy of a database consists of, and which tables' rows are no part of it.

import type { Partition } from "../partitions/partition-catalogue.ts";

/** A table with what is copied of it. */
export interface DumpedTable {
  readonly name: string;
  /** In the order of their values in a row; without generated ones. */
  readonly columns: readonly string[];
  /** The tables that hold its rows: itself, or its partitions with the default one. */
  readonly relations: readonly string[];
  /** But for the default one. Empty: it has none. */
  readonly partitions: readonly Partition[];
}

/** What a copy says of itself before its first row. */
export interface DumpDescription {
  /** As PostgreSQL prints it: "18.4". */
  readonly serverVersion: string;
  /** The schema: what its ledger had, in order. */
  readonly migrations: readonly { readonly version: string; readonly checksum: string }[];
  /** Those whose rows are in the copy, the ledger last: a database without one is not whole. */
  readonly tables: readonly DumpedTable[];
  /** Those whose rows are not. */
  readonly leftOut: readonly string[];
}

/** Where a sequence stands. */
export interface SequenceValue {
  readonly name: string;
  readonly lastValue: bigint;
  /** False: `lastValue` is the next one. */
  readonly isCalled: boolean;
}

/** The ledger of the migrations. */
export const LEDGER_TABLE = "schema_migrations";

/**
 * What holds for processes that run now, or opens a door once: a link that was used, or a session that was ended, after the
 * copy was made would otherwise be good again. The job queue, in a schema of its own, is filled by the loops at each start.
 */
export const LEFT_OUT: ReadonlySet<string> = new Set([
  "admin_sessions",
  "oidc_sign_ins",
  "one_time_keys",
  "passkey_challenges",
  "rate_limit_windows",
  "replicas",
  "user_links",
  "user_sessions",
]);
