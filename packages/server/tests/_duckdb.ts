// Parquet read by an engine that is none of ours.

import { DuckDBInstance } from "@duckdb/node-api";
import type { ExportColumn, ExportType } from "@truechimer/api";
import { onTestFinished } from "vitest";

export interface ParquetReader {
  /** Values as texts, null where there is none. */
  rows(sql: string): Promise<readonly Readonly<Record<string, string | null>>[]>;
}

/** Closed at the end of the test. */
export async function useDuckDb(): Promise<ParquetReader> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  onTestFinished(() => {
    connection.closeSync();
    instance.closeSync();
  });
  return {
    rows: async (sql) => {
      const reader = await connection.runAndReadAll(sql);
      return reader.getRowObjectsJson().map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([name, value]) => [
            name,
            // Each column was asked for as a text.
            value as string | null,
          ]),
        ),
      );
    },
  };
}

/** The types that DuckDB is to find. */
export const DUCKDB_TYPES: Readonly<Record<ExportType, string>> = {
  int64: "BIGINT",
  int32: "INTEGER",
  double: "DOUBLE",
  boolean: "BOOLEAN",
  text: "VARCHAR",
  octets: "BLOB",
  instant_us: "TIMESTAMP WITH TIME ZONE",
  instant_ns: "TIMESTAMP_NS",
};

/** A column in SQL as an exact text: instants as microseconds or nanoseconds since 1970, octets as digits. */
export function exactColumn({ name, type }: ExportColumn): string {
  const quoted = `"${name}"`;
  if (type === "instant_us") return `epoch_us(${quoted})::varchar as ${quoted}`;
  if (type === "instant_ns") return `epoch_ns(${quoted})::varchar as ${quoted}`;
  if (type === "octets") return `lower(hex(${quoted})) as ${quoted}`;
  return `${quoted}::varchar as ${quoted}`;
}

/** The same of a value of a line of JSON. */
export function exactValue(
  { type }: ExportColumn,
  value: string | number | boolean | null | undefined,
): string | null {
  if (value === null || value === undefined) return null;
  if (type === "double") return Number.isInteger(value) ? `${String(value)}.0` : String(value);
  if (type !== "instant_us" && type !== "instant_ns") return String(value);
  const [, seconds = "", below = ""] = /^(.*)\.(\d+)Z$/.exec(String(value)) ?? [];
  return String(
    BigInt(Date.parse(`${seconds}Z`) / 1_000) * 10n ** BigInt(below.length) + BigInt(below),
  );
}
