// `truechimer accounts …`: who owns servers and agents. What belongs to nobody belongs to the account "default".

import type { peopleV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import type { Command } from "commander";
import type { PeopleClient } from "../admin-client.ts";
import {
  type CommandHost,
  type ConnectionOptions,
  examples,
  refuseWords,
  withConnectionOptions,
} from "../command-host.ts";
import { EXIT } from "../exit-code.ts";
import { findAgent } from "../find-agent.ts";
import { theOne } from "../find-one.ts";
import { findServers } from "../find-server.ts";
import { printable } from "../output/style.ts";
import type { Column } from "../output/table.ts";
import { connected, connectedToPeople, printerFor } from "./admin-command.ts";

export function registerAccounts(host: CommandHost): void {
  const accounts = host.program
    .command("accounts")
    .description("who owns servers and agents: list, create, rename, move");
  registerList(host, accounts);
  registerCreate(host, accounts);
  registerRename(host, accounts);
  registerMove(host, accounts);
}

function registerList(host: CommandHost, accounts: Command): void {
  withConnectionOptions(accounts.command("list", { isDefault: true }).allowExcessArguments())
    .description("accounts, and how much each owns")
    .action(async (options: ConnectionOptions, command: Command) => {
      refuseWords(command);
      const client = await connectedToPeople(host, options);
      const { accounts: rows } = await client.listAccounts({});
      const columns: readonly Column<peopleV1.Account>[] = [
        { title: "id", text: ({ id }) => id },
        { title: "name", text: ({ name }) => printable(name) || "–" },
        { title: "servers", text: ({ servers }) => String(servers) },
        { title: "agents", text: ({ agents }) => String(agents) },
      ];
      await printerFor(host, options).table({
        columns,
        rows,
        json: ({ id, name, servers, agents }) => ({ id, name, servers, agents }),
        empty: "there is no account",
      });
      host.finish(EXIT.good);
    });
}

function registerCreate(host: CommandHost, accounts: Command): void {
  withConnectionOptions(accounts.command("create <name>"))
    .description("an account; keys and users can be bound to it by its id")
    .addHelpText(
      "after",
      examples(["truechimer accounts create Lab", "prints the id that --account takes"]),
    )
    .action(async (name: string, options: ConnectionOptions) => {
      const client = await connectedToPeople(host, options);
      tell(host, options, "created", (await client.createAccount({ name })).account);
    });
}

function registerRename(host: CommandHost, accounts: Command): void {
  withConnectionOptions(accounts.command("rename <account> <name>"))
    .description("its name for people; the id stays")
    .action(async (word: string, name: string, options: ConnectionOptions) => {
      const client = await connectedToPeople(host, options);
      const { id } = await findAccount(client, word);
      tell(host, options, "renamed", (await client.renameAccount({ id, name })).account);
    });
}

interface MoveOptions extends ConnectionOptions {
  readonly servers?: readonly string[];
  readonly agents?: readonly string[];
}

function registerMove(host: CommandHost, accounts: Command): void {
  withConnectionOptions(accounts.command("move <account>"))
    .description("gives servers and agents to the account, all or none")
    .option("--servers <server...>", "by number, name or address")
    .option("--agents <agent...>", "by name or id")
    .addHelpText(
      "after",
      examples(["truechimer accounts move Lab --servers ntp1.lab --agents zurich", "to the Lab"]),
    )
    .action(async (word: string, options: MoveOptions) => {
      const { servers = [], agents = [] } = options;
      if (servers.length + agents.length === 0)
        throw new AppError("usage", "nothing is named: add --servers or --agents");
      const [client, admin] = [
        await connectedToPeople(host, options),
        await connected(host, options),
      ];
      const { id: accountId } = await findAccount(client, word);
      const serverIds = new Set<bigint>();
      for (const server of servers)
        for (const { id } of await findServers(admin, server)) serverIds.add(id);
      const agentIds: string[] = [];
      for (const agent of agents) agentIds.push((await findAgent(admin, agent)).id);
      const answer = await client.moveToAccount({
        accountId,
        serverIds: [...serverIds],
        agentIds,
      });
      tell(host, options, "moved", answer.account);
    });
}

async function findAccount(client: PeopleClient, word: string): Promise<peopleV1.Account> {
  const { accounts } = await client.listAccounts({});
  return theOne(accounts, {
    word,
    kind: "account",
    see: "truechimer accounts",
    wordsOf: ({ id, name }) => [id, name],
  });
}

function tell(
  host: CommandHost,
  options: ConnectionOptions,
  change: string,
  account: peopleV1.Account | undefined,
): void {
  const { id = "", name = "", servers = 0, agents = 0 } = account ?? {};
  const printer = printerFor(host, options);
  printer.line(`${change} ${id} ${printable(name)}: ${servers} servers, ${agents} agents`);
  printer.json({ change, id, name, servers, agents });
  host.finish(EXIT.good);
}
