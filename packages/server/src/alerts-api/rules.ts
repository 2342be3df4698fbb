// ListAlertRules, SaveAlertRule, RemoveAlertRule.

import { create } from "@bufbuild/protobuf";
import { isTimeZone } from "@truechimer/alerts";
import { alertsV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import { inTransaction, type JsonValue, type Schema, type Timestamptz } from "@truechimer/database";
import { type Kysely, sql } from "kysely";
import { durationFromMs, timestampFrom } from "../admin-api/admin-message.ts";
import { quietHoursOf, type RuleRow } from "../alerts/rules.ts";
import { recordAct } from "../audit/record-act.ts";
import { requestFilter } from "../filter/filter-refused.ts";
import { type ActingContext, callerName } from "../people/caller.ts";
import { objectMissing } from "../people/owned-objects.ts";
import { shownName } from "../people/shown-name.ts";
import {
  GROUPINGS,
  lengthMs,
  requireChannels,
  requiredWord,
  SEVERITIES,
  SUBJECTS,
  seenBy,
  wordOf,
} from "./alert-words.ts";
import { ALERT_RULES, naming, requirePlace } from "./named-place.ts";

const CHANNELS_MAX = 20;
const DAY_MINUTES = 1_440;

export async function listAlertRules({
  database,
  caller,
}: ActingContext): Promise<alertsV1.ListAlertRulesResponse> {
  return create(alertsV1.ListAlertRulesResponseSchema, {
    rules: await ruleMessages(database.kysely, { accountId: caller?.accountId }),
  });
}

export async function saveAlertRule(
  context: ActingContext,
  { rule }: alertsV1.SaveAlertRuleRequest,
): Promise<alertsV1.SaveAlertRuleResponse> {
  const { database, caller } = context;
  if (rule === undefined) throw new AppError("bad_request", "rule is missing");
  const values = checkedRule(context, rule);
  const accountId = caller?.accountId;
  const channels = [...values.channel_ids, ...values.escalation_channel_ids];
  const id = await naming(ALERT_RULES, values.name, () =>
    inTransaction(database, async (transaction) => {
      await requireChannels(transaction, channels, accountId);
      if (rule.id !== 0n) return changeRule({ context, transaction }, rule.id, values);
      await requirePlace(transaction, ALERT_RULES);
      const row = await transaction
        .insertInto("alert_rules")
        .values({ ...values, account_id: accountId ?? null, created_by: callerName(caller) })
        .returning("id")
        .executeTakeFirstOrThrow();
      await recordAct(transaction, caller, {
        act: "alert_rule_created",
        object: `alert rule ${row.id}`,
        after: told(values),
      });
      return row.id;
    }),
  );
  const [saved] = await ruleMessages(database.kysely, { id, accountId });
  return create(alertsV1.SaveAlertRuleResponseSchema, saved === undefined ? {} : { rule: saved });
}

export async function removeAlertRule(
  { database, caller }: ActingContext,
  { id }: alertsV1.RemoveAlertRuleRequest,
): Promise<alertsV1.RemoveAlertRuleResponse> {
  await inTransaction(database, async (transaction) => {
    const before = await lockedRule(transaction, id, caller?.accountId);
    await sql`update alert_rules set removed_at = now() where id = ${id}`.execute(transaction);
    await endAlertsOf(transaction, id);
    await recordAct(transaction, caller, {
      act: "alert_rule_removed",
      object: `alert rule ${id}`,
      before: told(before),
    });
  });
  return create(alertsV1.RemoveAlertRuleResponseSchema);
}

/** As they are stored. */
export type RuleValues = Pick<
  RuleRow,
  | "name"
  | "enabled"
  | "subject"
  | "filter"
  | "severity"
  | "holds_ms"
  | "recovers_ms"
  | "grouping"
  | "channel_ids"
  | "quiet_from_minute"
  | "quiet_to_minute"
  | "quiet_zone"
  | "escalate_after_ms"
  | "escalation_channel_ids"
>;

/** Fails with bad_request or bad_filter, naming the field. */
export function checkedRule(context: ActingContext, rule: alertsV1.AlertRule): RuleValues {
  const subject = requiredWord("subject", SUBJECTS, rule.subject);
  if (subject === "certificates" && context.caller?.accountId !== undefined) {
    throw new AppError(
      "bad_request",
      "subject CERTIFICATES: the dashboard's certificate is the whole installation's, and this caller is of one account: expected SERVERS or MONITORS, or a caller without an account",
    );
  }
  if (rule.filter.trim() === "") {
    throw new AppError(
      "bad_request",
      "filter is empty, so that the rule would be about everything: say what is wrong, such as verdict:falseticker",
    );
  }
  requestFilter(context, subject, rule.filter);
  const escalateMs =
    rule.escalateAfter === undefined ? null : lengthMs("escalate_after", rule.escalateAfter);
  if (escalateMs !== null && (escalateMs === 0 || rule.escalationChannelIds.length === 0)) {
    throw new AppError(
      "bad_request",
      "escalate_after needs a time above 0 s and escalation_channel_ids, which say who is told then",
    );
  }
  return {
    name: shownName("name", rule.name),
    enabled: rule.enabled,
    subject,
    filter: rule.filter.trim(),
    severity: requiredWord("severity", SEVERITIES, rule.severity),
    holds_ms: BigInt(lengthMs("holds", rule.holds)),
    recovers_ms: BigInt(lengthMs("recovers", rule.recovers)),
    grouping: wordOf(GROUPINGS, rule.grouping) ?? "cause",
    channel_ids: checkedChannels("channel_ids", rule.channelIds),
    ...checkedQuietHours(rule.quietHours),
    escalate_after_ms: escalateMs === null ? null : BigInt(escalateMs),
    escalation_channel_ids: checkedChannels("escalation_channel_ids", rule.escalationChannelIds),
  };
}

function checkedChannels(field: string, ids: readonly bigint[]): readonly bigint[] {
  if (ids.length <= CHANNELS_MAX) return [...new Set(ids)];
  throw new AppError(
    "bad_request",
    `${field} names ${ids.length} channels: at most ${CHANNELS_MAX}`,
  );
}

function checkedQuietHours(
  quiet: alertsV1.QuietHours | undefined,
): Pick<RuleValues, "quiet_from_minute" | "quiet_to_minute" | "quiet_zone"> {
  if (quiet === undefined) {
    return { quiet_from_minute: null, quiet_to_minute: null, quiet_zone: "UTC" };
  }
  const { fromMinute, toMinute } = quiet;
  const zone = quiet.zone === "" ? "UTC" : quiet.zone;
  if (fromMinute >= DAY_MINUTES || toMinute >= DAY_MINUTES) {
    throw new AppError(
      "bad_request",
      `quiet_hours ${fromMinute} to ${toMinute}: expected minutes from 0 to 1439`,
    );
  }
  if (!isTimeZone(zone)) {
    throw new AppError(
      "bad_request",
      `quiet_hours.zone "${zone.slice(0, 40)}": expected a name such as Europe/Zurich`,
    );
  }
  return { quiet_from_minute: fromMinute, quiet_to_minute: toMinute, quiet_zone: zone };
}

type Transaction = Parameters<typeof recordAct>[0];

async function changeRule(
  { context, transaction }: { readonly context: ActingContext; readonly transaction: Transaction },
  id: bigint,
  values: RuleValues,
): Promise<bigint> {
  const { caller } = context;
  const before = await lockedRule(transaction, id, caller?.accountId);
  await transaction.updateTable("alert_rules").set(values).where("id", "=", id).execute();
  const isAnother = before.filter !== values.filter || before.subject !== values.subject;
  if (isAnother || !values.enabled) await endAlertsOf(transaction, id);
  await recordAct(transaction, caller, {
    act: "alert_rule_changed",
    object: `alert rule ${id}`,
    before: told(before),
    after: told(values),
  });
  return id;
}

/** Fails with not_found. */
async function lockedRule(
  transaction: Transaction,
  id: bigint,
  accountId: bigint | undefined,
): Promise<RuleRow> {
  const row = await transaction
    .selectFrom("alert_rules")
    .selectAll()
    .where("id", "=", id)
    .where("removed_at", "is", null)
    .where(seenBy("account_id", accountId))
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) throw objectMissing("alertRules", id);
  return row;
}

/** What it had found is no news any more: nobody is told that it is well. */
async function endAlertsOf(transaction: Transaction, ruleId: bigint): Promise<void> {
  await sql`delete from alerts where rule_id = ${ruleId} and phase = 'pending'`.execute(
    transaction,
  );
  await sql`
    update alerts set phase = 'ended', phase_since = now(), ended_at = now(), end_reason = 'rule_changed'
    where rule_id = ${ruleId} and ended_at is null`.execute(transaction);
}

/** For the audit trail. */
function told(rule: RuleValues | RuleRow): JsonValue {
  return {
    name: rule.name,
    enabled: rule.enabled,
    subject: rule.subject,
    filter: rule.filter,
    severity: rule.severity,
    holds_ms: Number(rule.holds_ms),
    recovers_ms: Number(rule.recovers_ms),
    grouping: rule.grouping,
    channels: rule.channel_ids.map(String),
    quiet_hours:
      rule.quiet_from_minute === null
        ? null
        : [rule.quiet_from_minute, rule.quiet_to_minute ?? 0, rule.quiet_zone],
    escalate_after_ms: rule.escalate_after_ms === null ? null : Number(rule.escalate_after_ms),
    escalation_channels: rule.escalation_channel_ids.map(String),
  };
}

/** By name. */
async function ruleMessages(
  kysely: Kysely<Schema>,
  { id, accountId }: { readonly id?: bigint; readonly accountId: bigint | undefined },
): Promise<alertsV1.AlertRule[]> {
  const { rows } = await sql<
    RuleRow & {
      readonly pending: bigint;
      readonly firing: bigint;
      readonly created_at: Timestamptz;
    }
  >`
    select r.*, (select count(*) from alerts a where a.rule_id = r.id and a.phase = 'pending') as pending,
      (select count(*) from alerts a where a.rule_id = r.id and a.phase in ('firing', 'recovering')) as firing
    from alert_rules r
    where r.removed_at is null and ${seenBy("r.account_id", accountId)} and ${id === undefined ? sql`true` : sql`r.id = ${id}`}
    order by r.name, r.id`.execute(kysely);
  return rows.map((row) => {
    const quiet = quietHoursOf(row);
    return create(alertsV1.AlertRuleSchema, {
      id: row.id,
      name: row.name,
      enabled: row.enabled,
      subject: SUBJECTS[row.subject],
      filter: row.filter,
      severity: SEVERITIES[row.severity],
      holds: durationFromMs(Number(row.holds_ms)),
      recovers: durationFromMs(Number(row.recovers_ms)),
      grouping: GROUPINGS[row.grouping],
      channelIds: [...row.channel_ids],
      ...(quiet === undefined ? {} : { quietHours: quiet }),
      ...(row.escalate_after_ms === null
        ? {}
        : { escalateAfter: durationFromMs(Number(row.escalate_after_ms)) }),
      escalationChannelIds: [...row.escalation_channel_ids],
      createdBy: row.created_by,
      createdAt: timestampFrom(row.created_at),
      pending: Number(row.pending),
      firing: Number(row.firing),
    });
  });
}
