// `truechimer config check`: what a configuration file means, before anything is started with it.

import { Option } from "commander";
import type { CliContext, Printer } from "../cli-context.ts";
import { createPrinter } from "../cli-context.ts";
import {
  askedFormat,
  type CommandHost,
  examples,
  type OutputOptions,
  withOutputOptions,
} from "../command-host.ts";
import type { Role } from "../config/config.ts";
import type { ConfigFlags, LoadedConfig } from "../config/load-config.ts";
import { EXIT } from "../exit-code.ts";

interface CheckOptions extends OutputOptions {
  readonly role: Role;
}

export function registerConfig({ program, context, finish }: CommandHost): void {
  const config = program
    .command("config")
    .description("work with configuration files: check; what may stand in one: reference");
  config.addHelpText(
    "after",
    examples(
      ["truechimer config check truechimer.toml", "is each key known, each value usable?"],
      ["truechimer config check pool.toml --role server", "the same for the control plane"],
      ["truechimer config reference", "every key with what it takes, and its default"],
    ),
  );
  withOutputOptions(config.command("check <file>"))
    .description("read a configuration file and its secrets, and show what it comes to")
    .addOption(
      new Option("--role <role>", "for whom: up, server or agent")
        .choices(["up", "server", "agent"])
        .default("up"),
    )
    .action(async (file: string, options: CheckOptions) => {
      const { loadConfig } = await import("../config/load-config.ts");
      const loaded = await loadConfig(options.role, { config: file }, context.env);
      printConfig(createPrinter(context, askedFormat(options)), loaded);
      finish(EXIT.good);
    });
  withOutputOptions(config.command("reference"))
    .description("every key with what it takes and its default, and the environment's variables")
    .action(async (options: OutputOptions) => {
      await printReference(createPrinter(context, askedFormat(options)));
      finish(EXIT.good);
    });
}

async function printReference(printer: Printer): Promise<void> {
  const { configKeys, configVariables } = await import("../config/config-reference.ts");
  await printer.table({
    columns: [
      { title: "key", text: ({ key }) => key },
      { title: "value", text: ({ value }) => plain(value) },
      { title: "default", text: (row) => plain(row.default) },
    ],
    rows: configKeys(),
    json: (row) => row,
    empty: "",
  });
  printer.line("");
  await printer.table({
    columns: [
      { title: "variable", text: ({ variable }) => variable },
      { title: "sets", text: ({ sets }) => plain(sets) },
    ],
    rows: configVariables(),
    json: (row) => row,
    empty: "",
  });
}

/** Without the marks and links of Markdown. */
function plain(markdown: string): string {
  return markdown.replaceAll("`", "").replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1");
}

/** For `--check-config` of a role: reads, shows, starts nothing. */
export async function checkConfig(
  context: CliContext,
  role: Role,
  flags: ConfigFlags & OutputOptions,
): Promise<void> {
  const { loadConfig } = await import("../config/load-config.ts");
  const loaded = await loadConfig(role, flags, context.env);
  printConfig(createPrinter(context, askedFormat(flags)), loaded);
}

/** The configuration with every default; of the secrets, only whether they are there. */
function printConfig(printer: Printer, { config, secrets, file }: LoadedConfig): void {
  printer.line(`${file ?? "the configuration without a file"} is good for role ${config.role}:`);
  printer.line(JSON.stringify(config, null, 2));
  printer.line(`database address ${secrets.databaseUrl === undefined ? "not " : ""}given`);
  printer.line(`master key ${secrets.masterKey === undefined ? "not " : ""}given`);
  printer.json({ ok: true, file: file ?? null, config });
}
