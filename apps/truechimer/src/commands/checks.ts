// `truechimer checks …`: the checks behind a verdict, down to the packet.

import { AppError } from "@truechimer/base";
import { type Command, InvalidArgumentError } from "commander";
import { createPrinter } from "../cli-context.ts";
import {
  askedFormat,
  type CommandHost,
  type ConnectionOptions,
  examples,
  withConnectionOptions,
} from "../command-host.ts";
import { EXIT } from "../exit-code.ts";
import { callWithFilter, type FilterOptions, withFilterOption } from "../filter-option.ts";

interface ListOptions extends FilterOptions {
  readonly bad?: boolean;
  readonly limit: number;
}

const LIMIT_MAX = 1_000;
const ID_DIGITS_MAX = 18;

export function registerChecks(host: CommandHost): void {
  const checks = host.program
    .command("checks")
    .description("the checks of a server, and one check down to the packet: list, show")
    .addHelpText(
      "after",
      examples(
        ["truechimer checks list time.example.net", "the newest fifty"],
        ["truechimer checks list 12 --bad", "only those that failed or lost score"],
        ["truechimer checks list 12 --filter 'offset>5ms age<1h'", "those that pass a filter"],
        ["truechimer checks show 4711", "stamps, arithmetic, rules and the decoded packet"],
      ),
    );
  registerList(host, checks);
  registerShow(host, checks);
}

function registerList(host: CommandHost, checks: Command): void {
  const list = withConnectionOptions(checks.command("list <server>"));
  withFilterOption(list, "reason:kiss_rate monitor.country:de age<1h")
    .description("the checks of a server, newest first")
    .option("--bad", "only checks that failed or lost score")
    .option("--limit <count>", `how many, at most ${LIMIT_MAX}`, parseLimit, 50)
    .action(async (word: string, options: ListOptions) => {
      const { connectAdmin } = await import("../admin-client.ts");
      const { findServers } = await import("../find-server.ts");
      const { printChecks } = await import("../output/check-rows.ts");
      const client = await connectAdmin(host.context, options);
      const printer = createPrinter(host.context, askedFormat(options));
      for (const { id } of await findServers(client, word)) {
        const onlyBad = options.bad === true;
        const request = { serverId: id, pageSize: options.limit, onlyBad };
        const { checks: found } = await callWithFilter(host, options, (filter) =>
          client.listChecks({ ...request, filter }),
        );
        await printChecks(printer, found);
      }
      host.finish(EXIT.good);
    });
}

function registerShow(host: CommandHost, checks: Command): void {
  withConnectionOptions(checks.command("show <number>"))
    .description("one check: the exchange, the rules, the packet, the score")
    .action(async (number: string, options: ConnectionOptions) => {
      const id = checkNumber(number);
      const { connectAdmin } = await import("../admin-client.ts");
      const { printCheck } = await import("../output/check-page.ts");
      const client = await connectAdmin(host.context, options);
      await printCheck(
        createPrinter(host.context, askedFormat(options)),
        await client.getCheck({ id }),
      );
      host.finish(EXIT.good);
    });
}

function checkNumber(text: string): bigint {
  if (/^[1-9]\d*$/.test(text) && text.length <= ID_DIGITS_MAX) return BigInt(text);
  throw new AppError(
    "usage",
    `"${text}" is not the number of a check: "truechimer checks list SERVER" shows the numbers`,
  );
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= LIMIT_MAX) return limit;
  throw new InvalidArgumentError(`expected a whole number from 1 to ${LIMIT_MAX}`);
}
