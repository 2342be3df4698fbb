// `truechimer alerts rules …`: what is watched for, and what a rule would have told.

import { alertsV1 } from "@truechimer/api";
import { AppError, parseDurationMs } from "@truechimer/base";
import { type Command, Option } from "commander";
import type { AlertsClient } from "../admin-client.ts";
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
import {
  ALERT_SUBJECTS,
  type AlertSubjectWord,
  channelsNamed,
  lengthOption,
  quietHoursOption,
} from "./alert-options.ts";

const SEVERITIES = {
  info: alertsV1.AlertSeverity.INFO,
  warning: alertsV1.AlertSeverity.WARNING,
  critical: alertsV1.AlertSeverity.CRITICAL,
} as const;
const GROUPINGS = {
  cause: alertsV1.AlertGrouping.CAUSE,
  rule: alertsV1.AlertGrouping.RULE,
  none: alertsV1.AlertGrouping.NONE,
} as const;
/** Scores of a month are read result by result. */
const TRIAL_TIMEOUT_MS = 120_000;

interface RuleOptions extends ConnectionOptions {
  readonly filter?: string;
  readonly over?: AlertSubjectWord;
  readonly severity?: keyof typeof SEVERITIES;
  readonly holds?: string;
  readonly recovers?: string;
  readonly group?: keyof typeof GROUPINGS;
  readonly to?: readonly string[];
  readonly quietHours?: string;
  readonly escalateAfter?: string;
  readonly escalateTo?: readonly string[];
}

export function registerAlertRules(host: CommandHost, alerts: Command): void {
  const rules = alerts.command("rules").description("what is watched for");
  registerList(host, rules);
  registerAdd(host, rules);
  registerChange(host, rules);
  registerTry(host, rules);
  registerRemove(host, rules);
}

function registerList(host: CommandHost, rules: Command): void {
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
}

function registerAdd(host: CommandHost, rules: Command): void {
  withRuleOptions(rules.command("add <name>"))
    .description("whatever passes the filter is wrong, and is told")
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
      if (options.filter === undefined)
        throw new AppError(
          "usage",
          "--filter is missing: say what is wrong, such as verdict:falseticker",
        );
      const client = await connectedToAlerts(host, options);
      const fields = await ruleFields(client, options);
      const { rule } = await callWithFilter(host, options, (filter) =>
        client.saveAlertRule({ rule: { ...NORMAL, ...fields, name, enabled: true, filter } }),
      );
      const printer = printerFor(host, options);
      printer.line(
        rule?.channelIds.length === 0
          ? `added ${name}; nobody is told: name channels with --to`
          : `added ${name}`,
      );
      printer.json({ id: rule?.id, name });
      host.finish(EXIT.good);
    });
}

interface ChangeOptions extends RuleOptions {
  readonly off?: boolean;
  readonly on?: boolean;
  readonly alwaysTell?: boolean;
  readonly neverEscalate?: boolean;
}

function registerChange(host: CommandHost, rules: Command): void {
  withRuleOptions(rules.command("change <rule>"))
    .description("by its name or number; what is not named stays")
    .addOption(new Option("--off", "it is not watched for").conflicts("on"))
    .option("--on", "it is watched for again")
    .addOption(new Option("--always-tell", "without quiet hours").conflicts("quietHours"))
    .addOption(
      new Option("--never-escalate", "nobody else is told").conflicts([
        "escalateAfter",
        "escalateTo",
      ]),
    )
    .addHelpText(
      "after",
      examples(
        ["truechimer alerts rules change liars --holds 10m", "more patient"],
        ["truechimer alerts rules change liars --off", "kept, and not watched for"],
      ),
    )
    .action(async (word: string, options: ChangeOptions) => {
      const client = await connectedToAlerts(host, options);
      const known = fieldsOf(await ruleNamed(client, word));
      const fields = { ...without(known, options), ...(await ruleFields(client, options)) };
      const enabled = options.on === true || (known.enabled === true && options.off !== true);
      const asked = { ...options, filter: options.filter ?? known.filter ?? "" };
      await callWithFilter(host, asked, (filter) =>
        client.saveAlertRule({ rule: { ...fields, enabled, filter } }),
      );
      const printer = printerFor(host, options);
      printer.line(`changed ${known.name ?? word}`);
      printer.json({ id: known.id, change: "changed" });
      host.finish(EXIT.good);
    });
}

/** What the options take away. */
function without(
  { quietHours, escalateAfter, escalationChannelIds, ...rule }: RuleFields,
  { alwaysTell, neverEscalate }: ChangeOptions,
): RuleFields {
  return {
    ...rule,
    ...(alwaysTell === true || quietHours === undefined ? {} : { quietHours }),
    ...(neverEscalate === true || escalateAfter === undefined ? {} : { escalateAfter }),
    ...(neverEscalate === true || escalationChannelIds === undefined
      ? {}
      : { escalationChannelIds }),
  };
}

function registerTry(host: CommandHost, rules: Command): void {
  withRuleOptions(rules.command("try [rule]"))
    .description("what a rule would have told, by what is kept of the past; nobody is told")
    .option("--since <duration>", 'how much of the past, at most 30 days: "7d", "12h"', "7d")
    .addHelpText(
      "after",
      examples(
        [
          "truechimer alerts rules try --filter verdict:unreachable --holds 5m --since 7d",
          "before it is made",
        ],
        [
          "truechimer alerts rules try liars --holds 10m",
          "one that there is, were it more patient",
        ],
      ),
    )
    .action(async (word: string | undefined, options: RuleOptions & { readonly since: string }) => {
      const parsed = parseDurationMs(options.since);
      if (!parsed.ok) throw new AppError("usage", `--since: ${parsed.error}`);
      if (word === undefined && options.filter === undefined)
        throw new AppError("usage", "expected a rule's name, or --filter");
      const { printAlertTrial } = await import("../output/alert-rows.ts");
      const client = await connectedToAlerts(host, options);
      const known = word === undefined ? NORMAL : fieldsOf(await ruleNamed(client, word));
      const fields = await ruleFields(client, options);
      const fromSeconds =
        host.context.clock.nowNs() / 1_000_000_000n - BigInt(Math.ceil(parsed.value / 1_000));
      const asked = { ...options, filter: options.filter ?? known.filter ?? "" };
      const trial = await callWithFilter(host, asked, (filter) =>
        client.tryAlertRule(
          { rule: { ...known, ...fields, filter }, from: { seconds: fromSeconds } },
          { timeoutMs: TRIAL_TIMEOUT_MS },
        ),
      );
      await printAlertTrial(printerFor(host, options), trial);
      host.finish(EXIT.good);
    });
}

function registerRemove(host: CommandHost, rules: Command): void {
  withConnectionOptions(rules.command("remove <rule>"))
    .description("by its name or number; what it had found ends without a word")
    .action(async (word: string, options: ConnectionOptions) => {
      const client = await connectedToAlerts(host, options);
      const found = await ruleNamed(client, word);
      await client.removeAlertRule({ id: found.id });
      const printer = printerFor(host, options);
      printer.line(`removed ${found.name}`);
      printer.json({ id: found.id, change: "removed" });
      host.finish(EXIT.good);
    });
}

/** Of a rule that says nothing else. */
const NORMAL: RuleFields = {
  subject: alertsV1.AlertSubject.SERVERS,
  severity: alertsV1.AlertSeverity.WARNING,
};

function withRuleOptions(command: Command): Command {
  return withConnectionOptions(command)
    .option("--filter <filter>", "such as 'verdict:falseticker'")
    .addOption(
      new Option(
        "--over <what>",
        "what the filter is a filter of; servers if nothing is said",
      ).choices(Object.keys(ALERT_SUBJECTS)),
    )
    .addOption(
      new Option("--severity <severity>", "how bad it is; warning if nothing is said").choices(
        Object.keys(SEVERITIES),
      ),
    )
    .option("--holds <duration>", 'how long it must hold first, such as "5m"')
    .option("--recovers <duration>", "how long it must be over before that is a recovery")
    .addOption(
      new Option(
        "--group <by>",
        "what comes together in one incident; cause if nothing is said",
      ).choices(Object.keys(GROUPINGS)),
    )
    .option("--to <channels...>", "who is told, by the channel's name")
    .option(
      "--quiet-hours <hours>",
      'when nobody is told: "22:00-07:00", or with a zone "22:00-07:00 Europe/Zurich"',
    )
    .option("--escalate-after <duration>", "without an acknowledgement, others are told as well")
    .option("--escalate-to <channels...>", "who is told then");
}

async function ruleFields(client: AlertsClient, options: RuleOptions): Promise<RuleFields> {
  const { over, severity, group, to, escalateTo } = options;
  return {
    ...(over === undefined ? {} : { subject: ALERT_SUBJECTS[over] }),
    ...(severity === undefined ? {} : { severity: SEVERITIES[severity] }),
    ...(group === undefined ? {} : { grouping: GROUPINGS[group] }),
    ...lengthOption("--holds", "holds", options.holds),
    ...lengthOption("--recovers", "recovers", options.recovers),
    ...(to === undefined ? {} : { channelIds: await channelsNamed(client, to) }),
    ...quietHoursOption(options.quietHours),
    ...lengthOption("--escalate-after", "escalateAfter", options.escalateAfter),
    ...(escalateTo === undefined
      ? {}
      : { escalationChannelIds: await channelsNamed(client, escalateTo) }),
  };
}

type RuleFields = Omit<
  NonNullable<Parameters<AlertsClient["saveAlertRule"]>[0]["rule"]>,
  "$typeName" | "$unknown"
>;

/** Without what makes it a message, so that it can be made anew with other fields. */
function fieldsOf({
  $typeName: _type,
  $unknown: _unknown,
  ...fields
}: alertsV1.AlertRule): RuleFields {
  return fields;
}

async function ruleNamed(client: AlertsClient, word: string): Promise<alertsV1.AlertRule> {
  const { rules } = await client.listAlertRules({});
  const found = rules.find(({ id, name }) => name === word || String(id) === word);
  if (found !== undefined) return found;
  const known = rules.map(({ name }) => name).join(", ");
  throw new AppError(
    "not_found",
    `there is no alert rule "${word}": ${known === "" ? 'there is none yet, see "truechimer help alerts rules"' : `expected one of ${known}`}`,
  );
}
