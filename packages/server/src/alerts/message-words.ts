// A message in words, and the same for programs.

import type {
  AlertMessageKindName,
  JsonValue,
  SeverityName,
  Timestamptz,
} from "@truechimer/database";
import { seenText } from "../people/shown-name.ts";

export interface IncidentFacts {
  readonly id: bigint;
  readonly idToken: string;
  readonly cause: string;
  readonly title: string;
  readonly severity: SeverityName;
  readonly openedAt: Timestamptz;
  readonly recoveredAt: Timestamptz | null;
}

export interface AlertFacts {
  readonly ruleId: bigint;
  readonly rule: string;
  readonly subjectId: bigint;
  readonly subject: string;
  readonly firedAt: Timestamptz | null;
  readonly endedAt: Timestamptz | null;
  readonly text: string;
}

export interface WrittenMessage {
  readonly subject: string;
  readonly body: string;
  readonly facts: JsonValue;
}

/** More are counted. */
const ALERTS_TOLD_MAX = 20;

export function incidentMessage(
  kind: Extract<AlertMessageKindName, "opened" | "escalated" | "recovered">,
  incident: IncidentFacts,
  {
    alerts,
    publicUrl,
  }: { readonly alerts: readonly AlertFacts[]; readonly publicUrl: string | undefined },
): WrittenMessage {
  const title = seenText(incident.title);
  const [first] = alerts;
  // By name: which of two that speak of the same began first is a matter of milliseconds.
  const rules = [...new Set(alerts.map(({ rule }) => seenText(rule)))].toSorted().join(", ");
  const head = HEADS[kind](incident.severity);
  const url = publicUrl === undefined ? undefined : `${publicUrl}/alerts`;
  const lines = [
    INTRODUCTIONS[kind](title, incident),
    "",
    ...alerts.slice(0, ALERTS_TOLD_MAX).flatMap(alertLines),
    ...(alerts.length > ALERTS_TOLD_MAX ? [`and ${alerts.length - ALERTS_TOLD_MAX} more`, ""] : []),
    ...(url === undefined ? [] : [url]),
  ];
  return {
    subject: `${head} ${title}${rules === "" ? "" : `: ${rules}`}`,
    body: `${lines.join("\n").trimEnd()}\n`,
    facts: {
      type: `incident.${kind}`,
      timestamp: instant(incident.recoveredAt ?? first?.firedAt ?? incident.openedAt),
      data: {
        incident: {
          id: String(incident.id),
          key: incident.idToken,
          cause: incident.cause,
          title: incident.title,
          severity: incident.severity,
          opened_at: instant(incident.openedAt),
          recovered_at: instant(incident.recoveredAt),
          ...(url === undefined ? {} : { url }),
        },
        alerts_total: alerts.length,
        alerts: alerts.slice(0, ALERTS_TOLD_MAX).map((alert) => ({
          rule_id: String(alert.ruleId),
          rule: alert.rule,
          subject_id: String(alert.subjectId),
          subject: alert.subject,
          fired_at: instant(alert.firedAt),
          ended_at: instant(alert.endedAt),
          text: alert.text,
        })),
      },
    },
  };
}

const HEADS = {
  opened: (severity: SeverityName) => `[${severity}]`,
  escalated: (severity: SeverityName) => `[${severity}, nobody has taken it on]`,
  recovered: () => "[recovered]",
} as const;

const INTRODUCTIONS = {
  opened: (title: string, { openedAt }: IncidentFacts) =>
    `Something is wrong with ${title} since ${spoken(openedAt)}.`,
  escalated: (title: string, { openedAt }: IncidentFacts) =>
    `Something is wrong with ${title} since ${spoken(openedAt)}, and nobody has acknowledged it.`,
  recovered: (title: string, { openedAt, recoveredAt }: IncidentFacts) =>
    `${title} is well again${recoveredAt === null ? "" : ` since ${spoken(recoveredAt)}`}. It began at ${spoken(openedAt)}.`,
} as const;

function alertLines({ subject, rule, text, firedAt }: AlertFacts): readonly string[] {
  const since = firedAt === null ? "" : ` (since ${spoken(firedAt)})`;
  return [`${seenText(subject)}: ${seenText(rule)}${since}`, `  ${seenText(text)}`, ""];
}

function instant(at: Timestamptz | null): string | null {
  return at;
}

/** To the second, in UTC. */
function spoken(at: Timestamptz): string {
  return `${at.slice(0, 19).replace("T", " ")}Z`;
}
