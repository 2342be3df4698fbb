// One Apache Parquet file, a row group after the other: what was written of one is forgotten before the next is gathered. Its
// index is at its end (parquet-footer.ts), so a file that broke off is none.

import type { ExportType } from "@truechimer/api";
import { createParquetFooter } from "./parquet-footer.ts";

/** As hyparquet-writer takes it: an instant in its own unit, a list of whole numbers or of texts. */
export type ParquetValue =
  | bigint
  | number
  | string
  | boolean
  | Uint8Array
  | readonly bigint[]
  | readonly string[]
  | null;

export interface ParquetColumn {
  readonly name: string;
  /** A list is never null, and has no nulls in it. */
  readonly type: ExportType | "int64_list" | "text_list";
  readonly nullable: boolean;
  /** Keeps the least and the greatest value of each row group, by which readers leave out what they need not look at. */
  readonly hasBounds: boolean;
  /** Whole numbers that grow in small steps. */
  readonly isSteady: boolean;
}

export interface ParquetFileOptions {
  readonly columns: readonly ParquetColumn[];
  /** Notes for readers, by name. */
  readonly notes: Readonly<Record<string, string>>;
}

/**
 * Encoding one keeps the process from others for some 20 ms; readers would like more rows, and take these. What is kept of each
 * until the end, its place and bounds, is some hundred bytes.
 */
export const ROW_GROUP_ROWS = 5_000;

/**
 * The bytes of a file.
 *
 * @param groups of each row group a list of values for each column.
 */
export async function* parquetFile(
  { columns, notes }: ParquetFileOptions,
  groups: AsyncIterable<readonly (readonly ParquetValue[])[]>,
): AsyncGenerator<Uint8Array, void> {
  const { ByteWriter, ParquetWriter } = await import("hyparquet-writer");
  const { writeMetadata } = await import("hyparquet-writer/src/metadata.js");
  const { writeIndexes } = await import("hyparquet-writer/src/indexes.js");
  const schema = [
    { name: "truechimer", num_children: columns.length },
    ...columns.flatMap(elements),
  ];
  const bytes = new ByteWriter();
  const file = new ParquetWriter({ writer: bytes, schema });
  const footer = createParquetFooter(
    { createWriter: () => new ByteWriter(), writeMetadata },
    {
      schema,
      key_value_metadata: Object.entries(notes).map(([key, value]) => ({ key, value })),
      created_by: "truechimer",
    },
  );
  for await (const group of groups) {
    await file.write({
      columnData: columns.map((column, index) => ({
        name: column.name,
        data: [...(group[index] ?? [])],
        statistics: column.hasBounds,
        ...(column.isSteady && { encoding: "DELTA_BINARY_PACKED" as const }),
      })),
      rowGroupSize: ROW_GROUP_ROWS,
    });
    writeIndexes(bytes, file.pendingIndexes);
    for (const written of file.row_groups) footer.add(written);
    // The library would keep them until the end of the file.
    file.pendingIndexes = [];
    file.row_groups = [];
    yield takeBytes(bytes);
  }
  if (bytes.index > 0) yield takeBytes(bytes);
  yield* footer.pieces();
}

/** What has been written since the last time, copied: its place is written over. */
function takeBytes(bytes: { buffer: ArrayBuffer; index: number }): Uint8Array {
  const taken = new Uint8Array(bytes.buffer.slice(0, bytes.index));
  bytes.index = 0;
  return taken;
}

interface Element {
  readonly name: string;
  readonly type?: "INT64" | "INT32" | "DOUBLE" | "BOOLEAN" | "BYTE_ARRAY";
  readonly repetition_type: "OPTIONAL" | "REQUIRED" | "REPEATED";
  readonly num_children?: number;
  readonly converted_type?: "UTF8" | "LIST";
  readonly logical_type?:
    | { readonly type: "STRING" | "LIST" }
    | {
        readonly type: "TIMESTAMP";
        readonly isAdjustedToUTC: boolean;
        readonly unit: "MICROS" | "NANOS";
      };
}

/** Apache Parquet format, LogicalTypes. */
function elements({ name, type, nullable }: ParquetColumn): readonly Element[] {
  if (type !== "int64_list" && type !== "text_list")
    return [{ name, repetition_type: nullable ? "OPTIONAL" : "REQUIRED", ...PARQUET_TYPES[type] }];
  const of = PARQUET_TYPES[type === "int64_list" ? "int64" : "text"];
  return [
    {
      name,
      repetition_type: "REQUIRED",
      num_children: 1,
      converted_type: "LIST",
      logical_type: { type: "LIST" },
    },
    { name: "list", repetition_type: "REPEATED", num_children: 1 },
    { name: "element", repetition_type: "REQUIRED", ...of },
  ];
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
