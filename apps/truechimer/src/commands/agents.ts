// `truechimer agents …`: the agents of this control plane, who asks to be let in, and the tokens that let one in.

import type { adminV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import type { Command } from "commander";
import type { AdminClient } from "../admin-client.ts";
import {
  type CommandHost,
  type ConnectionOptions,
  examples,
  refuseWords,
  withConnectionOptions,
} from "../command-host.ts";
import { EXIT } from "../exit-code.ts";
import { callWithFilter, type FilterOptions, withFilterOption } from "../filter-option.ts";
import { connected, printerFor } from "./admin-command.ts";
import { registerRegistrations } from "./agent-registrations.ts";
import { registerTokens } from "./agent-tokens.ts";

export function registerAgents(host: CommandHost): void {
  const agents = host.program
    .command("agents")
    .description(
      "the agents that watch: list, show, approve, reject, remove, and tokens to enrol with",
    )
    .addHelpText(
      "after",
      examples(
        ["truechimer agents", "who is there, and who asks to be let in"],
        ["truechimer agents token create", "a command to run on another host: it enrols an agent"],
        ["truechimer agents approve zurich --country CH", "let in an agent that registered"],
        ["truechimer agents edit zurich --network 'AS64500 Example'", "where it stands, corrected"],
        ["truechimer agents remove zurich", "its key and certificate are void at once"],
      ),
    );
  registerList(host, agents);
  registerShow(host, agents);
  registerRegistrations(host, agents);
  registerEdit(host, agents);
  registerSetStatus(host, agents);
  registerRemove(host, agents);
  registerTokens(host, agents);
}

function registerList(host: CommandHost, agents: Command): void {
  const list = agents.command("list", { isDefault: true }).allowExcessArguments();
  withFilterOption(withConnectionOptions(list), "country:de online:no")
    .description("each agent with its families, certificate and last word")
    .action(async (options: FilterOptions, command: Command) => {
      refuseWords(command);
      const client = await connected(host, options);
      const { agents: rows } = await callWithFilter(host, options, (filter) =>
        client.listAgents({ filter }),
      );
      const { registrations } = await client.listRegistrations({});
      const { printAgents } = await import("../output/agent-rows.ts");
      const printer = printerFor(host, options);
      await printAgents(printer, rows, host.context.clock.nowNs());
      if (registrations.length > 0 && options.filter === undefined) {
        printer.line("");
        printer.line(
          `${registrations.length} more ${registrations.length === 1 ? "asks" : "ask"} to be let in: see "truechimer agents registrations"`,
        );
      }
      host.finish(EXIT.good);
    });
}

function registerShow(host: CommandHost, agents: Command): void {
  withConnectionOptions(agents.command("show <agent>"))
    .description("one agent (by name or id): what it watches, and its certificates")
    .action(async (word: string, options: ConnectionOptions) => {
      const client = await connected(host, options);
      const { id } = await foundAgent(client, word);
      const { printAgent } = await import("../output/agent-page.ts");
      const answer = await client.getAgent({ id });
      await printAgent(printerFor(host, options), answer, host.context.clock.nowNs());
      host.finish(EXIT.good);
    });
}

interface EditOptions extends ConnectionOptions {
  readonly name?: string;
  readonly country?: string;
  readonly network?: string;
  readonly location?: string;
}

function registerEdit(host: CommandHost, agents: Command): void {
  withConnectionOptions(agents.command("edit <agent>"))
    .description('its name and where it stands; what is not given stays, "" makes it unknown')
    .option("--name <words>", "name for people")
    .option("--country <code>", "two letters, such as CH")
    .option("--network <words>", 'such as "AS64500 Example"')
    .option("--location <words>", "where it stands")
    .action(async (word: string, options: EditOptions) => {
      const { name, country, network, location } = options;
      const given = [name, country, network, location].some((words) => words !== undefined);
      if (!given) {
        throw new AppError(
          "usage",
          "there is nothing to change: give at least one of --name, --country, --network and --location",
        );
      }
      const client = await connected(host, options);
      const { id } = await foundAgent(client, word);
      const { agent } = await client.updateAgent({
        id,
        ...(name === undefined ? {} : { name }),
        ...(country === undefined ? {} : { country }),
        ...(network === undefined ? {} : { network }),
        ...(location === undefined ? {} : { location }),
      });
      if (agent === undefined) throw new AppError("internal", "the answer names no agent");
      const { agentJson } = await import("../output/agent-rows.ts");
      const { placeText } = await import("../output/agent-page.ts");
      const { printable } = await import("../output/style.ts");
      const printer = printerFor(host, options);
      printer.line(`${printable(agent.name)}: ${placeText(agent)}`);
      printer.json(agentJson(agent));
      host.finish(EXIT.good);
    });
}

interface SetStatusOptions extends ConnectionOptions {
  readonly family?: string;
}

function registerSetStatus(host: CommandHost, agents: Command): void {
  withConnectionOptions(agents.command("set-status <agent> <status>"))
    .description("pending, testing, active or paused, for its families or for one")
    .option("--family <family>", "v4 or v6 alone")
    .action(async (word: string, status: string, options: SetStatusOptions) => {
      const client = await connected(host, options);
      const { monitorStatusOf } = await import("../monitor-status.ts");
      const { familyWord } = await import("../output/api-words.ts");
      const wanted = monitorStatusOf(status);
      const agent = await foundAgent(client, word);
      const { family } = options;
      const ids = agent.monitors
        .filter((monitor) => family === undefined || familyWord(monitor.family) === family)
        .map(({ id }) => id);
      const { monitors } = await client.setMonitorStatus({ ids, status: wanted });
      const printer = printerFor(host, options);
      for (const { id, name, address } of monitors) {
        printer.line(`${name} (${address}) is ${status}`);
        printer.json({ id, name, address, status });
      }
      host.finish(EXIT.good);
    });
}

function registerRemove(host: CommandHost, agents: Command): void {
  withConnectionOptions(agents.command("remove <agent>"))
    .description("void its key and certificates at once; its history stays")
    .action(async (word: string, options: ConnectionOptions) => {
      const client = await connected(host, options);
      const { id, name } = await foundAgent(client, word);
      await client.removeAgent({ id });
      const printer = printerFor(host, options);
      printer.line(`removed ${name}`);
      printer.json({ id, name, change: "removed" });
      host.finish(EXIT.good);
    });
}

async function foundAgent(client: AdminClient, word: string): Promise<adminV1.Agent> {
  const { findAgent } = await import("../find-agent.ts");
  return findAgent(client, word);
}
