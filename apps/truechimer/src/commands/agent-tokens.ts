// `truechimer agents token …`: one-time tokens with which agents enrol themselves.

import { AppError, parseDurationMs } from "@truechimer/base";
import type { Command } from "commander";
import {
  type CommandHost,
  type ConnectionOptions,
  refuseWords,
  withConnectionOptions,
} from "../command-host.ts";
import { EXIT } from "../exit-code.ts";
import { connected, printerFor } from "./admin-command.ts";

interface CreateOptions extends ConnectionOptions {
  readonly name?: string;
  readonly lifetime?: string;
  readonly country?: string;
  readonly network?: string;
  readonly location?: string;
  readonly status?: string;
}

export function registerTokens(host: CommandHost, agents: Command): void {
  const tokens = agents
    .command("token")
    .description("one-time tokens that let an agent in: create, list, revoke");
  registerList(host, tokens);
  registerCreate(host, tokens);
  registerRevoke(host, tokens);
}

function registerList(host: CommandHost, tokens: Command): void {
  withConnectionOptions(tokens.command("list", { isDefault: true }).allowExcessArguments())
    .description("tokens, and what came of them; never their secrets")
    .action(async (options: ConnectionOptions, command: Command) => {
      refuseWords(command);
      const client = await connected(host, options);
      const { tokens: rows } = await client.listEnrolmentTokens({});
      const { printEnrolmentTokens } = await import("../output/enrolment-token-rows.ts");
      const nowNs = host.context.clock.nowNs();
      await printEnrolmentTokens(printerFor(host, options), rows, nowNs);
      host.finish(EXIT.good);
    });
}

function registerCreate(host: CommandHost, tokens: Command): void {
  withConnectionOptions(tokens.command("create"))
    .description("a token for one agent, with the command to run on its host")
    .option("--name <words>", "what it is for")
    .option("--lifetime <duration>", 'from "1m" to "30d"; by default a day')
    .option("--country <code>", "two letters, such as CH")
    .option("--network <words>", 'such as "AS64500 Example"')
    .option("--location <words>", "where the agent will stand")
    .option("--status <status>", "pending, testing or active; by default active")
    .action(async (options: CreateOptions) => {
      const { monitorStatusOf } = await import("../monitor-status.ts");
      const { name = "", country = "", network = "", location = "", status, lifetime } = options;
      const wanted = status === undefined ? {} : { status: monitorStatusOf(status) };
      const facts = { name, country, network, location, ...wanted, ...lifetimeOf(lifetime) };
      const client = await connected(host, options);
      const { token, secret, command } = await client.createEnrolmentToken(facts);
      const printer = printerFor(host, options);
      const { isoOf } = await import("../output/api-words.ts");
      printer.line(`Run this on the agent's host, once, before ${isoOf(token?.expiresAt) ?? "–"}:`);
      printer.line("");
      printer.line(`  ${command}`);
      printer.json({ id: token?.id, secret, command, expires_at: isoOf(token?.expiresAt) });
      host.finish(EXIT.good);
    });
}

function registerRevoke(host: CommandHost, tokens: Command): void {
  withConnectionOptions(tokens.command("revoke <id>"))
    .description("nobody comes in with it any more; who came in stays")
    .action(async (id: string, options: ConnectionOptions) => {
      await (await connected(host, options)).revokeEnrolmentToken({ id });
      const printer = printerFor(host, options);
      printer.line(`revoked ${id}`);
      printer.json({ id, change: "revoked" });
      host.finish(EXIT.good);
    });
}

function lifetimeOf(text: string | undefined): {
  readonly lifetime?: { readonly seconds: bigint; readonly nanos: number };
} {
  if (text === undefined) return {};
  const parsed = parseDurationMs(text);
  if (!parsed.ok) throw new AppError("usage", `--lifetime: ${parsed.error}`);
  const seconds = Math.floor(parsed.value / 1_000);
  return { lifetime: { seconds: BigInt(seconds), nanos: 0 } };
}
