// `truechimer export TABLE`: everything that is kept of a range of time, as rows of any number.

import { extname } from "node:path";
import { EXPORT_TABLES, type ExportTableName, instantText } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import { Argument, Option } from "commander";
import {
  type AddressOptions,
  type CommandHost,
  examples,
  withAddressOptions,
} from "../command-host.ts";
import { EXIT } from "../exit-code.ts";
import type { RowFile } from "../export/row-file.ts";
import type { RowForm } from "../export/whole-rows.ts";
import type { RowSink } from "../export/write-rows.ts";
import { callWithFilter } from "../filter-option.ts";
import type { WritingEnd } from "../results/write-results.ts";

interface ExportOptions extends AddressOptions {
  readonly filter?: string;
  readonly server: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly since?: string;
  readonly order?: "newest" | "oldest";
  readonly after?: string;
  readonly form?: RowForm | "parquet";
  readonly output?: string;
  readonly resume?: boolean;
}

const FORMS: readonly RowForm[] = ["csv", "ndjson"];
/** Of the server: a file a day in a directory, or one of the whole range. */
const PARQUET = "parquet";
const TABLES = Object.keys(EXPORT_TABLES) as readonly ExportTableName[];

export function registerExport(host: CommandHost): void {
  const tables = TABLES.map((name) => `  ${name.padEnd(10)} ${EXPORT_TABLES[name].meaning}`);
  withAddressOptions(host.program.command("export"))
    .addArgument(new Argument("<table>", "what to export").choices([...TABLES]))
    .description("everything that is kept of a range of time, whole, in files of any size")
    .addOption(
      new Option("--form <form>", "by default that of --output, else ndjson").choices([
        ...FORMS,
        PARQUET,
      ]),
    )
    .option(
      "--output <file>",
      "write into this file; a directory: a parquet file a day; by default to the output",
    )
    .option("--resume", "go on with --output after its last row")
    .option("--filter <filter>", "only rows that pass, such as 'server.name:ntp1*'")
    .option(
      "--server <server>",
      "only of this server; may be given again",
      (word, all: readonly string[]) => [...all, word],
      [],
    )
    .option("--from <time>", 'from then on: "2026-11-28T14:00Z", "2026-11-28", "now-1h"')
    .option("--to <time>", "before then; by default now")
    .option("--since <duration>", 'the same as --from that long ago: "1h", "30d"')
    .addOption(
      new Option("--order <which>", "which first; by default the oldest").choices([
        "newest",
        "oldest",
      ]),
    )
    .option("--after <key>", "go on after the row with this key, as an interrupted export told it")
    .addHelpText(
      "after",
      `\nTables:\n${tables.join("\n")}\n${examples(
        ["truechimer export exchanges --since 1d > packets.ndjson", "a day's packets, a line each"],
        [
          "truechimer export scores --output scores.csv --resume",
          "what has come since the last time",
        ],
        ["truechimer export audit --form csv", "who did what, with the hashes"],
        ["truechimer export checks --form parquet --output days/ --since 30d", "a file a day"],
        ["truechimer export checks --from 2026-11-28 --output day.parquet", "one file of it all"],
      )}`,
    )
    .action(async (table: ExportTableName, options: ExportOptions) => {
      const end = await runExport(host, table, options);
      host.finish(end === "interrupted" ? EXIT.bad : EXIT.good);
    });
}

async function runExport(
  host: CommandHost,
  table: ExportTableName,
  options: ExportOptions,
): Promise<WritingEnd> {
  const { context } = host;
  refuseContradictions(table, options);
  if (isParquet(options)) {
    return isParquetFile(options.output)
      ? runParquetFile(host, table, options)
      : runDaily(host, table, options);
  }
  const form = formOf(options);
  const { adminAccess } = await import("../admin-client.ts");
  const { writeRows } = await import("../export/write-rows.ts");
  const parameters = await parametersOf(host, options);
  await setRange(parameters, options, context.clock.nowNs());
  const access = await adminAccess(context, options);
  await using file = await outputFile(table, form, options);
  const after = file?.after ?? options.after;
  const sink = file?.sink ?? outputSink(host);
  // Awaited here: the file is closed after it.
  return await callWithFilter(host, { ...options, format: "human" }, (filter) => {
    if (filter !== "") parameters.set("filter", filter);
    return writeRows(context, { access, table, form, parameters, after, sink });
  });
}

async function runDaily(
  host: CommandHost,
  table: ExportTableName,
  options: ExportOptions,
): Promise<WritingEnd> {
  const { context } = host;
  const { adminAccess } = await import("../admin-client.ts");
  const { writeDays } = await import("../export/write-days.ts");
  const { rangeNsOf } = await import("../results/results-range.ts");
  const range = rangeNsOf(options, context.clock.nowNs());
  const parameters = await parametersOf(host, options);
  const access = await adminAccess(context, options);
  const { output: directory = "." } = options;
  return callWithFilter(host, { ...options, format: "human" }, (filter) => {
    if (filter !== "") parameters.set("filter", filter);
    return writeDays(context, { access, table, directory, parameters, range });
  });
}

async function runParquetFile(
  host: CommandHost,
  table: ExportTableName,
  options: ExportOptions,
): Promise<WritingEnd> {
  const { context } = host;
  const { adminAccess } = await import("../admin-client.ts");
  const { refuseExistingFile, writeParquetFile } = await import("../export/write-parquet-file.ts");
  const { output: path = "" } = options;
  await refuseExistingFile(path);
  const parameters = await parametersOf(host, options);
  await setRange(parameters, options, context.clock.nowNs());
  const access = await adminAccess(context, options);
  const signal = context.stopSignal();
  return callWithFilter(host, { ...options, format: "human" }, async (filter) => {
    if (filter !== "") parameters.set("filter", filter);
    try {
      await writeParquetFile({ access, table, parameters, path }, signal);
      return "done";
    } catch (error) {
      if (!signal.aborted) throw error;
      context.stderr("truechimer: ended before the file was whole: nothing of it is left\n");
      return "interrupted";
    }
  });
}

async function setRange(
  parameters: URLSearchParams,
  options: ExportOptions,
  nowNs: bigint,
): Promise<void> {
  const { rangeOf } = await import("../results/results-range.ts");
  const range = rangeOf(options, nowNs);
  if (range.from !== undefined) parameters.set("from", instantText(range.from));
  if (range.to !== undefined) parameters.set("to", instantText(range.to));
}

function refuseContradictions(table: ExportTableName, options: ExportOptions): void {
  const { filter, ofServers } = EXPORT_TABLES[table];
  const refuse = (message: string): never => {
    throw new AppError("usage", message);
  };
  if (options.filter !== undefined && filter === undefined)
    refuse(`--filter: the export ${table} takes none; narrow it by --from and --to`);
  if (options.server.length > 0 && !ofServers)
    refuse(`--server: the export ${table} is of no server; narrow it by --from and --to`);
  if (isParquet(options)) {
    if (options.output === undefined)
      refuse(
        "--form parquet has a file a day: name a directory for them by --output, or a file that ends in .parquet",
      );
    if (options.resume === true || options.after !== undefined)
      refuse(
        "--form parquet goes on by itself: name a directory, in which days whose files are there are passed over",
      );
    if (options.order === "newest") refuse("--order: a Parquet file has the oldest first");
  }
  const { form, output = "" } = options;
  const ending = extname(output).slice(1);
  if (form === undefined && ending !== "" && ![...FORMS, PARQUET].includes(ending))
    refuse(
      `--output ${output}: no form ends in .${ending}: expected one of ${[...FORMS, PARQUET].map((name) => `.${name}`).join(", ")}, or say what to write by --form`,
    );
  if (options.resume === true && options.output === undefined)
    refuse("--resume goes on with a file: name it by --output");
  if (options.resume === true && options.after !== undefined)
    refuse("--resume and --after both say where to go on: give one");
}

function isParquet({ form, output }: ExportOptions): boolean {
  return form === PARQUET || (form === undefined && isParquetFile(output));
}

function isParquetFile(output: string | undefined): output is string {
  return output?.endsWith(".parquet") === true;
}

function formOf({ form, output = "" }: ExportOptions): RowForm {
  if (form !== undefined && form !== PARQUET) return form;
  return FORMS.find((name) => output.endsWith(`.${name}`)) ?? "ndjson";
}

async function parametersOf(host: CommandHost, options: ExportOptions): Promise<URLSearchParams> {
  const parameters = new URLSearchParams();
  if (options.order !== undefined) parameters.set("order", options.order);
  if (options.server.length === 0) return parameters;
  const { connectAdmin } = await import("../admin-client.ts");
  const { findServers } = await import("../find-server.ts");
  const client = await connectAdmin(host.context, options);
  for (const word of options.server) {
    for (const { id } of await findServers(client, word))
      parameters.append("server_id", String(id));
  }
  return parameters;
}

async function outputFile(
  table: ExportTableName,
  form: RowForm,
  { output, resume = false }: ExportOptions,
): Promise<RowFile | undefined> {
  if (output === undefined) return undefined;
  const { openRowFile } = await import("../export/row-file.ts");
  return openRowFile(output, { table, form, resume });
}

function outputSink({ context }: CommandHost): RowSink {
  return {
    write: (rows) => {
      const { buffer, byteOffset, length } = rows;
      if (length === 0) return;
      if (context.stdoutBytes !== undefined) context.stdoutBytes(rows);
      else context.stdout(Buffer.from(buffer, byteOffset, length).toString("utf8"));
    },
    taken: async () => (await context.stdoutTaken?.()) !== false,
  };
}
