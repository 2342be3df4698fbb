// An export as one Apache Parquet file, a row group after the other: what was written of one is forgotten before the next is
// gathered. Its index is at its end, so a file that broke off is none, and cannot be gone on with.

import {
  EXPORT_TABLES,
  type ExportColumn,
  type ExportTable,
  type ExportType,
} from "@truechimer/api";
import { nsFromTimestamptz, type Timestamptz } from "@truechimer/database";
import type { ExportForm, ExportPages } from "./export-forms.ts";
import type { AnyExportSource, ExportValue } from "./export-source.ts";

/**
 * Encoding one keeps the process from others for some 20 ms; readers would like more rows, and take these. What is kept of each
 * until the end, its place and bounds, is some kilobytes.
 */
const ROW_GROUP_ROWS = 5_000;
const NS_PER_US = 1_000n;

export const PARQUET_FORM: ExportForm = {
  contentType: "application/vnd.apache.parquet",
  isContinuable: false,
  written: async function* (source, pages) {
    const { ByteWriter, ParquetWriter } = await import("hyparquet-writer");
    const table = EXPORT_TABLES[source.table];
    const bytes = new ByteWriter();
    const file = new ParquetWriter({
      writer: bytes,
      schema: [
        { name: "truechimer", num_children: table.columns.length },
        ...table.columns.map(element),
      ],
      kvMetadata: [{ key: "truechimer.table", value: source.table }],
      createdBy: "truechimer",
    });
    for await (const columns of rowGroups(source, pages)) {
      await file.write({
        columnData: table.columns.map((column, index) => ({
          name: column.name,
          data: columns[index] ?? [],
          statistics: hasBounds(table, column),
          ...(isSteady(table, column) && { encoding: "DELTA_BINARY_PACKED" as const }),
        })),
        rowGroupSize: ROW_GROUP_ROWS,
      });
      yield takeBytes(bytes);
    }
    await file.finish();
    yield takeBytes(bytes);
  },
};

/** What has been written since the last time, copied: its place is written over. */
function takeBytes(bytes: { buffer: ArrayBuffer; index: number }): Uint8Array {
  const taken = new Uint8Array(bytes.buffer.slice(0, bytes.index));
  bytes.index = 0;
  return taken;
}

/** A list of values for each column. */
async function* rowGroups(
  { table, readers }: AnyExportSource,
  pages: ExportPages,
): AsyncGenerator<readonly ParquetValue[][], void> {
  const { columns } = EXPORT_TABLES[table];
  const empty = (): ParquetValue[][] => columns.map(() => []);
  let group = empty();
  for await (const rows of pages) {
    for (const row of rows) {
      for (const [index, { type }] of columns.entries())
        group[index]?.push(parquetValue(type, readers[index]?.(row) ?? null));
      if (group[0]?.length !== ROW_GROUP_ROWS) continue;
      yield group;
      group = empty();
    }
  }
  if ((group[0]?.length ?? 0) > 0) yield group;
}

type ParquetValue = bigint | number | string | boolean | Uint8Array | null;

function parquetValue(type: ExportType, value: ExportValue): ParquetValue {
  if (value === null || type !== "instant_us") return value;
  return nsFromTimestamptz(value as Timestamptz) / NS_PER_US;
}

interface Element {
  readonly name: string;
  readonly type: "INT64" | "INT32" | "DOUBLE" | "BOOLEAN" | "BYTE_ARRAY";
  readonly repetition_type: "OPTIONAL" | "REQUIRED";
  readonly converted_type?: "UTF8";
  readonly logical_type?:
    | { readonly type: "STRING" }
    | {
        readonly type: "TIMESTAMP";
        readonly isAdjustedToUTC: boolean;
        readonly unit: "MICROS" | "NANOS";
      };
}

/** Apache Parquet format, LogicalTypes. */
function element({ name, type, nullable }: ExportColumn): Element {
  return { name, repetition_type: nullable ? "OPTIONAL" : "REQUIRED", ...PARQUET_TYPES[type] };
}

const PARQUET_TYPES: Readonly<
  Record<ExportType, Pick<Element, "type" | "converted_type" | "logical_type">>
> = {
  int64: { type: "INT64" },
  int32: { type: "INT32" },
  double: { type: "DOUBLE" },
  boolean: { type: "BOOLEAN" },
  text: { type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } },
  octets: { type: "BYTE_ARRAY" },
  instant_us: {
    type: "INT64",
    logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MICROS" },
  },
  // UTC all the same: said so here, DuckDB would read them to the microsecond and drop the rest without a word.
  instant_ns: {
    type: "INT64",
    logical_type: { type: "TIMESTAMP", isAdjustedToUTC: false, unit: "NANOS" },
  },
};

/** By which readers leave out row groups: what people look for. */
function hasBounds({ key }: ExportTable, { name }: ExportColumn): boolean {
  return key.includes(name) || name === "at" || name === "server_id";
}

/** It grows in small steps. */
function isSteady({ key }: ExportTable, { name, type }: ExportColumn): boolean {
  return type === "instant_us" || (type === "int64" && key.includes(name));
}
