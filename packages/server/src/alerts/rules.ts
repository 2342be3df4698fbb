// Rules as they are looked at.

import type { QuietHours } from "@truechimer/alerts";
import type { AlertSubjectName, GroupingName, Schema, SeverityName } from "@truechimer/database";
import type { Kysely, Selectable } from "kysely";

export interface WatchingRule {
  readonly id: bigint;
  readonly name: string;
  /** Undefined: it watches those of all accounts. */
  readonly accountId: bigint | undefined;
  readonly subject: AlertSubjectName;
  readonly filter: string;
  readonly severity: SeverityName;
  readonly holdsMs: number;
  readonly recoversMs: number;
  readonly grouping: GroupingName;
  readonly channelIds: readonly bigint[];
  readonly quiet: QuietHours | undefined;
  readonly escalateAfterMs: number | undefined;
  readonly escalationChannelIds: readonly bigint[];
}

export type RuleRow = Selectable<Schema["alert_rules"]>;

/**
 * Until the end of the transaction none of them is changed or removed: what a look found of one that was removed meanwhile would
 * never end.
 */
export async function readWatchingRules(kysely: Kysely<Schema>): Promise<readonly WatchingRule[]> {
  const rows = await kysely
    .selectFrom("alert_rules")
    .selectAll()
    .where("enabled", "=", true)
    .where("removed_at", "is", null)
    .orderBy("id")
    .forKeyShare()
    .execute();
  return rows.map(watchingRule);
}

function watchingRule(row: RuleRow): WatchingRule {
  return {
    id: row.id,
    name: row.name,
    accountId: row.account_id ?? undefined,
    subject: row.subject,
    filter: row.filter,
    severity: row.severity,
    holdsMs: Number(row.holds_ms),
    recoversMs: Number(row.recovers_ms),
    grouping: row.grouping,
    channelIds: row.channel_ids,
    quiet: quietHoursOf(row),
    escalateAfterMs: row.escalate_after_ms === null ? undefined : Number(row.escalate_after_ms),
    escalationChannelIds: row.escalation_channel_ids,
  };
}

export function quietHoursOf(
  row: Pick<RuleRow, "quiet_from_minute" | "quiet_to_minute" | "quiet_zone">,
): QuietHours | undefined {
  const { quiet_from_minute: fromMinute, quiet_to_minute: toMinute, quiet_zone: zone } = row;
  return fromMinute === null || toMinute === null ? undefined : { fromMinute, toMinute, zone };
}
