// Incidents, rules and channels of the alerts.

import { alertsV1 } from "@truechimer/api";
import { unixMsFromNs } from "@truechimer/base";
import type { Printer } from "../cli-context.ts";
import { isoOf, msOf, wordOf } from "./api-words.ts";
import { agoCell } from "./server-rows.ts";
import { printable } from "./style.ts";
import type { Column } from "./table.ts";
import { instantText } from "./time-text.ts";

export async function printIncidents(
  printer: Printer,
  {
    incidents,
    heldReason,
  }: { readonly incidents: readonly alertsV1.Incident[]; readonly heldReason: string },
): Promise<void> {
  if (heldReason !== "") printer.line(`rules are not looked at: ${printable(heldReason)}`);
  const columns: readonly Column<alertsV1.Incident>[] = [
    { title: "no", text: ({ id }) => String(id) },
    { title: "severity", text: ({ severity }) => wordOf(alertsV1.AlertSeverity, severity) },
    { title: "about", text: ({ title }) => printable(title) },
    { title: "since", text: ({ openedAt }) => instantText(msOf(openedAt) ?? 0) },
    { title: "state", text: incidentState },
    { title: "alerts", text: ({ alertsTotal }) => String(alertsTotal) },
    { title: "told", text: toldText },
  ];
  await printer.table({
    columns,
    rows: incidents,
    json: incidentJson,
    empty: "nothing is going on",
  });
}

function incidentState({ recoveredAt, acknowledgedBy, acknowledgedAt }: alertsV1.Incident): string {
  if (recoveredAt !== undefined) return "over";
  return acknowledgedAt === undefined
    ? "open"
    : `taken by ${printable(acknowledgedBy) || "somebody"}`;
}

function toldText({ messages }: alertsV1.Incident): string {
  const names = messages.map(
    ({ channelName, state }) =>
      `${printable(channelName)}${state === alertsV1.AlertMessageState.SENT ? "" : ` (${wordOf(alertsV1.AlertMessageState, state)})`}`,
  );
  return [...new Set(names)].join(", ") || "nobody";
}

function incidentJson(incident: alertsV1.Incident): Record<string, unknown> {
  return {
    id: incident.id,
    cause: incident.cause,
    title: incident.title,
    severity: wordOf(alertsV1.AlertSeverity, incident.severity),
    opened_at: isoOf(incident.openedAt),
    recovered_at: isoOf(incident.recoveredAt),
    acknowledged_at: isoOf(incident.acknowledgedAt),
    acknowledged_by: incident.acknowledgedBy,
    alerts: incident.alerts.map(({ ruleName, subjectName, text }) => ({
      rule: ruleName,
      subject: subjectName,
      text,
    })),
    alerts_total: incident.alertsTotal,
    messages: incident.messages.map(({ channelName, kind, state }) => ({
      channel: channelName,
      kind,
      state: wordOf(alertsV1.AlertMessageState, state),
    })),
  };
}

export async function printAlertRules(
  printer: Printer,
  rules: readonly alertsV1.AlertRule[],
  channels: readonly alertsV1.AlertChannel[],
): Promise<void> {
  const names = new Map(channels.map(({ id, name }) => [id, name]));
  const columns: readonly Column<alertsV1.AlertRule>[] = [
    { title: "rule", text: ({ name, enabled }) => `${printable(name)}${enabled ? "" : " (off)"}` },
    { title: "severity", text: ({ severity }) => wordOf(alertsV1.AlertSeverity, severity) },
    { title: "over", text: ({ subject }) => wordOf(alertsV1.AlertSubject, subject) },
    { title: "filter", text: ({ filter }) => printable(filter) },
    { title: "firing", text: ({ firing }) => String(firing) },
    {
      title: "told",
      text: ({ channelIds }) =>
        channelIds.map((id) => printable(names.get(id) ?? "")).join(", ") || "nobody",
    },
  ];
  await printer.table({
    columns,
    rows: rules,
    json: (rule) => ({
      id: rule.id,
      name: rule.name,
      enabled: rule.enabled,
      subject: wordOf(alertsV1.AlertSubject, rule.subject),
      filter: rule.filter,
      severity: wordOf(alertsV1.AlertSeverity, rule.severity),
      holds_seconds: secondsOf(rule.holds),
      recovers_seconds: secondsOf(rule.recovers),
      grouping: wordOf(alertsV1.AlertGrouping, rule.grouping),
      channel_ids: rule.channelIds,
      quiet_hours: quietText(rule.quietHours),
      escalate_after_seconds: secondsOf(rule.escalateAfter),
      escalation_channel_ids: rule.escalationChannelIds,
      pending: rule.pending,
      firing: rule.firing,
    }),
    empty:
      'there is no rule: make one with "truechimer alerts rules add NAME --filter verdict:falseticker"',
  });
}

function secondsOf(length: alertsV1.AlertRule["holds"]): number | null {
  return length === undefined ? null : Number(length.seconds) + length.nanos / 1e9;
}

/** As `--quiet-hours` takes it. */
function quietText(quiet: alertsV1.QuietHours | undefined): string | null {
  if (quiet === undefined) return null;
  const clock = (minute: number): string =>
    [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, "0")).join(":");
  return `${clock(quiet.fromMinute)}-${clock(quiet.toMinute)} ${quiet.zone}`;
}

/** What a rule would have told, and what that rests on. */
export async function printAlertTrial(
  printer: Printer,
  trial: alertsV1.TryAlertRuleResponse,
): Promise<void> {
  const { incidents, incidentsTotal, messagesTotal, subjectsTotal, from, to } = trial;
  const columns: readonly Column<alertsV1.TriedIncident>[] = [
    { title: "began", text: ({ beganAt }) => instantText(msOf(beganAt) ?? 0) },
    {
      title: "ended",
      text: ({ endedAt }) => (endedAt === undefined ? "goes on" : instantText(msOf(endedAt) ?? 0)),
    },
    { title: "about", text: ({ title }) => printable(title) },
    { title: "of", text: subjectsText },
    { title: "messages", text: ({ messages }) => String(messages) },
  ];
  await printer.table({
    columns,
    rows: incidents,
    json: ({ cause, title, beganAt, endedAt, subjects, subjectsTotal: total, messages }) => ({
      cause,
      title,
      began_at: isoOf(beganAt),
      ended_at: isoOf(endedAt),
      subjects,
      subjects_total: total,
      messages,
    }),
    empty: "it would have told nothing",
  });
  const range = `${instantText(msOf(from) ?? 0)} to ${instantText(msOf(to) ?? 0)}`;
  printer.line(
    `${incidentsTotal} ${incidentsTotal === 1 ? "incident" : "incidents"}, ${messagesTotal} ${messagesTotal === 1 ? "message" : "messages"}, ${range}, ${subjectsTotal} looked at`,
  );
  for (const assumption of trial.assumptions) printer.line(`  ${printable(assumption)}`);
}

function subjectsText({ subjects, subjectsTotal }: alertsV1.TriedIncident): string {
  const [first = ""] = subjects;
  return subjectsTotal > 1 ? `${printable(first)} and ${subjectsTotal - 1} more` : printable(first);
}

export async function printAlertSilences(
  printer: Printer,
  silences: readonly alertsV1.AlertSilence[],
): Promise<void> {
  const columns: readonly Column<alertsV1.AlertSilence>[] = [
    { title: "no", text: ({ id }) => String(id) },
    { title: "over", text: ({ subject }) => wordOf(alertsV1.AlertSubject, subject) },
    { title: "filter", text: ({ filter }) => printable(filter) || "all" },
    { title: "from", text: ({ startsAt }) => instantText(msOf(startsAt) ?? 0) },
    { title: "until", text: ({ endsAt }) => instantText(msOf(endsAt) ?? 0) },
    { title: "why", text: ({ comment }) => printable(comment) || "–" },
    { title: "by", text: ({ createdBy }) => printable(createdBy) || "–" },
  ];
  await printer.table({
    columns,
    rows: silences,
    json: ({ id, subject, filter, startsAt, endsAt, comment, createdBy }) => ({
      id,
      subject: wordOf(alertsV1.AlertSubject, subject),
      filter,
      starts_at: isoOf(startsAt),
      ends_at: isoOf(endsAt),
      comment,
      created_by: createdBy,
    }),
    empty: "nothing is silenced",
  });
}

export async function printAlertChannels(
  printer: Printer,
  channels: readonly alertsV1.AlertChannel[],
  nowNs: bigint,
): Promise<void> {
  const nowMs = unixMsFromNs(nowNs);
  const columns: readonly Column<alertsV1.AlertChannel>[] = [
    { title: "channel", text: ({ name }) => printable(name) },
    { title: "kind", text: ({ way }) => way.case ?? "unknown" },
    { title: "to", text: destination },
    { title: "sent", text: ({ lastSentAt }) => agoCell(msOf(lastSentAt), nowMs) },
    { title: "last failure", text: ({ lastError }) => printable(lastError) || "–" },
  ];
  await printer.table({
    columns,
    rows: channels,
    json: (channel) => ({
      id: channel.id,
      name: channel.name,
      kind: channel.way.case,
      to: destination(channel),
      last_sent_at: isoOf(channel.lastSentAt),
      last_error: channel.lastError,
    }),
    empty: 'there is no channel: make one with "truechimer alerts channels add-email NAME …"',
  });
}

function destination({ way }: alertsV1.AlertChannel): string {
  if (way.case === undefined) return "–";
  return printable(way.case === "email" ? way.value.to.join(", ") : way.value.url);
}
