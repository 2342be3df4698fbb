// `truechimer results`: the stored checks of a range of time, of all servers, as a table or as a file of any size.

import { AppError } from "@truechimer/base";
import { InvalidArgumentError, Option } from "commander";
import {
  type AddressOptions,
  type CommandHost,
  examples,
  withAddressOptions,
} from "../command-host.ts";
import { EXIT } from "../exit-code.ts";
import { callWithFilter } from "../filter-option.ts";
import type { ResultsFormat, ResultsOrder } from "../results/results-writer.ts";

interface ResultsOptions extends AddressOptions {
  readonly filter?: string;
  readonly server: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly since?: string;
  readonly limit?: number;
  readonly order?: ResultsOrder;
  readonly format?: ResultsFormat;
  readonly json?: boolean;
}

const FORMATS: readonly ResultsFormat[] = ["table", "csv", "ndjson", "json"];
/** Of a table, when nothing else is said. Its columns are as wide as its widest row, so it is read before it is printed. */
const TABLE_LIMIT = 50;
/** Some screens of it; what is longer is for a program. */
const TABLE_LIMIT_MAX = 10_000;

export function registerResults(host: CommandHost): void {
  withAddressOptions(host.program.command("results"))
    .description(
      "the stored checks of a range of time, of all servers: on the screen, or as a file",
    )
    .option("--filter <filter>", "only those that pass, such as 'offset>5ms monitor.country:de'")
    .option(
      "--server <server>",
      "only of this server; may be given again",
      (word, all: readonly string[]) => [...all, word],
      [],
    )
    .option("--from <time>", 'from then on: "2026-11-28T14:00Z", "2026-11-28", "now-1h"')
    .option("--to <time>", "before then; by default now")
    .option("--since <duration>", 'the same as --from that long ago: "1h", "30d"')
    .option(
      "--limit <count>",
      `so many and no more; by default ${TABLE_LIMIT} in a table, else all`,
      parseLimit,
    )
    .addOption(
      new Option(
        "--order <which>",
        "which first; by default the newest in a table, else the oldest",
      ).choices(["newest", "oldest"]),
    )
    .addOption(
      new Option("--format <form>", "by default a table on a terminal, else ndjson").choices([
        ...FORMATS,
      ]),
    )
    .option("--json", "the same as --format ndjson")
    .addHelpText(
      "after",
      examples(
        ["truechimer results --since 1h --filter 'reason:kiss_*'", "the newest fifty of an hour"],
        ["truechimer results --since 30d --format csv > checks.csv", "a month for a spreadsheet"],
        ["truechimer results --server ntp1.lab --json | jq .offset_ns", "a line of JSON a check"],
      ),
    )
    .action(async (options: ResultsOptions) => {
      host.finish(await writeAll(host, options));
    });
}

async function writeAll(host: CommandHost, options: ResultsOptions): Promise<0 | 1> {
  const { context } = host;
  const format = formatOf(options, context.stdoutIsTerminal);
  const { connectAdmin } = await import("../admin-client.ts");
  const { findServers } = await import("../find-server.ts");
  const { rangeOf } = await import("../results/results-range.ts");
  const { writeResults } = await import("../results/write-results.ts");
  const { createResultsWriter } = await import("../results/results-writer.ts");
  const range = rangeOf(options, context.clock.nowNs());
  const client = await connectAdmin(context, options);
  const servers = await Promise.all(options.server.map((word) => findServers(client, word)));
  const outputFormat = format === "table" ? "human" : "json";
  const ended = await callWithFilter(host, { ...options, format: outputFormat }, (filter) =>
    writeResults(context, {
      client,
      writer: createResultsWriter(context, format),
      request: { filter, ...range, serverIds: servers.flat().map(({ id }) => id) },
      order: options.order ?? (format === "table" ? "newest" : "oldest"),
      limit: limitOf(options, format),
    }),
  );
  return ended === "interrupted" ? EXIT.bad : EXIT.good;
}

function formatOf({ format, json }: ResultsOptions, isTerminal: boolean): ResultsFormat {
  if (json === true && format !== undefined && format !== "ndjson")
    throw new AppError("usage", `--json and --format ${format} are two forms: choose one`);
  return format ?? (json === true || !isTerminal ? "ndjson" : "table");
}

function limitOf({ limit }: ResultsOptions, format: ResultsFormat): number {
  if (format !== "table") return limit ?? Number.POSITIVE_INFINITY;
  if (limit !== undefined && limit > TABLE_LIMIT_MAX) {
    throw new AppError(
      "usage",
      `--limit ${limit} is too much for a table: at most ${TABLE_LIMIT_MAX}, or --format csv`,
    );
  }
  return limit ?? TABLE_LIMIT;
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isSafeInteger(limit) && limit >= 1) return limit;
  throw new InvalidArgumentError("expected a whole number from 1 on");
}
