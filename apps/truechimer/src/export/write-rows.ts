// An export as a stream of rows, to the output or into a file, whole rows alone. A connection that breaks is opened again and
// goes on after the last whole row; whoever interrupts is told where the rest begins.

import type { ExportTableName } from "@truechimer/api";
import type { AdminAccess } from "../admin-client.ts";
import type { CliContext } from "../cli-context.ts";
import { connectionFailure } from "../connection-failure.ts";
import { patiently } from "../results/patiently.ts";
import type { WritingEnd } from "../results/write-results.ts";
import { isOfConnection, openExport } from "./open-export.ts";
import { type RowForm, wholeRows } from "./whole-rows.ts";

export interface RowSink {
  write(rows: Uint8Array): void | Promise<void>;
  /** Waits until what was written has been taken. False: nobody reads any more. */
  taken(): Promise<boolean>;
}

export interface RowExport {
  readonly access: AdminAccess;
  readonly table: ExportTableName;
  readonly form: RowForm;
  readonly parameters: URLSearchParams;
  /** Key of the last row that is there. Absent: it begins. */
  readonly after: string | undefined;
  readonly sink: RowSink;
}

export async function writeRows(context: CliContext, asked: RowExport): Promise<WritingEnd> {
  const signal = context.stopSignal();
  const position: Position = { after: asked.after, written: 0 };
  try {
    // What is wrong from the beginning is told at once.
    let stream = await openPart(asked, position, signal);
    for (;;) {
      const end = await writePart(asked, position, { stream, signal });
      if (end !== "broken") return end;
      stream = await patiently(context, signal, () => openPart(asked, position, signal));
    }
  } catch (error) {
    const isWanted = signal.aborted;
    if (isWanted || position.written > 0) tellRest(context, position);
    if (!isWanted) throw error;
    return "interrupted";
  }
}

interface Position {
  after: string | undefined;
  written: number;
}

type Part = Awaited<ReturnType<typeof openExport>>;

function openPart(
  { access, table, form, parameters }: RowExport,
  { after }: Position,
  signal: AbortSignal,
): Promise<Part> {
  const query = new URLSearchParams(parameters);
  if (after !== undefined) query.set("after", after);
  return openExport(access, `/export/${table}.${form}?${query.toString()}`, signal);
}

/** `broken`: the connection ended before the rows did, after some of them. */
async function writePart(
  { access, table, form, sink }: RowExport,
  position: Position,
  { stream, signal }: { readonly stream: Part; readonly signal: AbortSignal },
): Promise<"done" | "gone" | "broken"> {
  const rows = wholeRows(table, form, position.after === undefined);
  const before = position.written;
  try {
    for await (const chunk of stream) {
      await sink.write(rows.push(chunk as Uint8Array));
      position.written = before + rows.count;
      if (!(await sink.taken())) return "gone";
      signal.throwIfAborted();
    }
    if (!rows.isBroken) return "done";
    throw connectionFailure(access.url, undefined);
  } catch (error) {
    if (signal.aborted || !isOfConnection(error)) throw error;
    // One that brings nothing would be opened for ever.
    if (rows.count === 0) throw connectionFailure(access.url, error);
    return "broken";
  } finally {
    position.after = rows.lastKey() ?? position.after;
    stream.destroy();
  }
}

function tellRest({ stderr }: CliContext, { after, written }: Position): void {
  const remedy = after === undefined ? "begin again" : `the rest is --after ${after}`;
  stderr(`truechimer: ended after ${written} rows; ${remedy}\n`);
}
