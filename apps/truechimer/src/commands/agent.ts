// `truechimer agent`: the agent alone, for a control plane elsewhere.

import type { Command } from "commander";
import {
  type CommandHost,
  examples,
  type OutputOptions,
  refuseWords,
  typedName,
  withOutputOptions,
} from "../command-host.ts";
import type { ConfigFlags } from "../config/load-config.ts";
import { EXIT } from "../exit-code.ts";
import { registerCheck } from "./check.ts";
import { checkConfig } from "./config.ts";

export interface AgentOptions extends ConfigFlags, OutputOptions {
  readonly checkConfig?: boolean;
}

export function registerAgent(host: CommandHost): void {
  const program = host.program
    .command("agent")
    .description("an agent that probes for a control plane elsewhere");
  registerAgentCommands({ ...host, program });
}

/** The commands of the agent, below `truechimer agent` or in a program of their own. */
export function registerAgentCommands(host: CommandHost): void {
  registerRun(host);
  registerCheck(host);
}

function registerRun({ program, context, finish }: CommandHost): void {
  const run = program.command("run", { isDefault: true }).allowExcessArguments();
  const typed = typedName(run);
  withOutputOptions(run)
    .description("probe until told to stop")
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
          `${typed} --server https://pool.example.net --address 192.0.2.10 --token-file v4.token`,
          "one IP family",
        ],
        [`${typed} --config agent.toml`, "both, from a file"],
      ),
    )
    .action(async (options: AgentOptions, command: Command) => {
      refuseWords(command);
      if (options.checkConfig === true) {
        await checkConfig(context, "agent", options);
        finish(EXIT.good);
        return;
      }
      const { runAgent } = await import("../roles/run-agent.ts");
      finish(await runAgent(context, options));
    });
}
