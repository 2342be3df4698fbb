// `truechimer scores`: what each server has earned, overall or monitor by monitor, now or over time.

import type { adminV1 } from "@truechimer/api";
import { AppError, parseDurationMs } from "@truechimer/base";
import { createPrinter } from "../cli-context.ts";
import {
  askedFormat,
  type CommandHost,
  type ConnectionOptions,
  examples,
  withConnectionOptions,
} from "../command-host.ts";
import { closest } from "../config/suggest.ts";
import { EXIT } from "../exit-code.ts";

interface ScoresOptions extends ConnectionOptions {
  readonly history?: string;
  readonly explain?: boolean;
  readonly monitor?: string;
}

export function registerScores(host: CommandHost): void {
  withConnectionOptions(host.program.command("scores [server]"))
    .description("the scores: overall, of one server by monitor, or over time")
    .option("--history <duration>", 'every score of that server in the last "1h", "1d" …')
    .option(
      "--explain",
      "why the overall score is what it is: votes, and the steps behind the chosen one",
    )
    .option("--monitor <name>", "with --explain: the score of that monitor, step by step")
    .addHelpText(
      "after",
      examples(
        ["truechimer scores", "the overall score of each server, worst first"],
        ["truechimer scores time.example.net", "the same server by each of its monitors"],
        ["truechimer scores 12 --history 6h --json", "the course of six hours, for a program"],
        ["truechimer scores time.example.net --explain", "who had a vote, who was chosen, and why"],
      ),
    )
    .action((server: string | undefined, options: ScoresOptions) =>
      printScores(host, server, options),
    );
}

async function printScores(
  host: CommandHost,
  word: string | undefined,
  options: ScoresOptions,
): Promise<void> {
  const historyMs = historyLength(options.history, word);
  if (options.explain === true) {
    await explainScores(host, word, options);
    return;
  }
  if (options.monitor !== undefined) {
    throw new AppError("usage", "--monitor goes with --explain: add it");
  }
  const { context } = host;
  const { connectAdmin } = await import("../admin-client.ts");
  const rows = await import("../output/score-rows.ts");
  const client = await connectAdmin(context, options);
  const printer = createPrinter(context, askedFormat(options));
  const nowNs = context.clock.nowNs();
  if (word === undefined) {
    await rows.printOverallScores(printer, (await client.listServers({})).servers, nowNs);
  } else {
    const { findServers } = await import("../find-server.ts");
    for (const { id } of await findServers(client, word)) {
      if (historyMs === undefined) {
        await rows.printMonitorScores(printer, await client.getServer({ id }), nowNs);
      } else {
        const from = rows.timestampBefore(nowNs, historyMs);
        await rows.printScoreHistory(
          printer,
          await client.getServerHistory({ serverId: id, from }),
        );
      }
    }
  }
  host.finish(EXIT.good);
}

async function explainScores(
  host: CommandHost,
  word: string | undefined,
  options: ScoresOptions,
): Promise<void> {
  if (word === undefined) throw new AppError("usage", "--explain needs a server: name one");
  if (options.history !== undefined) {
    throw new AppError("usage", "--explain and --history are two questions: ask one at a time");
  }
  const { context } = host;
  const { connectAdmin } = await import("../admin-client.ts");
  const { findServers } = await import("../find-server.ts");
  const { printExplanation } = await import("../output/explanation-page.ts");
  const client = await connectAdmin(context, options);
  const printer = createPrinter(context, askedFormat(options));
  for (const { id } of await findServers(client, word)) {
    const monitorId =
      options.monitor === undefined
        ? 0n
        : monitorNamed(await client.getServer({ id }), options.monitor);
    await printExplanation(printer, await client.explainScore({ serverId: id, monitorId }));
  }
  host.finish(EXIT.good);
}

function monitorNamed({ server, assignments }: adminV1.GetServerResponse, name: string): bigint {
  const found = assignments.find(({ monitorName }) => monitorName === name);
  if (found !== undefined) return found.monitorId;
  const names = assignments.map(({ monitorName }) => monitorName);
  const nearest = closest(name, names);
  const remedy = nearest === undefined ? "" : `: did you mean "${nearest}"?`;
  throw new AppError("not_found", `no monitor "${name}" watches ${server?.name ?? ""}${remedy}`);
}

function historyLength(text: string | undefined, word: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (word === undefined) throw new AppError("usage", "--history needs a server: name one");
  const parsed = parseDurationMs(text);
  if (!parsed.ok) throw new AppError("usage", `--history: ${parsed.error}`);
  return parsed.value;
}
