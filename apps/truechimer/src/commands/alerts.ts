// `truechimer alerts …`: what is going on, rules, and ways out.

import { type Command, Option } from "commander";
import {
  type CommandHost,
  type ConnectionOptions,
  refuseWords,
  withConnectionOptions,
} from "../command-host.ts";
import { EXIT } from "../exit-code.ts";
import { callWithFilter } from "../filter-option.ts";
import { type LimitOptions, printPagedList, withLimitOption } from "../paged-list.ts";
import { connectedToAlerts, printerFor } from "./admin-command.ts";
import { registerAlertChannels } from "./alert-channels.ts";
import { ALERT_SUBJECTS, type AlertSubjectWord, alertId, lengthOption } from "./alert-options.ts";
import { registerAlertRules } from "./alert-rules.ts";

/** Rows of a table, when nothing else is said. */
const TABLE_LIMIT = 100;
/** As many as a page may have. */
const PAGE_SIZE_MAX = 500;

interface ListOptions extends ConnectionOptions, LimitOptions {
  readonly all?: boolean;
}

export function registerAlerts(host: CommandHost): void {
  const alerts = host.program
    .command("alerts")
    .description("who is told when something is wrong: incidents, rules, channels");
  registerList(host, alerts);
  registerAcknowledge(host, alerts);
  registerAlertRules(host, alerts);
  registerAlertChannels(host, alerts);
  registerSilence(host, alerts);
}

function registerList(host: CommandHost, alerts: Command): void {
  const list = alerts.command("list", { isDefault: true }).allowExcessArguments();
  withLimitOption(withConnectionOptions(list), TABLE_LIMIT)
    .description("what is going on, since when, and who was told")
    .option("--all", "also what is over")
    .action(async (options: ListOptions, command: Command) => {
      refuseWords(command);
      const { printIncidents } = await import("../output/alert-rows.ts");
      const client = await connectedToAlerts(host, options);
      const printer = printerFor(host, options);
      let heldReason = "";
      await printPagedList(host, {
        printer,
        limit: options.limit,
        tableLimit: TABLE_LIMIT,
        pageSizeMax: PAGE_SIZE_MAX,
        ask: async ({ pageSize: limit, pageToken }) => {
          const includeRecovered = options.all === true;
          const answer = await client.listIncidents({ includeRecovered, limit, pageToken });
          ({ heldReason } = answer);
          return { rows: answer.incidents, nextPageToken: answer.nextPageToken };
        },
        print: (incidents) => printIncidents(printer, { incidents, heldReason }),
      });
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

interface SilenceOptions extends ConnectionOptions {
  readonly filter?: string;
  readonly for: string;
  readonly over: AlertSubjectWord;
  readonly comment: string;
}

function registerSilence(host: CommandHost, alerts: Command): void {
  withConnectionOptions(alerts.command("silence"))
    .description("nobody is told of what passes a filter, for a while")
    .option("--filter <filter>", "such as 'server:ntp1.*'; by default everything")
    .requiredOption("--for <duration>", 'such as "2h"')
    .addOption(
      new Option("--over <what>", "what the filter is a filter of")
        .choices(Object.keys(ALERT_SUBJECTS))
        .default("servers"),
    )
    .option("--comment <text>", "why", "")
    .action(async (options: SilenceOptions) => {
      const client = await connectedToAlerts(host, options);
      const { lasts } = lengthOption("--for", "lasts", options.for);
      const { silence } = await callWithFilter(host, options, (filter) =>
        client.createAlertSilence({
          subject: ALERT_SUBJECTS[options.over],
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
  withConnectionOptions(alerts.command("silences").allowExcessArguments())
    .description("what nobody is told of, now and later")
    .action(async (options: ConnectionOptions, command: Command) => {
      refuseWords(command);
      const { printAlertSilences } = await import("../output/alert-rows.ts");
      const client = await connectedToAlerts(host, options);
      const { silences } = await client.listAlertSilences({});
      await printAlertSilences(printerFor(host, options), silences);
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
