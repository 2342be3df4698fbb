// The forms of an export. Each writes what it is given as it comes, and keeps no more than it must.

import { EXPORT_TABLES, type ExportColumn, type ExportType, exact } from "@truechimer/api";
import { csvLine } from "@truechimer/base";
import { timestamptzFromNs } from "@truechimer/database";
import type { AnyExportSource, ExportPage, ExportValue } from "./export-source.ts";
import { PARQUET_FORM } from "./parquet-form.ts";

/** Rows of a source, a page at a time. */
export type ExportPages = AsyncIterable<ExportPage<unknown>>;

export interface ExportForm {
  readonly contentType: string;
  /** What is written after a row can be appended to what ends with that row. */
  readonly isContinuable: boolean;
  /** `isContinued`: it is appended to a file that has its beginning. */
  readonly written: (
    source: AnyExportSource,
    pages: ExportPages,
    options: { readonly isContinued: boolean },
  ) => AsyncGenerator<Uint8Array, void>;
}

export type ExportFormName = "csv" | "ndjson" | "parquet";

export const EXPORT_FORMS: Readonly<Record<ExportFormName, ExportForm>> = {
  csv: {
    contentType: "text/csv; charset=utf-8; header=present",
    isContinuable: true,
    written: async function* (source, pages, { isContinued }) {
      const columns = columnsOf(source);
      if (!isContinued) yield Buffer.from(csvLine(columns.map(({ name }) => name)));
      const fields = columns.map(({ type }, index) => {
        const read = source.readers[index];
        return (row: unknown): string => textOf(type, read?.(row) ?? null) ?? "";
      });
      yield* lines(pages, (row) => csvLine(fields.map((field) => field(row))));
    },
  },
  ndjson: {
    contentType: "application/x-ndjson; charset=utf-8",
    isContinuable: true,
    written: async function* (source, pages) {
      const members = columnsOf(source).map(({ name, type }, index) => {
        const read = source.readers[index];
        const key = `${index === 0 ? "{" : ","}${JSON.stringify(name)}:`;
        return (row: unknown): string => `${key}${jsonOf(type, read?.(row) ?? null)}`;
      });
      yield* lines(pages, (row) => `${members.map((member) => member(row)).join("")}}\n`);
    },
  },
  parquet: PARQUET_FORM,
};

function columnsOf({ table }: AnyExportSource): readonly ExportColumn[] {
  return EXPORT_TABLES[table].columns;
}

async function* lines(
  pages: ExportPages,
  line: (row: unknown) => string,
): AsyncGenerator<Uint8Array, void> {
  for await (const rows of pages) {
    const texts: string[] = [];
    for (const row of rows) texts.push(line(row));
    if (texts.length > 0) yield Buffer.from(texts.join(""));
  }
}

/** Of a value that is there, for people and spreadsheets. */
function textOf(type: ExportType, value: ExportValue): string | undefined {
  if (value === null) return undefined;
  if (type === "instant_ns") return nanosecondText(value as bigint);
  return type === "octets" ? hexText(value as Uint8Array) : String(value);
}

function jsonOf(type: ExportType, value: ExportValue): string {
  if (typeof value === "bigint" && type === "int64") return JSON.stringify(exact(value));
  if (typeof value === "number" || typeof value === "boolean") return JSON.stringify(value);
  return JSON.stringify(textOf(type, value) ?? null);
}

/** As an instant of PostgreSQL, with three more digits: "2026-03-01T12:00:00.250125999Z". */
function nanosecondText(ns: bigint): string {
  const below = ((ns % 1_000n) + 1_000n) % 1_000n;
  return `${timestamptzFromNs(ns).slice(0, -1)}${String(below).padStart(3, "0")}Z`;
}

function hexText(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString("hex");
}
