// `truechimer system`: the control plane itself: its processes, its loops, what waits; and a loop that is to run now.

import type { Command } from "commander";
import {
  type CommandHost,
  type ConnectionOptions,
  examples,
  refuseWords,
  withConnectionOptions,
} from "../command-host.ts";
import { EXIT } from "../exit-code.ts";
import { connected, printerFor } from "./admin-command.ts";

export function registerSystem(host: CommandHost): void {
  const system = host.program
    .command("system")
    .description("the control plane itself: its processes, its background loops, what waits");
  system.addHelpText(
    "after",
    examples(
      ["truechimer system", "who runs, and whether every loop has run"],
      ["truechimer system --json | jq 'select(.failures > 0)'", "the loops that fail"],
      ["truechimer system run clean_up", "have a loop run now, once in the cluster"],
    ),
  );
  registerShow(host, system);
  registerRun(host, system);
}

function registerShow(host: CommandHost, system: Command): void {
  const { context, finish } = host;
  const show = system.command("show", { isDefault: true }).allowExcessArguments();
  withConnectionOptions(show)
    .description("processes, scorers, loops, and what waits")
    .action(async (options: ConnectionOptions, command: Command) => {
      refuseWords(command);
      const { printSystem } = await import("../output/system-page.ts");
      const client = await connected(host, options);
      await printSystem(printerFor(host, options), await client.getSystem({}), context.clock);
      finish(EXIT.good);
    });
}

function registerRun(host: CommandHost, system: Command): void {
  withConnectionOptions(system.command("run <loop>"))
    .description("have a background loop run at once; its next run is a period later")
    .action(async (name: string, options: ConnectionOptions) => {
      const client = await connected(host, options);
      const { alreadyRunning } = await client.runLoop({ name });
      const printer = printerFor(host, options);
      printer.line(
        alreadyRunning
          ? `${name} is running already: no other run was asked for`
          : `${name} runs now, where a process with the role worker is free`,
      );
      printer.json({ kind: "run", loop: name, already_running: alreadyRunning });
      host.finish(EXIT.good);
    });
}
