// `truechimer rules …`: by which rules servers are judged, what would be under others, and other rules from now on.

import type { rulesV1 } from "@truechimer/api";
import { AppError, parseDurationMs } from "@truechimer/base";
import type { Command } from "commander";
import type { RulesClient } from "../admin-client.ts";
import {
  type CommandHost,
  type ConnectionOptions,
  examples,
  refuseWords,
  withConnectionOptions,
} from "../command-host.ts";
import { EXIT } from "../exit-code.ts";
import { readImportFile } from "../import/read-import-file.ts";
import { printerFor } from "./admin-command.ts";

interface TryOptions extends ConnectionOptions {
  readonly since: string;
}

interface ActivateOptions extends TryOptions {
  readonly yes?: boolean;
}

/** A trial over a long history takes minutes; it tells how far it has come. */
const NO_TIMEOUT_MS = 0;
const LINE_BEGIN_AND_CLEAR = "\r\u001b[K";

export function registerRules(host: CommandHost): void {
  const rules = host.program
    .command("rules")
    .description("the rules that servers are judged by: list, show, try others, activate them");
  registerList(host, rules);
  registerShow(host, rules);
  registerTry(host, rules);
  registerActivate(host, rules);
}

function registerList(host: CommandHost, rules: Command): void {
  withConnectionOptions(rules.command("list", { isDefault: true }).allowExcessArguments())
    .description("rule sets, and which is in force")
    .action(async (options: ConnectionOptions, command: Command) => {
      refuseWords(command);
      const { printRuleSets } = await import("../output/rule-rows.ts");
      const client = await connected(host, options);
      await printRuleSets(printerFor(host, options), await client.listRuleSets({}));
      host.finish(EXIT.good);
    });
}

function registerShow(host: CommandHost, rules: Command): void {
  withConnectionOptions(rules.command("show [id]"))
    .description("a rule set's document, by default that of the one in force")
    .addHelpText(
      "after",
      examples(
        ["truechimer rules show > mine.json", "a document to begin with: change its name"],
        ["truechimer rules show ntp_pool_every/1", "one by its name and version"],
      ),
    )
    .action(async (id: string | undefined, options: ConnectionOptions) => {
      const client = await connected(host, options);
      const { ruleSets } = await client.listRuleSets({});
      const found = ruleSets.find((set) => (id === undefined ? set.active : set.id === id));
      if (found === undefined) {
        const ids = ruleSets.map((set) => set.id).join(", ");
        throw new AppError(
          "not_found",
          `there is no rule set "${id ?? ""}": expected one of ${ids}`,
        );
      }
      // The same for people and programs: it is a file.
      host.context.stdout(`${found.documentJson}\n`);
      host.finish(EXIT.good);
    });
}

function registerTry(host: CommandHost, rules: Command): void {
  withSince(withConnectionOptions(rules.command("try <file>")), "30d")
    .description("replays the stored history under another rule set: what would differ, when, why")
    .addHelpText(
      "after",
      examples(
        ["truechimer rules try mine.json --since 30d", "a document; - is the standard input"],
        ["truechimer rules try ntp_pool_every/1 --json", "one that is stored, for a program"],
      ),
    )
    .action(async (file: string, options: TryOptions) => {
      const { printTrial } = await import("../output/rule-rows.ts");
      const client = await connected(host, options);
      await printTrial(printerFor(host, options), await trial(host, client, { file, options }));
      host.finish(EXIT.good);
    });
}

function registerActivate(host: CommandHost, rules: Command): void {
  withSince(withConnectionOptions(rules.command("activate <file>")), "7d")
    .description(
      "brings a rule set into force, after it was tried; without --yes it is tried alone",
    )
    .option("--yes", "do it: without, only the effect is told")
    .addHelpText(
      "after",
      examples(
        ["truechimer rules activate mine.json", "what it would have changed in a week"],
        ["truechimer rules activate mine.json --yes", "the same, and from now on"],
        ["truechimer rules activate ntp_pool_recentmedian/1 --yes", "back to what is built in"],
      ),
    )
    .action(async (file: string, options: ActivateOptions) => {
      const { printActivation, printTrial } = await import("../output/rule-rows.ts");
      const client = await connected(host, options);
      const printer = printerFor(host, options);
      const result = await trial(host, client, { file, options });
      if (options.yes !== true) {
        await printTrial(printer, result);
        printer.line("nothing was changed: say it with --yes to bring it into force");
        host.finish(EXIT.good);
        return;
      }
      printer.line(effectLine(result));
      const { activation } = await client.activateRuleSet({ trialId: result.trialId });
      printActivation(printer, activation);
      host.finish(EXIT.good);
    });
}

function effectLine({ effect }: rulesV1.TrialResult): string {
  return `${effect?.serversVerdictDiffers ?? 0} of ${effect?.servers ?? 0} servers would have had another verdict, ${effect?.serversScoreDiffers ?? 0} another score`;
}

function withSince(command: Command, normal: string): Command {
  return command.option("--since <duration>", 'how much of the history: "30d", "12h"', normal);
}

async function connected(
  { context }: CommandHost,
  options: ConnectionOptions,
): Promise<RulesClient> {
  const { connectRules } = await import("../admin-client.ts");
  return await connectRules(context, options);
}

interface TrialInput {
  readonly file: string;
  readonly options: TryOptions;
}

async function trial(
  { context }: CommandHost,
  client: RulesClient,
  { file, options }: TrialInput,
): Promise<rulesV1.TrialResult> {
  const { streamError } = await import("../admin-client.ts");
  const request = {
    ...(await askedRules(context, file)),
    from: since(options.since, context.clock.nowNs()),
  };
  const shows = context.stderrIsTerminal;
  try {
    const signal = context.stopSignal();
    for await (const { event } of client.tryRuleSet(request, {
      signal,
      timeoutMs: NO_TIMEOUT_MS,
    })) {
      if (shows) context.stderr(LINE_BEGIN_AND_CLEAR);
      if (event.case === "result") return event.value;
      if (event.case !== "progress" || !shows) continue;
      const { serversDone, serversTotal, results } = event.value;
      context.stderr(`  ${serversDone} of ${serversTotal} servers, ${results} checks`);
    }
  } catch (error) {
    throw streamError(error);
  }
  throw new AppError("bad_answer", "the trial ended without a result: try again");
}

/** What looks like a name and a version is one; a file of such a name is told by "./". */
async function askedRules(
  { stdin }: CommandHost["context"],
  file: string,
): Promise<{ readonly ruleSetId: string } | { readonly documentJson: string }> {
  if (/^[a-z][a-z0-9_]*\/\d+$/.test(file)) return { ruleSetId: file };
  return { documentJson: await readImportFile(file, stdin) };
}

function since(text: string, nowNs: bigint): { readonly seconds: bigint } {
  const parsed = parseDurationMs(text);
  if (!parsed.ok) throw new AppError("usage", `--since: ${parsed.error}`);
  return { seconds: nowNs / 1_000_000_000n - BigInt(Math.ceil(parsed.value / 1_000)) };
}
