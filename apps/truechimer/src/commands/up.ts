// `truechimer up`: everything on this host, in one process group.

import type { Command } from "commander";
import {
  type CommandHost,
  examples,
  type OutputOptions,
  withOutputOptions,
} from "../command-host.ts";
import type { ConfigFlags } from "../config/load-config.ts";
import { EXIT } from "../exit-code.ts";
import { checkConfig } from "./config.ts";

export interface UpOptions extends ConfigFlags, OutputOptions {
  readonly checkConfig?: boolean;
}

export function registerUp(host: CommandHost): void {
  withUpOptions(host.program.command("up"))
    .description("run everything on this host: database, control plane, agent, dashboard, lab")
    .addHelpText(
      "after",
      examples(
        ["truechimer up", "with no servers yet it shows the lab's simulated ones"],
        ["truechimer up --watch time.example.net", "watch that server, and no lab"],
        ["truechimer up --no-lab", "retire the lab; its history stays readable"],
        ["truechimer up --data-dir /srv/truechimer", "keep the data there"],
        ["DATABASE_URL=postgres://… truechimer up", "with your own PostgreSQL, 15 or newer"],
      ),
    )
    .action(async (options: UpOptions) => {
      if (options.checkConfig === true) {
        await checkConfig(host.context, "up", options);
        host.finish(EXIT.good);
        return;
      }
      const { runUp } = await import("../up/run-up.ts");
      host.finish(await runUp(host.context, options));
    });
}

function withUpOptions(command: Command): Command {
  return withOutputOptions(command)
    .option("--config <file>", "configuration file (docs/reference/configuration.md)")
    .option("--data-dir <directory>", "where everything is kept; default .truechimer")
    .option("--host <address>", "address to listen on; default 127.0.0.1")
    .option("--port <number>", "port of the dashboard; default 8123, or a free one if it is taken")
    .option("--agents-host <address>", "address that agents elsewhere reach; default 127.0.0.1")
    .option("--agents-port <number>", "their port; default 8124, or a free one if it is taken")
    .option(
      "--master-key-file <file>",
      "key that seals the keys; default: one in the data directory",
    )
    .option(
      "--watch <server...>",
      "servers to watch, by name or address, each with its port if not 123",
    )
    .option("--lab", "run the lab of simulated servers, also beside your own")
    .option("--no-lab", "retire the lab")
    .option("--log-level <level>", "debug, info, warn or error; default warn")
    .option("--check-config", "read the configuration, show what it comes to, start nothing");
}
