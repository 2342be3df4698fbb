// `truechimer server`: the control plane alone, against your PostgreSQL; any number of times.

import {
  type CommandHost,
  examples,
  type OutputOptions,
  withOutputOptions,
} from "../command-host.ts";
import type { ConfigFlags } from "../config/load-config.ts";
import { EXIT } from "../exit-code.ts";
import { checkConfig } from "./config.ts";

export interface ServerOptions extends ConfigFlags, OutputOptions {
  readonly checkConfig?: boolean;
}

export function registerServer({ program, context, finish }: CommandHost): void {
  withOutputOptions(program.command("server"))
    .description("run the control plane alone, against your own PostgreSQL")
    .option("--config <file>", "configuration file (docs/reference/configuration.md)")
    .option("--host <address>", "address to listen on; default 127.0.0.1")
    .option("--port <number>", "port of the API and the dashboard; default 8123")
    .option("--agents-host <address>", "address that agents reach; default 127.0.0.1")
    .option("--agents-port <number>", "their port; default 8124")
    .option(
      "--master-key-file <file>",
      "seals the keys in the database; without one agents have no listener",
    )
    .option("--roles <list>", "some of api,scorer,worker; default all of them")
    .option("--log-level <level>", "debug, info, warn or error; default warn")
    .option("--check-config", "read the configuration, show what it comes to, start nothing")
    .addHelpText(
      "after",
      examples(
        [
          "DATABASE_URL=postgres://… truechimer server",
          "the address of the database from the environment",
        ],
        ["truechimer server --config pool.toml", "everything from a file, secrets by path"],
        ["truechimer server --master-key-file master.key", "with certificates for agents"],
      ),
    )
    .action(async (options: ServerOptions) => {
      if (options.checkConfig === true) {
        await checkConfig(context, "server", options);
        finish(EXIT.good);
        return;
      }
      const { runServer } = await import("../roles/run-server.ts");
      finish(await runServer(context, options));
    });
}
