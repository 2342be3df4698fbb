// An export of exactly what the table shows: the same rows, the same columns, numbers in full. RFC 4180.

import type { ServerFacts } from "../parts/server-facts.ts";
import type { Column } from "./columns.tsx";

/** The rows as CSV with a heading line. */
export function toCsv(servers: readonly ServerFacts[], columns: readonly Column[]): string {
  const fields = columns.flatMap((column) => column.exported);
  const lines = [
    fields.map(([heading]) => heading),
    ...servers.map((server) => fields.map(([, text]) => text(server))),
  ];
  return lines
    .map((line) => line.map(csvField).join(","))
    .join("\r\n")
    .concat("\r\n");
}

/** Quoted where needed; text that a spreadsheet would run as a formula is disarmed, negative numbers are not. */
function csvField(text: string): string {
  const safe =
    /^[=+\-@\t\r]/.test(text) && !/^[+-]?[\d.]+(e[+-]?\d+)?$/i.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
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
