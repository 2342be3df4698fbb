// ActivateRuleSet: the rule set of a trial comes into force. From a defined result on: the change waits until every
// submission that has read the set before is committed, and holds up those that come, so that the order of commits divides
// the results; whoever asks later finds the snapshot of that moment.

import { create } from "@bufbuild/protobuf";
import { rulesV1 } from "@truechimer/api";
import { AppError, assert } from "@truechimer/base";
import {
  inTransaction,
  type JsonValue,
  type PgSnapshotText,
  type Schema,
} from "@truechimer/database";
import { parseRuleSet, type RuleSet, ruleSetText } from "@truechimer/scoring";
import { sql, type Transaction } from "kysely";
import { recordAct } from "../audit/record-act.ts";
import { type ActingContext, callerName } from "../people/caller.ts";
import { builtInDocument } from "./asked-rules.ts";
import { type ActivationRow, activationMessage } from "./rule-messages.ts";

/** Submissions take some ten milliseconds; one that hangs for as long is not waited for. */
const LOCK_TIMEOUT_MS = 10_000;
/** The history goes on: an effect of yesterday is no longer one. */
export const TRIAL_KEPT_HOURS = 24;

export async function activateRuleSet(
  context: ActingContext,
  { trialId }: rulesV1.ActivateRuleSetRequest,
): Promise<rulesV1.ActivateRuleSetResponse> {
  const row = await inTransaction(context.database, async (transaction) => {
    const trial = await loadTrial(transaction, trialId);
    await waitForSubmissions(transaction);
    const before = await context.ruleSets.active(transaction);
    refuseOutdated(trial, before);
    await storeRuleSet(transaction, trial, callerName(context.caller));
    const activated = await writeActivation(transaction, trial, callerName(context.caller));
    await recordAct(transaction, context.caller, {
      act: "rule_set_activated",
      object: `rule set ${ruleSetText(trial.rules)}`,
      before: { rule_set: ruleSetText(before) },
      after: { rule_set: ruleSetText(trial.rules), effect: trial.effect },
    });
    return activated;
  });
  return create(rulesV1.ActivateRuleSetResponseSchema, { activation: activationMessage(row) });
}

interface LoadedTrial {
  readonly rules: RuleSet;
  readonly document: JsonValue;
  readonly effect: JsonValue;
  /** What was in force when it was tried. */
  readonly activeId: string;
}

async function loadTrial(transaction: Transaction<Schema>, id: string): Promise<LoadedTrial> {
  const row = await transaction
    .selectFrom("rule_trials")
    .select(["document", "effect", "active_name", "active_version"])
    .where("id", "=", id)
    .where("tried_at", ">", sql<never>`now() - make_interval(hours => ${TRIAL_KEPT_HOURS}::int)`)
    .executeTakeFirst();
  if (row === undefined)
    throw new AppError(
      "not_found",
      `there is no trial "${id.slice(0, 40)}" of the last ${TRIAL_KEPT_HOURS} hours: try the rule set first, which names its effect`,
    );
  const parsed = parseRuleSet(row.document);
  assert(parsed.ok, "what was tried was right");
  const { document, effect, active_name: name, active_version: version } = row;
  return { rules: parsed.value, document, effect, activeId: ruleSetText({ name, version }) };
}

/** Each inserts into the table before it reads the set in force (monitor-api/store-submissions.ts). */
async function waitForSubmissions(transaction: Transaction<Schema>): Promise<void> {
  await sql`set local lock_timeout = ${sql.lit(LOCK_TIMEOUT_MS)}`.execute(transaction);
  await sql`lock table submissions in share row exclusive mode`.execute(transaction);
}

function refuseOutdated({ rules, activeId }: LoadedTrial, before: RuleSet): void {
  const now = ruleSetText(before);
  if (now !== activeId)
    throw new AppError(
      "conflict",
      `${now} has come into force since, and the trial named the effect against ${activeId}: try ${ruleSetText(rules)} again`,
    );
  if (now === ruleSetText(rules)) throw new AppError("conflict", `${now} is in force already`);
}

async function storeRuleSet(
  transaction: Transaction<Schema>,
  { rules, document }: LoadedTrial,
  by: string,
): Promise<void> {
  const id = ruleSetText(rules);
  if (builtInDocument(id) !== undefined) return;
  const text = JSON.stringify(document);
  const stored = await sql<{ readonly same: boolean }>`
    with added as (
      insert into rule_sets (name, version, document, created_by)
      values (${rules.name}, ${rules.version}, ${text}::jsonb, ${by})
      on conflict do nothing returning document
    )
    select document = ${text}::jsonb as same from added
    union all select document = ${text}::jsonb from rule_sets where name = ${rules.name} and version = ${rules.version}`.execute(
    transaction,
  );
  if (stored.rows.some(({ same }) => !same))
    throw new AppError(
      "conflict",
      `${id} is stored with other rules, which results may name: give the document another version`,
    );
}

async function writeActivation(
  transaction: Transaction<Schema>,
  { rules: { name, version }, effect }: LoadedTrial,
  by: string,
): Promise<ActivationRow> {
  return await transaction
    .insertInto("rule_set_activations")
    .values({
      name,
      version,
      activated_by: by,
      cluster: sql<bigint>`(select system_identifier from pg_control_system())`,
      before: sql<PgSnapshotText>`pg_current_snapshot()`,
      effect: JSON.stringify(effect),
    })
    .returning(["name", "version", "activated_at", "activated_by", "effect"])
    .executeTakeFirstOrThrow();
}
