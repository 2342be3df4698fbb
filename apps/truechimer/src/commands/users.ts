// `truechimer users …`: people who sign in to the dashboard by name and password.

import type { peopleV1 } from "@truechimer/api";
import { Argument, type Command } from "commander";
import type { PeopleClient } from "../admin-client.ts";
import {
  type CommandHost,
  type ConnectionOptions,
  examples,
  refuseWords,
  withConnectionOptions,
} from "../command-host.ts";
import { EXIT } from "../exit-code.ts";
import { theOne } from "../find-one.ts";
import { isoOf } from "../output/api-words.ts";
import { printable } from "../output/style.ts";
import { ROLE_NUMBERS, type RoleWord, roleOption } from "../role-words.ts";
import { connectedToPeople, printerFor } from "./admin-command.ts";

export function registerUsers(host: CommandHost): void {
  const users = host.program
    .command("users")
    .description(
      "people who sign in: list, invite, set-role, set-accounts, disable, enable, reset, remove-factors, sessions",
    );
  registerList(host, users);
  registerInvite(host, users);
  registerSetRole(host, users);
  registerSetAccounts(host, users);
  registerDisabled(host, users, true);
  registerDisabled(host, users, false);
  registerReset(host, users);
  registerRemoveFactors(host, users);
  registerSessions(host, users);
  registerEndSession(host, users);
}

function registerList(host: CommandHost, users: Command): void {
  withConnectionOptions(users.command("list", { isDefault: true }).allowExcessArguments())
    .description("who may sign in, as what, and when that was done last")
    .action(async (options: ConnectionOptions, command: Command) => {
      refuseWords(command);
      const client = await connectedToPeople(host, options);
      const { printUsers } = await import("../output/user-rows.ts");
      const { users: rows } = await client.listUsers({});
      await printUsers(printerFor(host, options), rows, host.context.clock.nowNs());
      host.finish(EXIT.good);
    });
}

interface InviteOptions extends ConnectionOptions {
  readonly role: RoleWord;
  readonly account: readonly string[];
}

function registerInvite(host: CommandHost, users: Command): void {
  withConnectionOptions(users.command("invite <name>"))
    .description("a user, and a link told once, with which that person sets a password")
    .addOption(roleOption())
    .option(
      "--account <id>",
      "account whose servers and agents the user sees alone; several: the user chooses",
      collect,
      [],
    )
    .addHelpText(
      "after",
      examples(
        ["truechimer users invite ada@example.net", "for somebody who only reads"],
        ["truechimer users invite ada --role admin", "the first admin; or on the page People"],
      ),
    )
    .action(async (name: string, { role, account: accountIds, ...options }: InviteOptions) => {
      const client = await connectedToPeople(host, options);
      const answer = await client.inviteUser({
        name,
        role: ROLE_NUMBERS[role],
        accountIds: [...accountIds],
      });
      tellLink(host, options, answer);
    });
}

function registerSetRole(host: CommandHost, users: Command): void {
  withConnectionOptions(
    users
      .command("set-role <user>")
      .addArgument(new Argument("<role>").choices(Object.keys(ROLE_NUMBERS))),
  )
    .description("holds from the user's next request on")
    .action(async (word: string, role: RoleWord, options: ConnectionOptions) => {
      const client = await connectedToPeople(host, options);
      const { id, name } = await findUser(client, word);
      await client.setUserRole({ id, role: ROLE_NUMBERS[role] });
      tellChange(host, options, { id, change: "role_set", line: `${printable(name)} is ${role}` });
    });
}

interface AccountsOptions extends ConnectionOptions {
  readonly account: readonly string[];
  readonly all?: boolean;
}

function registerSetAccounts(host: CommandHost, users: Command): void {
  withConnectionOptions(users.command("set-accounts <user>"))
    .description("which accounts the user sees, one at a time; holds from the next request on")
    .option(
      "--account <id>",
      "one of them, again for each; a session begins in the first",
      collect,
      [],
    )
    .option("--all", "all accounts at once")
    .addHelpText(
      "after",
      examples([
        "truechimer users set-accounts ada --account default --account 01K…",
        "between which ada chooses",
      ]),
    )
    .action(
      async (word: string, { account: accountIds, all = false, ...options }: AccountsOptions) => {
        const client = await connectedToPeople(host, options);
        const { id, name } = await findUser(client, word);
        await client.setUserAccounts({ id, accountIds: [...accountIds], allAccounts: all });
        const seen = all ? "all accounts" : accountIds.join(", ");
        const line = `${printable(name)} sees ${printable(seen)}`;
        tellChange(host, options, { id, change: "accounts_set", line });
      },
    );
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function registerDisabled(host: CommandHost, users: Command, disabled: boolean): void {
  withConnectionOptions(users.command(`${disabled ? "disable" : "enable"} <user>`))
    .description(
      disabled
        ? "locks a user out at once: sessions, streams and links end"
        : "lets a user sign in again",
    )
    .action(async (word: string, options: ConnectionOptions) => {
      const client = await connectedToPeople(host, options);
      const { id, name } = await findUser(client, word);
      await client.setUserDisabled({ id, disabled });
      const change = disabled ? "disabled" : "enabled";
      tellChange(host, options, { id, change, line: `${change} ${printable(name)}` });
    });
}

function registerReset(host: CommandHost, users: Command): void {
  withConnectionOptions(users.command("reset <user>"))
    .description(
      "takes the password and the second factors away, ends all sessions, and tells a new link once",
    )
    .addHelpText(
      "after",
      examples(["truechimer users reset ada", "when the password is lost, or may be known"]),
    )
    .action(async (word: string, options: ConnectionOptions) => {
      const client = await connectedToPeople(host, options);
      const { id } = await findUser(client, word);
      tellLink(host, options, await client.resetUser({ id }));
    });
}

function registerRemoveFactors(host: CommandHost, users: Command): void {
  withConnectionOptions(users.command("remove-factors <user>"))
    .description(
      "takes passkeys, codes of an app and recovery codes away and ends all sessions; the password stays",
    )
    .addHelpText(
      "after",
      examples(["truechimer users remove-factors ada", "when the phone or the key is lost"]),
    )
    .action(async (word: string, options: ConnectionOptions) => {
      const client = await connectedToPeople(host, options);
      const { id, name } = await findUser(client, word);
      await client.removeUserFactors({ id });
      const line = `${printable(name)} signs in with the password alone`;
      tellChange(host, options, { id, change: "factors_removed", line });
    });
}

function registerSessions(host: CommandHost, users: Command): void {
  withConnectionOptions(users.command("sessions <user>"))
    .description("where the user is signed in")
    .action(async (word: string, options: ConnectionOptions) => {
      const client = await connectedToPeople(host, options);
      const { printSessions } = await import("../output/user-rows.ts");
      const { id: userId } = await findUser(client, word);
      const { sessions } = await client.listSessions({ userId });
      await printSessions(printerFor(host, options), sessions, host.context.clock.nowNs());
      host.finish(EXIT.good);
    });
}

function registerEndSession(host: CommandHost, users: Command): void {
  withConnectionOptions(users.command("end-session <id>"))
    .description("ends one session, by the id that `users sessions` tells")
    .action(async (id: string, options: ConnectionOptions) => {
      await (await connectedToPeople(host, options)).endSession({ id });
      tellChange(host, options, { id, change: "ended", line: `ended ${printable(id)}` });
    });
}

async function findUser(client: PeopleClient, word: string): Promise<peopleV1.User> {
  const { users } = await client.listUsers({});
  return theOne(users, {
    word,
    kind: "user",
    see: "truechimer users",
    wordsOf: ({ id, name }) => [id, name],
  });
}

function tellLink(
  host: CommandHost,
  options: ConnectionOptions,
  {
    user,
    link,
  }: {
    readonly user?: peopleV1.User | undefined;
    readonly link?: peopleV1.OneTimeLink | undefined;
  },
): void {
  const printer = printerFor(host, options);
  printer.line(link?.url ?? "");
  printer.json({ id: user?.id, url: link?.url, expires_at: isoOf(link?.expiresAt) });
  host.finish(EXIT.good);
}

function tellChange(
  host: CommandHost,
  options: ConnectionOptions,
  { line, ...told }: { readonly id: string; readonly change: string; readonly line: string },
): void {
  const printer = printerFor(host, options);
  printer.line(line);
  printer.json(told);
  host.finish(EXIT.good);
}
