// A file that an export is written into, and gone on with: a row that was cut short is cut off.

import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { ExportTableName } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import { type RowForm, wholeRows } from "./whole-rows.ts";
import type { RowSink } from "./write-rows.ts";

export interface RowFile extends AsyncDisposable {
  readonly sink: RowSink;
  /** Of the last row that is there. Absent: it is new, or has no row yet. */
  readonly after: string | undefined;
}

export interface RowFileOptions {
  readonly table: ExportTableName;
  readonly form: RowForm;
  /** The file may be there, and is gone on with. */
  readonly resume: boolean;
}

export async function openRowFile(path: string, options: RowFileOptions): Promise<RowFile> {
  const file = await openFile(path, options.resume);
  try {
    const after = options.resume ? await lastKeyOf(file, path, options) : undefined;
    const write = async (rows: Uint8Array): Promise<void> => {
      await file.appendFile(rows);
    };
    return {
      after,
      sink: { write, taken: async () => true },
      [Symbol.asyncDispose]: async () => {
        await file.datasync();
        await file.close();
      },
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function openFile(path: string, resume: boolean): Promise<FileHandle> {
  try {
    return await open(path, resume ? "a+" : "ax");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new AppError(
      "usage",
      code === "EEXIST"
        ? `--output: ${path} is there: go on with it by --resume, or name another file`
        : `--output: ${path} cannot be written (${code ?? "unknown"}): name another file`,
      { cause },
    );
  }
}

async function lastKeyOf(
  file: FileHandle,
  path: string,
  { table, form }: RowFileOptions,
): Promise<string | undefined> {
  const rows = wholeRows(table, form, true);
  for await (const chunk of createReadStream(path)) rows.push(chunk as Uint8Array);
  const after = rows.lastKey();
  // A heading alone is written again.
  await file.truncate(after === undefined ? 0 : rows.bytes);
  return after;
}
