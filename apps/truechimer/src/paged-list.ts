// A list that the control plane answers page by page. A program is told all of it, a page in memory at a time; a person so many rows,
// and that there are more.

import { AppError } from "@truechimer/base";
import { type Command, InvalidArgumentError } from "commander";
import type { Printer } from "./cli-context.ts";
import type { CommandHost } from "./command-host.ts";

/** A table's columns are as wide as its widest row, so it is read before it is printed: some screens of it. */
const TABLE_LIMIT_MAX = 10_000;

export interface LimitOptions {
  readonly limit?: number;
}

export interface ListPlace {
  readonly pageSize: number;
  readonly pageToken: string;
}

export interface ListPage<Row> {
  readonly rows: readonly Row[];
  /** Empty: that was the last. */
  readonly nextPageToken: string;
}

export interface PagedList<Row> {
  readonly printer: Printer;
  /** As asked for. Absent: all for a program. */
  readonly limit: number | undefined;
  /** Rows of a table, when nothing else is said. */
  readonly tableLimit: number;
  readonly pageSizeMax: number;
  readonly ask: (place: ListPlace) => Promise<ListPage<Row>>;
  readonly print: (rows: readonly Row[]) => Promise<void>;
}

/** --limit */
export function withLimitOption(command: Command, tableLimit: number): Command {
  return command.option(
    "--limit <count>",
    `so many and no more; by default ${tableLimit} in a table, else all`,
    parseLimit,
  );
}

export async function printPagedList<Row>(
  { context }: Pick<CommandHost, "context">,
  { printer, limit, tableLimit, pageSizeMax, ask, print }: PagedList<Row>,
): Promise<void> {
  const isTable = printer.format === "human";
  if (isTable && limit !== undefined && limit > TABLE_LIMIT_MAX) {
    throw new AppError(
      "usage",
      `--limit ${limit} is too much for a table: at most ${TABLE_LIMIT_MAX}, or --json`,
    );
  }
  const most = limit ?? (isTable ? tableLimit : Number.POSITIVE_INFINITY);
  const held: Row[] = [];
  let left = most;
  let pageToken = "";
  do {
    const page = await ask({ pageSize: Math.min(left, pageSizeMax), pageToken });
    pageToken = page.nextPageToken;
    left -= page.rows.length;
    if (isTable) {
      held.push(...page.rows);
    } else {
      await print(page.rows);
      if ((await context.stdoutTaken?.()) === false) return;
    }
  } while (pageToken !== "" && left > 0);
  if (!isTable) return;
  await print(held);
  if (pageToken !== "")
    printer.line("older ones are not shown: --limit says how many, and --json tells all");
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isSafeInteger(limit) && limit >= 1) return limit;
  throw new InvalidArgumentError("expected a whole number from 1 on");
}
