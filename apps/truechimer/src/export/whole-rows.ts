// The whole rows of a text that comes in pieces of any size: what an export that broke off has for certain.

import { EXPORT_TABLES, type ExportTableName } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import { csvRecords } from "../import/csv-records.ts";

export type RowForm = "csv" | "ndjson";

const QUOTE = 0x22;
const LINE_FEED = 0x0a;
/** The longest row that the trail of audit can hold fits several times over. */
const ROW_BYTES_MAX = 16 * 1_048_576;

export interface WholeRows {
  /** What can be written: rows to their end, none in part. */
  push(chunk: Uint8Array): Uint8Array;
  /** Rows so far; a CSV's heading is none. */
  readonly count: number;
  /** Bytes of whole rows so far, with the heading. */
  readonly bytes: number;
  /** The end of a row has not come. */
  readonly isBroken: boolean;
  /** Key of the last whole row, as the parameter `after` has it. Absent: there is none. */
  lastKey(): string | undefined;
}

/** @param hasHeading a CSV from its beginning on */
export function wholeRows(table: ExportTableName, form: RowForm, hasHeading: boolean): WholeRows {
  let waiting: Uint8Array = new Uint8Array(0);
  let records = 0;
  let bytes = 0;
  let lastRecord: Buffer | undefined;
  const headings = form === "csv" && hasHeading ? 1 : 0;
  return {
    push: (chunk) => {
      const all = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk]);
      const found = scan(all, form);
      if (all.length - found.end > ROW_BYTES_MAX)
        throw new AppError("bad_answer", `a row has more than ${ROW_BYTES_MAX} bytes`);
      waiting = all.slice(found.end);
      records += found.count;
      bytes += found.end;
      if (found.count > 0) lastRecord = Buffer.from(all.slice(found.lastStart, found.end));
      return all.subarray(0, found.end);
    },
    get count() {
      return Math.max(0, records - headings);
    },
    get bytes() {
      return bytes;
    },
    get isBroken() {
      return waiting.length > 0;
    },
    lastKey: () =>
      lastRecord === undefined || records <= headings
        ? undefined
        : keyOf(table, form, lastRecord.toString("utf8")),
  };
}

interface Scanned {
  readonly end: number;
  readonly lastStart: number;
  readonly count: number;
}

/** From the beginning of a row on. A line break between quotes is none of CSV; JSON has none inside a row. */
function scan(bytes: Uint8Array, form: RowForm): Scanned {
  let end = 0;
  let lastStart = 0;
  let count = 0;
  let isQuoted = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE && form === "csv") isQuoted = !isQuoted;
    else if (byte === LINE_FEED && !isQuoted) {
      lastStart = end;
      end = at + 1;
      count += 1;
    }
  }
  return { end, lastStart, count };
}

function keyOf(table: ExportTableName, form: RowForm, record: string): string {
  const { key, columns } = EXPORT_TABLES[table];
  if (form === "ndjson") {
    const row = jsonRow(record);
    return key.map((name) => String(row[name])).join(",");
  }
  const [{ fields } = { fields: [] }] = csvRecords(record);
  return key.map((name) => fields[columns.findIndex((column) => column.name === name)]).join(",");
}

function jsonRow(record: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(record) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw new AppError("bad_answer", "the last row is no line of JSON", { cause });
  }
}
