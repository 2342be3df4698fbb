// `truechimer monitors`: the agents' monitors, one for each IP family.

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

export function registerMonitors({ program, context, finish }: CommandHost): void {
  const monitors = program
    .command("monitors")
    .description("the monitors that watch, and how they are")
    .addHelpText(
      "after",
      examples(["truechimer monitors", "who is online, and how far each is from the others"]),
    );
  withConnectionOptions(monitors.command("list", { isDefault: true }).allowExcessArguments())
    .description("each monitor with its state, work and distance from the fleet")
    .action(async (options: ConnectionOptions, command: Command) => {
      refuseWords(command);
      const { connectAdmin } = await import("../admin-client.ts");
      const answer = await (await connectAdmin(context, options)).listMonitors({});
      const { printMonitors } = await import("../output/monitor-rows.ts");
      const printer = createPrinter(context, askedFormat(options));
      await printMonitors(printer, answer.monitors, context.clock.nowNs());
      finish(EXIT.good);
    });
}
