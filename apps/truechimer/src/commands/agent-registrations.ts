// `truechimer agents registrations`, `approve` and `reject`: agents that asked to be let in.

import type { Command } from "commander";
import {
  type CommandHost,
  type ConnectionOptions,
  withConnectionOptions,
} from "../command-host.ts";
import { EXIT } from "../exit-code.ts";
import { connected, printerFor } from "./admin-command.ts";

interface ListOptions extends ConnectionOptions {
  readonly all?: boolean;
}

interface ApproveOptions extends ConnectionOptions {
  readonly name?: string;
  readonly country?: string;
  readonly network?: string;
  readonly location?: string;
  readonly status?: string;
}

interface RejectOptions extends ConnectionOptions {
  readonly reason?: string;
}

export function registerRegistrations(host: CommandHost, agents: Command): void {
  registerList(host, agents);
  registerApprove(host, agents);
  registerReject(host, agents);
}

function registerList(host: CommandHost, agents: Command): void {
  withConnectionOptions(agents.command("registrations"))
    .description("agents that ask to be let in")
    .option("--all", "those that were decided, too")
    .action(async (options: ListOptions) => {
      const client = await connected(host, options);
      const includeDecided = options.all === true;
      const { registrations } = await client.listRegistrations({ includeDecided });
      const { printRegistrations } = await import("../output/registration-rows.ts");
      const nowNs = host.context.clock.nowNs();
      await printRegistrations(printerFor(host, options), registrations, nowNs);
      host.finish(EXIT.good);
    });
}

function registerApprove(host: CommandHost, agents: Command): void {
  withConnectionOptions(agents.command("approve <registration>"))
    .description("let in an agent that registered (by its host's name or the id)")
    .option("--name <words>", "name for people; by default the host's")
    .option("--country <code>", "two letters, such as CH")
    .option("--network <words>", 'such as "AS64500 Example"')
    .option("--location <words>", "where it stands")
    .option("--status <status>", "pending, testing or active; by default testing")
    .action(async (word: string, options: ApproveOptions) => {
      const client = await connected(host, options);
      const { monitorStatusOf } = await import("../monitor-status.ts");
      const { findRegistration } = await import("../find-agent.ts");
      const { name = "", country = "", network = "", location = "", status } = options;
      const wanted = status === undefined ? {} : { status: monitorStatusOf(status) };
      const { id } = await findRegistration(client, word);
      const facts = { name, country, network, location };
      const { registration } = await client.approveRegistration({ id, ...facts, ...wanted });
      const tlsName = registration?.tlsName ?? "";
      const printer = printerFor(host, options);
      printer.line(`approved: it becomes ${tlsName}, as soon as it asks again`);
      printer.json({ id, tls_name: tlsName, change: "approved" });
      host.finish(EXIT.good);
    });
}

function registerReject(host: CommandHost, agents: Command): void {
  withConnectionOptions(agents.command("reject <registration>"))
    .description("refuse an agent that registered")
    .option("--reason <words>", "told to the agent")
    .action(async (word: string, options: RejectOptions) => {
      const client = await connected(host, options);
      const { findRegistration } = await import("../find-agent.ts");
      const { id, hostname } = await findRegistration(client, word);
      await client.rejectRegistration({ id, reason: options.reason ?? "" });
      const printer = printerFor(host, options);
      printer.line(`rejected the registration of ${hostname || "an unnamed host"}`);
      printer.json({ id, hostname, change: "rejected" });
      host.finish(EXIT.good);
    });
}
