// `truechimer selector`: what a review would change, and why a monitor watches a server or does not. Nothing is changed.

import { readFile } from "node:fs/promises";
import type { adminV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import type { AdminClient } from "../admin-client.ts";
import { createPrinter } from "../cli-context.ts";
import {
  askedFormat,
  type CommandHost,
  type ConnectionOptions,
  examples,
  withConnectionOptions,
} from "../command-host.ts";
import { EXIT } from "../exit-code.ts";

interface SimulateOptions extends ConnectionOptions {
  readonly all?: boolean;
  readonly policy?: string;
}

export function registerSelector(host: CommandHost): void {
  const selector = host.program
    .command("selector")
    .description("who watches a server, and why; nothing is changed by asking");
  withConnectionOptions(selector.command("simulate [server]"))
    .description("what a review would change now")
    .option("--all", "every server")
    .option("--policy <file>", 'a JSON file with other limits, such as {"accountLimit": 3}')
    .addHelpText(
      "after",
      examples(
        [
          "truechimer selector simulate time.example.net",
          "the plan, and why each monitor is where it is",
        ],
        ["truechimer selector simulate --all --policy pool.json", "what other limits would change"],
      ),
    )
    .action(async (word: string | undefined, options: SimulateOptions) => {
      await simulate(host, word, options);
    });
  withConnectionOptions(selector.command("coverage"))
    .description("the servers that too few monitors watch, and why; the load of each account")
    .action(async (options: ConnectionOptions) => {
      const { connectAdmin } = await import("../admin-client.ts");
      const { printCoverage } = await import("../output/coverage-page.ts");
      const client = await connectAdmin(host.context, options);
      const printer = createPrinter(host.context, askedFormat(options));
      await printCoverage(printer, await client.getCoverage({}));
      host.finish(EXIT.good);
    });
  withConnectionOptions(selector.command("explain <server> <monitor>"))
    .description("why a monitor is where it is for a server, and what would change that")
    .action(async (word: string, monitor: string, options: ConnectionOptions) => {
      await explain(host, { word, monitor }, options);
    });
}

async function simulate(
  host: CommandHost,
  word: string | undefined,
  options: SimulateOptions,
): Promise<void> {
  const { context } = host;
  if ((word === undefined) !== (options.all === true)) {
    throw new AppError("usage", "name one server, or say --all");
  }
  const { connectAdmin } = await import("../admin-client.ts");
  const { findServers } = await import("../find-server.ts");
  const { printSimulations } = await import("../output/simulation-page.ts");
  const policyJson = options.policy === undefined ? "" : await policyFrom(options.policy);
  const client = await connectAdmin(context, options);
  const servers =
    word === undefined ? (await client.listServers({})).servers : await findServers(client, word);
  const simulations: adminV1.SimulateReviewResponse[] = [];
  for (const { id } of servers) {
    simulations.push(await client.simulateReview({ serverId: id, policyJson }));
  }
  await printSimulations(createPrinter(context, askedFormat(options)), simulations);
  host.finish(EXIT.good);
}

async function policyFrom(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const { code = "unknown" } = cause as NodeJS.ErrnoException;
    throw new AppError(
      "usage",
      `--policy: ${file} cannot be read (${code}): name a JSON file that this account may read, such as {"accountLimit": 3}`,
      { cause },
    );
  }
}

async function explain(
  host: CommandHost,
  { word, monitor }: { readonly word: string; readonly monitor: string },
  options: ConnectionOptions,
): Promise<void> {
  const { context } = host;
  const { connectAdmin } = await import("../admin-client.ts");
  const { findServers } = await import("../find-server.ts");
  const { printExplanations } = await import("../output/simulation-page.ts");
  const client = await connectAdmin(context, options);
  const printer = createPrinter(context, askedFormat(options));
  const explanations: adminV1.AssignmentExplanation[] = [];
  for (const { id } of await findServers(client, word)) {
    const monitorId = await monitorNamed(client, id, monitor);
    const { explanation } = await client.explainAssignment({ serverId: id, monitorId });
    if (explanation !== undefined) explanations.push(explanation);
  }
  await printExplanations(printer, explanations);
  host.finish(EXIT.good);
}

async function monitorNamed(client: AdminClient, id: bigint, name: string): Promise<bigint> {
  const { assignments } = await client.getServer({ id });
  const found = assignments.find(
    ({ monitorName, monitorId }) => monitorName === name || String(monitorId) === name,
  );
  if (found !== undefined) return found.monitorId;
  const known = assignments.map(({ monitorName }) => monitorName).join(", ");
  throw new AppError("not_found", `no monitor "${name}" has to do with this server: ${known}`);
}
