// A rule as a person types it, and as the API takes it.

import type { MessageInitShape } from "@bufbuild/protobuf";
import { alertsV1 } from "@truechimer/api";
import type { ReadyRule } from "./ready-rules.ts";

export type RuleInit = MessageInitShape<typeof alertsV1.AlertRuleSchema>;

export interface RuleDraft {
  /** 0: it is to be made. */
  readonly id: bigint;
  readonly name: string;
  readonly enabled: boolean;
  readonly subject: alertsV1.AlertSubject;
  readonly filter: string;
  readonly severity: alertsV1.AlertSeverity;
  /** Minutes, as they were typed. */
  readonly holds: string;
  readonly recovers: string;
  readonly grouping: alertsV1.AlertGrouping;
  readonly channelIds: readonly bigint[];
  readonly isQuiet: boolean;
  /** "22:00" */
  readonly quietFrom: string;
  readonly quietTo: string;
  readonly quietZone: string;
  /** Minutes; empty: never. */
  readonly escalateAfter: string;
  readonly escalationChannelIds: readonly bigint[];
}

const NEW: Omit<RuleDraft, keyof ReadyRule | "channelIds"> = {
  id: 0n,
  enabled: true,
  holds: "0",
  recovers: "0",
  grouping: alertsV1.AlertGrouping.CAUSE,
  isQuiet: false,
  quietFrom: "22:00",
  quietTo: "07:00",
  quietZone: "UTC",
  escalateAfter: "",
  escalationChannelIds: [],
};

/** One that is not made yet, and tells all those channels. */
export function draftOfReady(
  { name, subject, filter, severity, holdsMinutes }: ReadyRule,
  channelIds: readonly bigint[],
): RuleDraft {
  return { ...NEW, name, subject, filter, severity, holds: String(holdsMinutes), channelIds };
}

export function draftOf(rule: alertsV1.AlertRule): RuleDraft {
  const { quietHours: quiet } = rule;
  return {
    ...NEW,
    id: rule.id,
    name: rule.name,
    enabled: rule.enabled,
    subject: rule.subject,
    filter: rule.filter,
    severity: rule.severity,
    holds: minutesText(rule.holds) || "0",
    recovers: minutesText(rule.recovers) || "0",
    grouping: rule.grouping || alertsV1.AlertGrouping.CAUSE,
    channelIds: rule.channelIds,
    escalateAfter: minutesText(rule.escalateAfter),
    escalationChannelIds: rule.escalationChannelIds,
    ...(quiet === undefined
      ? {}
      : {
          isQuiet: true,
          quietFrom: clockText(quiet.fromMinute),
          quietTo: clockText(quiet.toMinute),
          quietZone: quiet.zone || "UTC",
        }),
  };
}

export function ruleOfDraft(draft: RuleDraft): RuleInit {
  const { id, name, enabled, subject, filter, severity, grouping } = draft;
  const escalates = draft.escalateAfter.trim() !== "";
  return {
    id,
    name,
    enabled,
    subject,
    filter,
    severity,
    grouping,
    holds: lengthOf(draft.holds),
    recovers: lengthOf(draft.recovers),
    channelIds: [...draft.channelIds],
    ...(draft.isQuiet
      ? {
          quietHours: {
            fromMinute: minuteOf(draft.quietFrom),
            toMinute: minuteOf(draft.quietTo),
            zone: draft.quietZone,
          },
        }
      : {}),
    ...(escalates
      ? {
          escalateAfter: lengthOf(draft.escalateAfter),
          escalationChannelIds: [...draft.escalationChannelIds],
        }
      : {}),
  };
}

/** "1.5" of 90 s; empty: there is none. */
function minutesText(length: alertsV1.AlertRule["holds"]): string {
  if (length === undefined) return "";
  return String((Number(length.seconds) + length.nanos / 1e9) / 60);
}

function lengthOf(minutes: string): { readonly seconds: bigint } {
  return { seconds: BigInt(Math.round(Number(minutes) * 60)) };
}

function clockText(minute: number): string {
  return [Math.floor(minute / 60), minute % 60]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
}

function minuteOf(clock: string): number {
  const [hours = "0", minutes = "0"] = clock.split(":");
  return Number(hours) * 60 + Number(minutes);
}
