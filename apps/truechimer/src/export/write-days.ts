// An export as Parquet, a file a day. A file has its name only when it is whole, and a day whose file is there is passed over:
// what was interrupted is gone on with by the same command.

import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { ExportTableName } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import type { AdminAccess } from "../admin-client.ts";
import type { CliContext } from "../cli-context.ts";
import { patiently } from "../results/patiently.ts";
import { type DaysAsked, daysOf, nextDay } from "./export-days.ts";
import { writeParquetFile } from "./write-parquet-file.ts";

export interface DayExport {
  readonly access: AdminAccess;
  readonly table: ExportTableName;
  readonly directory: string;
  /** Without a range. */
  readonly parameters: URLSearchParams;
  readonly range: Pick<DaysAsked, "fromNs" | "toNs">;
}

/** Tells the name of each file that it has written, on the output. */
export async function writeDays(
  context: CliContext,
  asked: DayExport,
): Promise<"done" | "interrupted"> {
  const signal = context.stopSignal();
  const there = await daysThere(asked);
  const days = daysOf({
    ...asked.range,
    nowNs: context.clock.nowNs(),
    newestThere: there.toSorted().at(-1),
  });
  let isFirst = true;
  for (const day of days.filter((each) => !there.includes(each))) {
    const write = (): Promise<string> => writeDay(asked, day, signal);
    try {
      // What is wrong from the beginning is told at once.
      const path = await (isFirst ? write() : patiently(context, signal, write));
      context.stdout(`${path}\n`);
    } catch (error) {
      if (!signal.aborted) throw error;
      context.stderr(`truechimer: ended before ${day}; the same command goes on with it\n`);
      return "interrupted";
    }
    isFirst = false;
  }
  return "done";
}

async function daysThere({ directory, table }: DayExport): Promise<readonly string[]> {
  try {
    await mkdir(directory, { recursive: true });
    const names = await readdir(directory);
    return names.flatMap((name) => {
      const [, day] = DAY_FILE.exec(name) ?? [];
      return day !== undefined && name === fileName(table, day) ? [day] : [];
    });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new AppError(
      "usage",
      `--output: ${directory} is no directory that can be written (${code ?? "unknown"}): Parquet has a file a day`,
      { cause },
    );
  }
}

const DAY_FILE = /-(\d{4}-\d\d-\d\d)\.parquet$/;

function fileName(table: ExportTableName, day: string): string {
  return `${table}-${day}.parquet`;
}

async function writeDay(
  { access, table, directory, parameters }: DayExport,
  day: string,
  signal: AbortSignal,
): Promise<string> {
  const query = new URLSearchParams(parameters);
  query.set("from", day);
  query.set("to", nextDay(day));
  const path = join(directory, fileName(table, day));
  await writeParquetFile({ access, table, parameters: query, path }, signal);
  return path;
}
