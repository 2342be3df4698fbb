// `truechimer-agent`: the commands of `truechimer agent` as a program of their own, for hosts that only probe. Nothing of
// the control plane is imported here, so none of it is in the bundle.

import type { Command } from "commander";
import { createBaseProgram } from "./base-program.ts";
import type { CliContext } from "./cli-context.ts";
import type { CommandHost } from "./command-host.ts";
import { registerAgentCommands } from "./commands/agent.ts";
import { registerVersion } from "./commands/version.ts";
import type { ExitCode } from "./exit-code.ts";

const FIRST_STEPS = `
Output is for people on a terminal and one JSON object a line otherwise; --format chooses.
Exit codes: 0 good, 1 failed or a bad clock, 2 usage or configuration, 3 no answer.
`;

/** `finish` is told the exit code of the command that ran. */
export function createAgentProgram(context: CliContext, finish: (code: ExitCode) => void): Command {
  const program = createBaseProgram("truechimer-agent", context)
    .description("Probes time servers from here, for a control plane elsewhere.")
    .addHelpText("after", FIRST_STEPS);
  const host: CommandHost = { program, context, finish };
  registerAgentCommands(host);
  registerVersion(host);
  return program;
}
