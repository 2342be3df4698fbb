// Where the rows of an export come from, and who may have them.

import type { DescMethod } from "@bufbuild/protobuf";
import { EXPORT_TABLES, type ExportTableName } from "@truechimer/api";
import { assert } from "@truechimer/base";
import type { Timestamptz } from "@truechimer/database";
import type { ActingContext } from "../people/caller.ts";
import type { AnyPermission } from "../people/permission.ts";
import type { ExportQuestion } from "./export-question.ts";

/**
 * A value as its column's type says: int64: bigint; int32 and double: number; instant_us: as PostgreSQL has it; instant_ns:
 * Unix nanoseconds.
 */
export type ExportValue = bigint | number | string | boolean | Uint8Array | Timestamptz | null;

/** Rows in their order, which may be made one by one as they are asked for: gone through once. */
export type ExportPage<Row> = Iterable<Row>;

/** Reads the table's rows, in the order of its key, a page at a time and none before it is asked for. */
export interface ExportSource<Row> {
  readonly table: ExportTableName;
  /** The procedure that tells the same: whoever may call it may have the export. */
  readonly method: Pick<DescMethod, "name">;
  readonly permission: Pick<AnyPermission, "least" | "accounts"> | undefined;
  /** By the names of the table's columns. */
  readonly values: Readonly<Record<string, (row: Row) => ExportValue>>;
  readonly pages: (
    acting: ActingContext,
    question: ExportQuestion,
  ) => AsyncGenerator<ExportPage<Row>, void>;
  /** How far back its rows are kept: before it there may be something left, or nothing. Absent: for good. */
  readonly horizon?: (acting: ActingContext, question: ExportQuestion) => Promise<Timestamptz>;
}

/** One of which only its table is known. */
export interface AnyExportSource
  extends Pick<ExportSource<unknown>, "table" | "method" | "permission" | "horizon"> {
  /** In the order of the columns. */
  readonly readers: readonly ((row: unknown) => ExportValue)[];
  readonly pages: (
    acting: ActingContext,
    question: ExportQuestion,
  ) => AsyncGenerator<ExportPage<unknown>, void>;
}

export function anyExportSource<Row>({ values, ...source }: ExportSource<Row>): AnyExportSource {
  const { columns } = EXPORT_TABLES[source.table];
  const readers = columns.map(({ name }) => {
    const read = values[name];
    assert(read !== undefined, `the export ${source.table} has no value for ${name}`);
    return read as (row: unknown) => ExportValue;
  });
  assert(Object.keys(values).length === columns.length, `${source.table} has values of no column`);
  return { ...source, readers };
}
