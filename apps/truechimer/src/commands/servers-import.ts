// `truechimer servers import`: the servers that another program's configuration names.

import { AppError } from "@truechimer/base";
import { type Command, Option } from "commander";
import { createPrinter } from "../cli-context.ts";
import {
  type AddressOptions,
  type CommandHost,
  examples,
  withAddressOptions,
} from "../command-host.ts";
import { EXIT } from "../exit-code.ts";
import { IMPORT_FORMATS, type ImportFormat } from "../import/import-format-name.ts";
import type { ImportedRows } from "../import/import-servers.ts";

interface ImportOptions extends AddressOptions {
  readonly format?: ImportFormat;
  readonly dryRun?: boolean;
  readonly verbose?: boolean;
  readonly json?: boolean;
}

export function registerImport(host: CommandHost, servers: Command): void {
  withAddressOptions(servers.command("import <file>"))
    .description(
      "watch the servers of a chrony.conf, ntp.conf, ntp.toml or CSV; - is the standard input",
    )
    .addOption(
      new Option("--format <form>", "of the file; by default told by its name and content").choices(
        IMPORT_FORMATS,
      ),
    )
    .option("--dry-run", "only say what would be done")
    .option("--verbose", "also show the lines that name no server")
    .option("--json", "one JSON object a line; the default where the output is no terminal")
    .addHelpText(
      "after",
      examples(
        ["truechimer servers import /etc/chrony/chrony.conf --dry-run", "what would be added?"],
        ["truechimer servers import servers.csv", "columns host, port and name"],
        ["ssh host cat /etc/ntp.conf | truechimer servers import - --format ntp", "from elsewhere"],
      ),
    )
    .action(async (file: string, options: ImportOptions) => runImport(host, file, options));
}

async function runImport(host: CommandHost, file: string, options: ImportOptions): Promise<void> {
  const { context } = host;
  const { IMPORT_PARSERS, recognisedFormat } = await import("../import/import-format.ts");
  const { readImportFile } = await import("../import/read-import-file.ts");
  const { planImport } = await import("../import/plan-import.ts");
  const { dryRunRows, importServers } = await import("../import/import-servers.ts");
  const { connectAdmin } = await import("../admin-client.ts");
  const { printImport } = await import("../output/import-rows.ts");

  const text = await readImportFile(file, context.stdin);
  const format = options.format ?? recognisedFormat(file, text);
  if (format === undefined) {
    throw new AppError(
      "usage",
      `${file} is neither a chrony.conf, ntp.conf, ntp.toml nor CSV that can be told by its name or content: name its form with --format`,
    );
  }
  const { wanted, others } = planImport(IMPORT_PARSERS[format](text));
  const client = await connectAdmin(context, options);
  const dryRun = options.dryRun === true;
  const { rows: asked, failure }: ImportedRows = dryRun
    ? { rows: dryRunRows(wanted, (await client.listServers({ includeRemoved: true })).servers) }
    : await importServers(client, wanted);
  const rows = [...asked, ...others];
  const printer = createPrinter(context, options.json === true ? "json" : undefined);
  await printImport(printer, { rows, format, dryRun, verbose: options.verbose === true });
  if (failure !== undefined) throw failure;
  host.finish(rows.some(({ outcome }) => outcome === "refused") ? EXIT.bad : EXIT.good);
}
