// `truechimer alerts …`: what is going on, rules, and ways out.

import { alertsV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import { type Command, Option } from "commander";
import {
  type CommandHost,
  type ConnectionOptions,
  examples,
  refuseWords,
  withConnectionOptions,
} from "../command-host.ts";
import { EXIT } from "../exit-code.ts";
import { callWithFilter } from "../filter-option.ts";
import { connectedToAlerts, printerFor } from "./admin-command.ts";
import { registerAlertChannels } from "./alert-channels.ts";
import { alertId, channelsNamed, lengthOption } from "./alert-options.ts";

const SUBJECTS = {
  servers: alertsV1.AlertSubject.SERVERS,
  monitors: alertsV1.AlertSubject.MONITORS,
} as const;
const SEVERITIES = {
  info: alertsV1.AlertSeverity.INFO,
  warning: alertsV1.AlertSeverity.WARNING,
  critical: alertsV1.AlertSeverity.CRITICAL,
} as const;

export function registerAlerts(host: CommandHost): void {
  const alerts = host.program
    .command("alerts")
    .description("who is told when something is wrong: incidents, rules, channels");
  registerList(host, alerts);
  registerAcknowledge(host, alerts);
  registerRules(host, alerts);
  registerAlertChannels(host, alerts);
  registerSilence(host, alerts);
}

function registerList(host: CommandHost, alerts: Command): void {
  withConnectionOptions(alerts.command("list", { isDefault: true }).allowExcessArguments())
    .description("what is going on, since when, and who was told")
    .option("--all", "also what is over")
    .action(async (options: ConnectionOptions & { readonly all?: boolean }, command: Command) => {
      refuseWords(command);
      const { printIncidents } = await import("../output/alert-rows.ts");
      const client = await connectedToAlerts(host, options);
      const answer = await client.listIncidents({ includeRecovered: options.all === true });
      await printIncidents(printerFor(host, options), answer);
      host.finish(EXIT.good);
    });
}

function registerAcknowledge(host: CommandHost, alerts: Command): void {
  withConnectionOptions(alerts.command("acknowledge <incident>"))
    .description("you take it on: others are not told because nobody did")
    .option("--note <text>", "what is being done", "")
    .action(async (word: string, options: ConnectionOptions & { readonly note: string }) => {
      const id = alertId(word, "incident");
      const client = await connectedToAlerts(host, options);
      await client.acknowledgeIncident({ id, note: options.note });
      const printer = printerFor(host, options);
      printer.line(`acknowledged ${id}`);
      printer.json({ id, change: "acknowledged" });
      host.finish(EXIT.good);
    });
}

interface RuleOptions extends ConnectionOptions {
  readonly filter: string;
  readonly over: keyof typeof SUBJECTS;
  readonly severity: keyof typeof SEVERITIES;
  readonly holds?: string;
  readonly recovers?: string;
  readonly to: readonly string[];
}

function registerRules(host: CommandHost, alerts: Command): void {
  const rules = alerts.command("rules").description("what is watched for");
  withConnectionOptions(rules.command("list", { isDefault: true }).allowExcessArguments())
    .description("rules, and how many alerts of each fire")
    .action(async (options: ConnectionOptions, command: Command) => {
      refuseWords(command);
      const { printAlertRules } = await import("../output/alert-rows.ts");
      const client = await connectedToAlerts(host, options);
      const [{ rules: rows }, { channels }] = await Promise.all([
        client.listAlertRules({}),
        client.listAlertChannels({}),
      ]);
      await printAlertRules(printerFor(host, options), rows, channels);
      host.finish(EXIT.good);
    });
  withConnectionOptions(rules.command("add <name>"))
    .description("whatever passes the filter is wrong, and is told")
    .requiredOption("--filter <filter>", "such as 'verdict:falseticker'")
    .addOption(
      new Option("--over <what>", "what the filter is a filter of")
        .choices(Object.keys(SUBJECTS))
        .default("servers"),
    )
    .addOption(
      new Option("--severity <severity>", "how bad it is")
        .choices(Object.keys(SEVERITIES))
        .default("warning"),
    )
    .option("--holds <duration>", 'how long it must hold first, such as "5m"')
    .option("--recovers <duration>", "how long it must be over before that is a recovery")
    .option("--to <channels...>", "who is told, by the channel's name", [])
    .addHelpText(
      "after",
      examples(
        [
          "truechimer alerts rules add liars --filter verdict:falseticker --severity critical --to mail",
          "a clock that lies",
        ],
        [
          "truechimer alerts rules add lost --over monitors --filter online:no --holds 10m --to mail",
          "an agent that is not heard of",
        ],
      ),
    )
    .action(async (name: string, options: RuleOptions) => {
      const client = await connectedToAlerts(host, options);
      const channelIds = await channelsNamed(client, options.to);
      const { rule } = await callWithFilter(host, options, (filter) =>
        client.saveAlertRule({
          rule: {
            name,
            enabled: true,
            subject: SUBJECTS[options.over],
            filter,
            severity: SEVERITIES[options.severity],
            ...lengthOption("--holds", "holds", options.holds),
            ...lengthOption("--recovers", "recovers", options.recovers),
            channelIds,
          },
        }),
      );
      const printer = printerFor(host, options);
      printer.line(
        channelIds.length === 0
          ? `added ${name}; nobody is told: name channels with --to`
          : `added ${name}`,
      );
      printer.json({ id: rule?.id, name });
      host.finish(EXIT.good);
    });
  withConnectionOptions(rules.command("remove <rule>"))
    .description("by its name or number; what it had found ends without a word")
    .action(async (word: string, options: ConnectionOptions) => {
      const client = await connectedToAlerts(host, options);
      const { rules: known } = await client.listAlertRules({});
      const found = known.find(({ id, name }) => name === word || String(id) === word);
      if (found === undefined) throw new AppError("not_found", `there is no alert rule "${word}"`);
      await client.removeAlertRule({ id: found.id });
      const printer = printerFor(host, options);
      printer.line(`removed ${found.name}`);
      printer.json({ id: found.id, change: "removed" });
      host.finish(EXIT.good);
    });
}

interface SilenceOptions extends ConnectionOptions {
  readonly filter?: string;
  readonly for: string;
  readonly over: keyof typeof SUBJECTS;
  readonly comment: string;
}

function registerSilence(host: CommandHost, alerts: Command): void {
  withConnectionOptions(alerts.command("silence"))
    .description("nobody is told of what passes a filter, for a while")
    .option("--filter <filter>", "such as 'server:ntp1.*'; by default everything")
    .requiredOption("--for <duration>", 'such as "2h"')
    .addOption(
      new Option("--over <what>", "what the filter is a filter of")
        .choices(Object.keys(SUBJECTS))
        .default("servers"),
    )
    .option("--comment <text>", "why", "")
    .action(async (options: SilenceOptions) => {
      const client = await connectedToAlerts(host, options);
      const { lasts } = lengthOption("--for", "lasts", options.for);
      const { silence } = await callWithFilter(host, options, (filter) =>
        client.createAlertSilence({
          subject: SUBJECTS[options.over],
          filter,
          ...(lasts === undefined ? {} : { lasts }),
          comment: options.comment,
        }),
      );
      const printer = printerFor(host, options);
      printer.line(`silence ${silence?.id ?? ""} for ${options.for}`);
      printer.json({ id: silence?.id });
      host.finish(EXIT.good);
    });
  withConnectionOptions(alerts.command("end-silence <silence>"))
    .description("what still goes on is told from here on")
    .action(async (word: string, options: ConnectionOptions) => {
      const id = alertId(word, "silence");
      await (await connectedToAlerts(host, options)).endAlertSilence({ id });
      const printer = printerFor(host, options);
      printer.line(`ended silence ${id}`);
      printer.json({ id, change: "ended" });
      host.finish(EXIT.good);
    });
}
