// `truechimer agent`: the agent alone, for a control plane elsewhere.

import {
  type CommandHost,
  examples,
  type OutputOptions,
  withOutputOptions,
} from "../command-host.ts";
import type { ConfigFlags } from "../config/load-config.ts";
import { EXIT } from "../exit-code.ts";
import { checkConfig } from "./config.ts";

export interface AgentOptions extends ConfigFlags, OutputOptions {
  readonly checkConfig?: boolean;
}

export function registerAgent({ program, context, finish }: CommandHost): void {
  withOutputOptions(program.command("agent"))
    .description("run an agent that probes for a control plane elsewhere")
    .option("--config <file>", "configuration file; needed for a monitor in each IP family")
    .option("--server <url>", "address of the control plane")
    .option("--address <address>", "this monitor's own IP address, as registered")
    .option("--token-file <file>", "file with the monitor's token (mode 0600)")
    .option("--bind <address>", "local address to probe from, behind a NAT")
    .option(
      "--allow-private-targets",
      "probe private and loopback addresses, where the control plane allows it too",
    )
    .option("--log-level <level>", "debug, info, warn or error; default warn")
    .option("--check-config", "read the configuration, show what it comes to, start nothing")
    .addHelpText(
      "after",
      examples(
        [
          "truechimer agent --server https://pool.example.net --address 192.0.2.10 --token-file v4.token",
          "one IP family",
        ],
        ["truechimer agent --config agent.toml", "both, from a file"],
      ),
    )
    .action(async (options: AgentOptions) => {
      if (options.checkConfig === true) {
        await checkConfig(context, "agent", options);
        finish(EXIT.good);
        return;
      }
      const { runAgent } = await import("../roles/run-agent.ts");
      finish(await runAgent(context, options));
    });
}
