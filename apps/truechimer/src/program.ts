// The commands and how they are found. What a command does is loaded only when it runs, so that `help` and `up` start at
// once.

import type { Command } from "commander";
import { createBaseProgram } from "./base-program.ts";
import type { CliContext } from "./cli-context.ts";
import type { CommandHost } from "./command-host.ts";
import { registerAccounts } from "./commands/accounts.ts";
import { registerAgent } from "./commands/agent.ts";
import { registerAgents } from "./commands/agents.ts";
import { registerAlerts } from "./commands/alerts.ts";
import { registerAnalytics } from "./commands/analytics.ts";
import { registerAudit } from "./commands/audit.ts";
import { registerBackup } from "./commands/backup.ts";
import { registerCheck } from "./commands/check.ts";
import { registerCheckNow } from "./commands/check-now.ts";
import { registerChecks } from "./commands/checks.ts";
import { registerConfig } from "./commands/config.ts";
import { registerDb } from "./commands/db.ts";
import { registerDoctor } from "./commands/doctor.ts";
import { registerEvents } from "./commands/events.ts";
import { registerExport } from "./commands/export.ts";
import { registerKeys } from "./commands/keys.ts";
import { registerLimits } from "./commands/limits.ts";
import { registerLogin } from "./commands/login.ts";
import { registerMonitors } from "./commands/monitors.ts";
import { registerResults } from "./commands/results.ts";
import { registerRules } from "./commands/rules.ts";
import { registerScores } from "./commands/scores.ts";
import { registerSelector } from "./commands/selector.ts";
import { registerServer } from "./commands/server.ts";
import { registerServers } from "./commands/servers.ts";
import { registerSystem } from "./commands/system.ts";
import { registerUp } from "./commands/up.ts";
import { registerUsers } from "./commands/users.ts";
import { registerVersion } from "./commands/version.ts";
import { registerWatch } from "./commands/watch.ts";
import type { ExitCode } from "./exit-code.ts";

const FIRST_STEPS = `
First steps:
  $ truechimer up                           everything on this host; prints the dashboard's address
  $ truechimer check time.example.net       ask one server now, once
  $ truechimer servers add time.example.net watch it from now on
  $ truechimer help servers                 what a command can do, with examples

Output is for people on a terminal and one JSON object a line otherwise; --format chooses.
Exit codes: 0 good, 1 failed or a bad clock, 2 usage or configuration, 3 no answer.
`;

/** `finish` is told the exit code of the command that ran. */
export function createProgram(context: CliContext, finish: (code: ExitCode) => void): Command {
  const program = createBaseProgram("truechimer", context)
    .description("Which clocks tell the truth, and how we know.")
    .addHelpText("after", FIRST_STEPS);
  const host: CommandHost = { program, context, finish };
  for (const register of [
    registerUp,
    registerServer,
    registerAgent,
    registerCheck,
    registerServers,
    registerAgents,
    registerMonitors,
    registerScores,
    registerRules,
    registerCheckNow,
    registerChecks,
    registerResults,
    registerExport,
    registerEvents,
    registerAlerts,
    registerWatch,
    registerLimits,
    registerSelector,
    registerAnalytics,
    registerSystem,
    registerLogin,
    registerUsers,
    registerAccounts,
    registerKeys,
    registerAudit,
    registerBackup,
    registerDoctor,
    registerDb,
    registerConfig,
    registerVersion,
  ]) {
    register(host);
  }
  return program;
}
