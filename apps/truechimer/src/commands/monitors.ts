// `truechimer monitors …`: the agents' monitors, one for each IP family.

import type { Command } from "commander";
import { createPrinter } from "../cli-context.ts";
import {
  askedFormat,
  type CommandHost,
  type ConnectionOptions,
  examples,
  refuseWords,
  withConnectionOptions,
} from "../command-host.ts";
import { EXIT } from "../exit-code.ts";
import { callWithFilter, type FilterOptions, withFilterOption } from "../filter-option.ts";

interface AddOptions extends ConnectionOptions {
  readonly location?: string;
  readonly tokenFile?: string;
}

export function registerMonitors(host: CommandHost): void {
  const monitors = host.program
    .command("monitors")
    .description("the monitors that watch: list, add")
    .addHelpText(
      "after",
      examples(
        ["truechimer monitors", "who is online, and how far each is from the others"],
        [
          "truechimer monitors add paris 192.0.2.10 --token-file v4.token",
          "a token for an agent elsewhere",
        ],
      ),
    );
  registerList(host, monitors);
  registerAdd(host, monitors);
}

function registerList(host: CommandHost, monitors: Command): void {
  const { context, finish } = host;
  const list = monitors.command("list", { isDefault: true }).allowExcessArguments();
  withFilterOption(withConnectionOptions(list), "country:de online:no")
    .description("each monitor with its state, work and distance from the fleet")
    .action(async (options: FilterOptions, command: Command) => {
      refuseWords(command);
      const { connectAdmin } = await import("../admin-client.ts");
      const client = await connectAdmin(context, options);
      const answer = await callWithFilter(host, options, (filter) =>
        client.listMonitors({ filter }),
      );
      const { printMonitors } = await import("../output/monitor-rows.ts");
      const printer = createPrinter(context, askedFormat(options));
      await printMonitors(printer, answer.monitors, context.clock.nowNs());
      finish(EXIT.good);
    });
}

function registerAdd({ context, finish }: CommandHost, monitors: Command): void {
  withConnectionOptions(monitors.command("add <name> <address>"))
    .description("make the monitor of an agent elsewhere, or give it a new token")
    .option("--location <words>", "where it stands, for people")
    .option("--token-file <file>", "write the token there (mode 0600); without it, it is printed")
    .action(async (name: string, address: string, options: AddOptions) => {
      const { connectAdmin } = await import("../admin-client.ts");
      const { writeSecretFile } = await import("../config/secret-file.ts");
      const client = await connectAdmin(context, options);
      const { location = "", tokenFile } = options;
      const { monitorId, token } = await client.createMonitor({ name, address, location });
      if (tokenFile !== undefined) await writeSecretFile(tokenFile, token);
      const printer = createPrinter(context, askedFormat(options));
      const where =
        tokenFile === undefined ? `its token: ${token}` : `its token is in ${tokenFile}`;
      printer.line(`monitor ${name} (${address}), number ${monitorId}; ${where}`);
      printer.json({ id: monitorId, name, address, ...(tokenFile === undefined && { token }) });
      finish(EXIT.good);
    });
}
