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
  const config = program.command("config").description("work with configuration files: check");
  config.addHelpText(
    "after",
    examples(
      ["truechimer config check truechimer.toml", "is each key known, each value usable?"],
      ["truechimer config check pool.toml --role server", "the same for the control plane"],
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
