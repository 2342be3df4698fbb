// An export as one Apache Parquet file. One that broke off cannot be gone on with.

import {
  EXPORT_TABLES,
  type ExportColumn,
  type ExportTable,
  type ExportType,
} from "@truechimer/api";
import { nsFromTimestamptz, type Timestamptz } from "@truechimer/database";
import {
  type ParquetColumn,
  type ParquetValue,
  parquetFile,
  ROW_GROUP_ROWS,
} from "../parquet/parquet-file.ts";
import type { ExportForm, ExportPages } from "./export-forms.ts";
import type { AnyExportSource, ExportValue } from "./export-source.ts";

const NS_PER_US = 1_000n;
/** Of rows with datagrams or hashes: a row group of them is gathered before what it is made of counts as long-lived. */
const WIDE_GROUP_ROWS = 1_000;

export const PARQUET_FORM: ExportForm = {
  contentType: "application/vnd.apache.parquet",
  isContinuable: false,
  written: (source, pages) => {
    const table = EXPORT_TABLES[source.table];
    const columns = table.columns.map((column) => parquetColumn(table, column));
    const notes = { "truechimer.table": source.table };
    return parquetFile({ columns, notes }, rowGroups(source, pages));
  },
};

/** A list of values for each column. */
async function* rowGroups(
  { table, readers }: AnyExportSource,
  pages: ExportPages,
): AsyncGenerator<readonly ParquetValue[][], void> {
  const { columns } = EXPORT_TABLES[table];
  const isWide = columns.some(({ type }) => type === "octets");
  const rowsMax = isWide ? WIDE_GROUP_ROWS : ROW_GROUP_ROWS;
  const empty = (): ParquetValue[][] => columns.map(() => []);
  let group = empty();
  for await (const rows of pages) {
    for (const row of rows) {
      for (const [index, { type }] of columns.entries())
        group[index]?.push(parquetValue(type, readers[index]?.(row) ?? null));
      if (group[0]?.length !== rowsMax) continue;
      yield group;
      group = empty();
    }
  }
  if ((group[0]?.length ?? 0) > 0) yield group;
}

function parquetValue(type: ExportType, value: ExportValue): ParquetValue {
  if (value === null || type !== "instant_us") return value;
  return nsFromTimestamptz(value as Timestamptz) / NS_PER_US;
}

function parquetColumn(table: ExportTable, column: ExportColumn): ParquetColumn {
  const { name, type, nullable } = column;
  return {
    name,
    type,
    nullable,
    // What people look for.
    hasBounds: table.key.includes(name) || name === "at" || name === "server_id",
    isSteady: type === "instant_us" || (type === "int64" && table.key.includes(name)),
  };
}
