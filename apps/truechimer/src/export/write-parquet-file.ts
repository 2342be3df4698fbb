// A Parquet file of one range: its end says where everything in it is, so that it is written whole, or not at all.

import { constants, createWriteStream } from "node:fs";
import { access as accessFile, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { ExportTableName } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import type { AdminAccess } from "../admin-client.ts";
import { connectionFailure } from "../connection-failure.ts";
import { isOfConnection, openExport } from "./open-export.ts";

export interface ParquetFile {
  readonly access: AdminAccess;
  readonly table: ExportTableName;
  /** With the range. */
  readonly parameters: URLSearchParams;
  readonly path: string;
}

/** Has its name when it is whole; until then it is `.NAME.part` beside it. */
export async function writeParquetFile(
  { access, table, parameters, path }: ParquetFile,
  signal: AbortSignal,
): Promise<void> {
  const part = join(dirname(path), `.${basename(path)}.part`);
  const query = parameters.toString();
  const answer = await openExport(access, `/export/${table}.parquet?${query}`, signal);
  try {
    await pipeline(answer, createWriteStream(part), { signal });
    await sync(part);
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw signal.aborted || !isOfConnection(error) ? error : connectionFailure(access.url, error);
  }
}

/** Refuses a file that is there: it may be somebody's. */
export async function refuseExistingFile(path: string): Promise<void> {
  try {
    await accessFile(path);
  } catch {
    return;
  }
  throw new AppError("usage", `--output: ${path} is there: name another file`);
}

async function sync(path: string): Promise<void> {
  await using file = await open(path, constants.O_RDONLY);
  await file.sync();
}
