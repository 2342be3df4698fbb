// `truechimer keys …`: API keys of programs, each with a role and, if wanted, one account, some procedures and an end.

import { AppError, parseDurationMs } from "@truechimer/base";
import type { Command } from "commander";
import {
  type CommandHost,
  type ConnectionOptions,
  examples,
  refuseWords,
  withConnectionOptions,
} from "../command-host.ts";
import { EXIT } from "../exit-code.ts";
import { ROLE_NUMBERS, type RoleWord, roleOption } from "../role-words.ts";
import { connectedToPeople, printerFor } from "./admin-command.ts";

interface CreateOptions extends ConnectionOptions {
  readonly role: RoleWord;
  readonly account?: string;
  readonly procedures?: readonly string[];
  readonly lifetime?: string;
}

export function registerKeys(host: CommandHost): void {
  const keys = host.program
    .command("keys")
    .description("API keys of programs: list, create, revoke");
  registerList(host, keys);
  registerCreate(host, keys);
  registerRevoke(host, keys);
}

function registerList(host: CommandHost, keys: Command): void {
  withConnectionOptions(keys.command("list", { isDefault: true }).allowExcessArguments())
    .description("keys, what each may do, and when it was used last; never their secrets")
    .action(async (options: ConnectionOptions, command: Command) => {
      refuseWords(command);
      const { printKeys } = await import("../output/key-rows.ts");
      const client = await connectedToPeople(host, options);
      const { keys: rows } = await client.listKeys({ includeRevoked: true });
      await printKeys(printerFor(host, options), rows, host.context.clock.nowNs());
      host.finish(EXIT.good);
    });
}

function registerCreate(host: CommandHost, keys: Command): void {
  withConnectionOptions(keys.command("create <name>"))
    .description("a key, told once; the name says what it is for")
    .addOption(roleOption())
    .option("--account <id>", "the only account whose servers and agents it sees")
    .option("--procedures <names...>", "the only procedures that it opens, such as GetOverview")
    .option("--lifetime <duration>", 'such as "90d"; by default until it is revoked')
    .addHelpText(
      "after",
      examples(["truechimer keys create grafana --role viewer", "for a program that only reads"]),
    )
    .action(async (name: string, options: CreateOptions) => {
      const { role, account: accountId = "", procedures = [] } = options;
      const client = await connectedToPeople(host, options);
      const { key, secret } = await client.createKey({
        name,
        role: ROLE_NUMBERS[role],
        accountId,
        procedures: [...procedures],
        ...lifetimeOf(options.lifetime),
      });
      const printer = printerFor(host, options);
      printer.line(secret);
      printer.json({ id: key?.id, secret });
      host.finish(EXIT.good);
    });
}

function registerRevoke(host: CommandHost, keys: Command): void {
  withConnectionOptions(keys.command("revoke <id>"))
    .description("the key opens nothing any more")
    .action(async (id: string, options: ConnectionOptions) => {
      if (!/^\d{1,18}$/.test(id))
        throw new AppError("usage", `"${id}" is no number of a key: see "truechimer keys"`);
      await (await connectedToPeople(host, options)).revokeKey({ id: BigInt(id) });
      const printer = printerFor(host, options);
      printer.line(`revoked ${id}`);
      printer.json({ id: BigInt(id), change: "revoked" });
      host.finish(EXIT.good);
    });
}

function lifetimeOf(text: string | undefined): {
  readonly lifetime?: { readonly seconds: bigint; readonly nanos: number };
} {
  if (text === undefined) return {};
  const parsed = parseDurationMs(text);
  if (!parsed.ok) throw new AppError("usage", `--lifetime: ${parsed.error}`);
  return { lifetime: { seconds: BigInt(Math.floor(parsed.value / 1_000)), nanos: 0 } };
}
