// `truechimer agent …`, and the same commands as the program `truechimer-agent`: everything about an agent on its host.

import { type Command, Option } from "commander";
import type { AgentFlags } from "../agent/agent-settings.ts";
import type { EnrollFlags } from "../agent/enroll.ts";
import type { SetupFlags } from "../agent/setup.ts";
import {
  type CommandHost,
  examples,
  refuseWords,
  typedName,
  withOutputOptions,
} from "../command-host.ts";
import type { ConfigFlags } from "../config/load-config.ts";
import { EXIT } from "../exit-code.ts";
import { registerCheck } from "./check.ts";
import { checkConfig } from "./config.ts";

/** What `run` takes: an enrolled agent's settings, or monitors with tokens of their own. */
export interface RunFlags extends AgentFlags {
  readonly config?: string;
  readonly address?: string;
  readonly tokenFile?: string;
  readonly checkConfig?: boolean;
}

export function registerAgent(host: CommandHost): void {
  const program = host.program
    .command("agent")
    .description(
      "an agent on this host, for a control plane elsewhere: enroll, run, status, doctor",
    );
  registerAgentCommands({ ...host, program });
}

/** The commands of the agent, below `truechimer agent` or in a program of their own. */
export function registerAgentCommands(host: CommandHost): void {
  const { program } = host;
  const name = typedName(program);
  withAgentOptions(program);
  program.addHelpText(
    "after",
    `${examples(
      [
        `${name} enroll --server URL --token-file FILE`,
        "this host becomes an agent, with a token of the dashboard",
      ],
      [`${name} run`, "probe until told to stop"],
      [`${name} status`, "how the agent of this host is"],
      [`${name} doctor`, "what is wrong, and what to do"],
    )}
The options stand before or after the command. Environment variables and /etc/default/truechimer-agent may set them as
well: MONITOR_STATE_DIR, DEPLOYMENT_MODE, MONITOR_LOG_LEVEL, TRUECHIMER_SERVER, TRUECHIMER_METRICS_LISTEN.
`,
  );
  registerRun(host);
  registerEnroll(host);
  registerSetup(host);
  registerStatus(host);
  registerDoctor(host);
  registerCheck(host);
}

/** For all commands of the agent; the spelling is that of the NTP Pool's where the meaning is. */
function withAgentOptions(group: Command): void {
  withOutputOptions(group)
    .option("-e, --env <environment>", "prod, test or devel; default prod")
    .addOption(new Option("--deploy-env <environment>", "the same").hideHelp())
    .option(
      "--state-dir <directory>",
      "where the agent keeps its identity, in a folder for each environment",
    )
    .option("--server <url>", "address of the control plane; an enrolled agent knows it")
    .option("--ca-file <file>", "PEM of the control plane's root, where no token has named it")
    .option("--ipv4", "use IPv4 (the default)")
    .option("--no-ipv4", "do without IPv4")
    .option("--ipv6", "use IPv6 (the default)")
    .option("--no-ipv6", "do without IPv6")
    .option("--log-level <level>", "debug, info, warn or error; default info")
    .addOption(new Option("--monitor-domain <domain>", "domain of the monitors' names").hideHelp());
}

function registerRun({ program, context, finish }: CommandHost): void {
  const run = program.command("run", { isDefault: true }).alias("monitor").allowExcessArguments();
  const name = typedName(run);
  run
    .description("probe for the control plane, until told to stop")
    .option(
      "--metrics-listen <address:port>",
      "Prometheus metrics, such as 127.0.0.1:9182; off by default",
    )
    .option(
      "--bind <address>",
      "local address to probe from; again for the other IP family",
      collect,
    )
    .option(
      "--allow-private-targets",
      "probe private and loopback addresses, where the control plane allows it too",
    )
    .option("--address <address>", "without enrolment: this monitor's own address, as registered")
    .option("--token-file <file>", "without enrolment: file with the monitor's token (mode 0600)")
    .option("--config <file>", "without enrolment: configuration file that names the monitors")
    .option("--check-config", "with --config: show what it comes to, start nothing")
    .addHelpText(
      "after",
      `${examples(
        [name, "the agent that was enrolled on this host"],
        [`${name} --metrics-listen 127.0.0.1:9182`, "and Prometheus may ask it"],
        [
          `${name} --server URL --address 192.0.2.10 --token-file v4.token`,
          "one monitor with a token, in one IP family",
        ],
      )}
It starts while the control plane is away and while this host is not enrolled yet; then it waits. SIGTERM ends it within
10 s, SIGHUP makes it look at its files and at the control plane at once.

Exit codes: 0 stopped as asked, 1 it failed, 2 usage or configuration.
`,
    )
    .action(async (_options: RunFlags, command: Command) => {
      refuseWords(command);
      const flags = command.optsWithGlobals<RunFlags>();
      if (!namesMonitors(flags, context.env)) {
        const { runEnrolledAgent } = await import("../agent/run-enrolled-agent.ts");
        finish(await runEnrolledAgent(context, { flags, programName: typedName(program) }));
        return;
      }
      const { bind, ...others } = flags;
      const [first] = bind ?? [];
      const fixed: ConfigFlags = { ...others, ...(first !== undefined && { bind: first }) };
      if (flags.checkConfig === true) {
        await checkConfig(context, "agent", fixed);
        finish(EXIT.good);
        return;
      }
      const { runAgent } = await import("../roles/run-agent.ts");
      finish(await runAgent(context, fixed));
    });
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** Monitors with tokens of their own, as `monitors add` makes them, and no state directory. */
function namesMonitors(flags: RunFlags, env: CommandHost["context"]["env"]): boolean {
  const { config, address, tokenFile, checkConfig: check } = flags;
  if ([config, address, tokenFile].some((flag) => flag !== undefined) || check === true)
    return true;
  return (env["TRUECHIMER_CONFIG"] ?? "") !== "";
}

function registerEnroll({ program, context, finish }: CommandHost): void {
  const enroll = program.command("enroll");
  const name = typedName(enroll);
  enroll
    .description("make this host an agent, with a one-time token of the dashboard")
    .option("--token-file <file>", "file with the token; - is the standard input")
    .option("--token <token>", "the token itself; others on this host can see what is typed")
    .option(
      "--address <address>",
      "address to be registered with, behind a NAT the outer one; again for the other IP family",
      collect,
    )
    .option("--hostname <name>", "name for people; default this host's")
    .addHelpText(
      "after",
      `${examples(
        [
          `${name} --server https://time.example.net:8124 --token-file token`,
          "once; then the agent may run",
        ],
        [`cat token | ${name} --server URL --token-file -`, "without leaving the token anywhere"],
      )}
The private key is made here and never leaves this host. A token is good for one agent; if the answer is lost on its way,
the same command goes on where it ended.

Exit codes: 0 enrolled, 1 refused or not stored, 2 usage, 3 the control plane cannot be reached.
`,
    )
    .action(async (_options: EnrollFlags, command: Command) => {
      const { enroll: run } = await import("../agent/enroll.ts");
      const flags = command.optsWithGlobals<EnrollFlags>();
      finish(await run(context, { flags, programName: typedName(program) }));
    });
}

function registerSetup({ program, context, finish }: CommandHost): void {
  const setup = program.command("setup");
  const name = typedName(setup);
  setup
    .description("register this host and wait for approval, as the NTP Pool's agent does")
    .option("--hostname <name>", "name for people; default this host's")
    .option("-a, --account <account>", "account that the agent shall belong to")
    .option("--reset", "register anew, not as a continuation of the last registration")
    .addHelpText(
      "after",
      `${examples(
        [
          `${name} --server https://time.example.net`,
          "prints an address where a person approves this host",
        ],
        [`${name} --no-ipv6 --account a1b2c3`, "in one IP family, for an account"],
      )}
Both IP families are registered that reach the control plane. Run it again to add one.

Exit codes: 0 approved, 1 refused, cancelled or interrupted, 2 usage, 3 the control plane cannot be reached.
`,
    )
    .action(async (_options: SetupFlags, command: Command) => {
      const { setUp } = await import("../agent/setup.ts");
      const flags = command.optsWithGlobals<SetupFlags>();
      finish(await setUp(context, { flags, programName: typedName(program) }));
    });
}

function registerStatus({ program, context, finish }: CommandHost): void {
  program
    .command("status")
    .description("how the agent of this host is: identity, certificate, and what it does")
    .addHelpText(
      "after",
      "\nExit codes: 0 enrolled, with a certificate, and running; 1 not so; 2 usage.\n",
    )
    .action(async (_options: AgentFlags, command: Command) => {
      const { showStatus } = await import("../agent/status.ts");
      const flags = command.optsWithGlobals<AgentFlags>();
      finish(await showStatus(context, { flags, programName: typedName(program) }));
    });
}

function registerDoctor(host: CommandHost): void {
  const { program } = host;
  runsDoctor(program.command("doctor"), host);
  // `api ok` is how the NTP Pool's agent calls it.
  runsDoctor(program.command("api [what]", { hidden: true }), host);
}

function runsDoctor(doctor: Command, { program, context, finish }: CommandHost): void {
  doctor
    .description("look at everything an agent needs, and say what to do")
    .addHelpText(
      "after",
      `
It looks at the state directory and its rights, the running agent, the identity and its certificate, time stamps, DNS,
the control plane and its root, MQTT where it is used, UDP port 123, and this host's clock. It changes nothing.

Exit codes: 0 nothing worse than a warning, 1 a problem, 2 usage, 3 the control plane or a name cannot be reached.
`,
    )
    .action(async () => {
      const { runDoctor } = await import("../agent/doctor/run-doctor.ts");
      const flags = doctor.optsWithGlobals<AgentFlags>();
      finish(await runDoctor(context, { flags, programName: typedName(program) }));
    });
}
