// An export of exactly what the table shows: the same rows, the same columns, numbers in full.

import { csvLine } from "@truechimer/base";

/** Heading and text of one field of an export. */
export type ExportedField<T> = readonly [heading: string, text: (row: T) => string];

/** The rows as CSV with a heading line. */
export function toCsv<T>(
  rows: readonly T[],
  columns: readonly { readonly exported: readonly ExportedField<T>[] }[],
): string {
  const fields = columns.flatMap((column) => column.exported);
  const lines = [
    fields.map(([heading]) => heading),
    ...rows.map((row) => fields.map(([, text]) => text(row))),
  ];
  return lines.map(csvLine).join("");
}

/** Hands a text to the browser as a file. */
export function downloadText(fileName: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = fileName;
  link.click();
  URL.revokeObjectURL(url);
}
