// Each alert one look further, and written where it changed.

import { nextPhase, type OpenPhase } from "@truechimer/alerts";
import {
  type AlertEndName,
  nsFromTimestamptz,
  type Schema,
  type Timestamptz,
} from "@truechimer/database";
import { sql, type Transaction } from "kysely";
import type { Finding, Looker } from "./found-subjects.ts";
import type { WatchingRule } from "./rules.ts";

interface OpenAlertRow {
  readonly id: bigint;
  readonly rule_id: bigint;
  readonly subject_id: bigint;
  readonly phase: OpenPhase;
  readonly phase_since: Timestamptz;
}

interface Change {
  readonly ruleId: bigint;
  readonly finding: Pick<Finding, "id" | "name" | "text">;
  readonly to: OpenPhase | "ended" | "gone_pending";
  readonly endReason?: AlertEndName;
}

export async function advanceAlerts(
  transaction: Transaction<Schema>,
  {
    rules,
    looker,
    nowNs,
  }: {
    readonly rules: readonly WatchingRule[];
    readonly looker: Looker;
    readonly nowNs: bigint;
  },
): Promise<void> {
  const { rows } = await sql<OpenAlertRow>`
    select id, rule_id, subject_id, phase, phase_since from alerts where ended_at is null`.execute(
    transaction,
  );
  const openByRule = Map.groupBy(rows, (row) => row.rule_id);
  for (const rule of rules) {
    const open = new Map((openByRule.get(rule.id) ?? []).map((row) => [row.subject_id, row]));
    const findings = await looker.find(rule, [...open.keys()]);
    const changes = changesOf(rule, { open, findings, nowNs });
    await writeChanges(transaction, changes);
  }
}

function changesOf(
  rule: WatchingRule,
  {
    open,
    findings,
    nowNs,
  }: {
    readonly open: ReadonlyMap<bigint, OpenAlertRow>;
    readonly findings: readonly Finding[];
    readonly nowNs: bigint;
  },
): readonly Change[] {
  const found = new Set(findings.map(({ id }) => id));
  const missing = [...open.values()]
    .filter((row) => !found.has(row.subject_id))
    .map((row): Finding => ({ id: row.subject_id, name: "", text: "", truth: "gone" }));
  return [...findings, ...missing].flatMap((finding): readonly Change[] => {
    const row = open.get(finding.id);
    if (finding.truth === "gone") {
      if (row === undefined) return [];
      return [ending({ ruleId: rule.id, finding }, row.phase, "subject_gone")];
    }
    const before =
      row === undefined
        ? undefined
        : { phase: row.phase, phaseSinceNs: nsFromTimestamptz(row.phase_since) };
    const after = nextPhase(before, finding.truth, { nowNs, ...rule });
    if (after === before) return [];
    if (after === "ended" || after === undefined)
      return [ending({ ruleId: rule.id, finding }, row?.phase ?? "pending", "recovered")];
    return [{ ruleId: rule.id, finding, to: after.phase }];
  });
}

/** One that never fired leaves no trace. */
function ending(
  change: Pick<Change, "ruleId" | "finding">,
  phase: OpenPhase,
  endReason: AlertEndName,
): Change {
  return phase === "pending"
    ? { ...change, to: "gone_pending" }
    : { ...change, to: "ended", endReason };
}

async function writeChanges(
  transaction: Transaction<Schema>,
  changes: readonly Change[],
): Promise<void> {
  const forgotten = changes.filter(({ to }) => to === "gone_pending");
  if (forgotten.length > 0) {
    await sql`
      delete from alerts a using unnest(
        ${forgotten.map(({ ruleId }) => ruleId)}::bigint[], ${forgotten.map(({ finding }) => finding.id)}::bigint[]
      ) as t (rule_id, subject_id)
      where a.rule_id = t.rule_id and a.subject_id = t.subject_id and a.ended_at is null`.execute(
      transaction,
    );
  }
  const kept = changes.filter(({ to }) => to !== "gone_pending");
  if (kept.length === 0) return;
  const column = <Value>(value: (change: Change) => Value): Value[] => kept.map(value);
  await sql`
    insert into alerts (rule_id, subject_id, subject_name, phase, pending_since, phase_since, fired_at, text)
    select rule_id, subject_id, name, phase, now(), now(), case when phase = 'firing' then now() end, text
    from unnest(
      ${column(({ ruleId }) => ruleId)}::bigint[], ${column(({ finding }) => finding.id)}::bigint[],
      ${column(({ finding }) => finding.name)}::text[], ${column(({ to }) => to)}::text[],
      ${column(({ endReason }) => endReason ?? null)}::text[], ${column(({ finding }) => finding.text)}::text[]
    ) as t (rule_id, subject_id, name, phase, end_reason, text)
    where phase <> 'ended'
    on conflict (rule_id, subject_id) where ended_at is null do update
    set phase = excluded.phase, phase_since = now(), text = excluded.text,
      fired_at = coalesce(alerts.fired_at, excluded.fired_at)`.execute(transaction);
  await sql`
    update alerts a set phase = 'ended', phase_since = now(), ended_at = now(), end_reason = t.end_reason,
      text = case when t.text = '' then a.text else t.text end
    from unnest(
      ${column(({ ruleId }) => ruleId)}::bigint[], ${column(({ finding }) => finding.id)}::bigint[],
      ${column(({ endReason }) => endReason ?? null)}::text[], ${column(({ finding }) => finding.text)}::text[]
    ) as t (rule_id, subject_id, end_reason, text)
    where a.rule_id = t.rule_id and a.subject_id = t.subject_id and a.ended_at is null and t.end_reason is not null`.execute(
    transaction,
  );
}
