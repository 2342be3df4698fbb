// What results say of a server as such, in one statement: its overall score, when it was looked at and when it answered,
// its stratum, its reference id, and the verdict.

import type { Schema, Timestamptz } from "@truechimer/database";
import { sql, type Transaction } from "kysely";
import type { Reached } from "../verdict/reach-verdicts.ts";
import type { ScoredResult } from "./scored-result.ts";
import { RECENT_MEDIAN_SCORER } from "./scorers.ts";
import type { ScorerStep, ServerOutcome } from "./step-server.ts";

export interface ServerFindings {
  /** By server; absent: unchanged. */
  readonly referenceIds: ReadonlyMap<bigint, string>;
  /** By server; absent: it is paused or removed, and keeps the one that it had. */
  readonly verdicts: ReadonlyMap<bigint, Reached>;
}

export async function writeServers(
  transaction: Transaction<Schema>,
  outcomes: readonly ServerOutcome[],
  { referenceIds, verdicts }: ServerFindings,
): Promise<void> {
  const rows = outcomes.map(({ serverId, results, scorers }) => ({
    serverId,
    overall: scorers.find(({ scorer }) => scorer === RECENT_MEDIAN_SCORER)?.last,
    verdict: verdicts.get(serverId)?.verdict,
    ...latestOf(results),
  }));
  const column = <Value>(value: (row: (typeof rows)[number]) => Value | undefined) =>
    rows.map((row) => value(row) ?? null);
  const overall = <Value>(value: (step: ScorerStep) => Value) =>
    column((row) => (row.overall === undefined ? undefined : value(row.overall)));
  await sql`
    update servers s set
      score_raw = coalesce(t.score, s.score_raw), score_ts = greatest(s.score_ts, t.score_ts),
      last_check_ts = greatest(s.last_check_ts, t.checked_at),
      last_answer_ts = greatest(s.last_answer_ts, t.answered_at),
      stratum = coalesce(t.stratum, s.stratum), reference_id = coalesce(t.reference_id, s.reference_id),
      verdict = coalesce(t.verdict, s.verdict),
      verdict_reason = coalesce(t.reason, s.verdict_reason), verdict_text = coalesce(t.text, s.verdict_text),
      verdict_ts = case when t.verdict is null then s.verdict_ts else now() end,
      verdict_since = case when t.verdict is null or s.verdict = t.verdict then s.verdict_since else now() end,
      verdict_rules = coalesce(t.rules, s.verdict_rules),
      offset_ns = case when t.verdict is null then s.offset_ns else t.offset_ns end,
      bound_ns = case when t.verdict is null then s.bound_ns else t.bound_ns end,
      witnesses_fresh = coalesce(t.witnesses_fresh, s.witnesses_fresh),
      witnesses_against = coalesce(t.witnesses_against, s.witnesses_against)
    from unnest(
      ${rows.map(({ serverId }) => serverId)}::bigint[],
      ${overall(({ score }) => score)}::float8[],
      ${overall(({ trigger }) => trigger.at)}::timestamptz[],
      ${column(({ checkedAt }) => checkedAt)}::timestamptz[],
      ${column(({ answeredAt }) => answeredAt)}::timestamptz[],
      ${column(({ stratum }) => stratum)}::smallint[],
      ${column(({ serverId }) => referenceIds.get(serverId))}::text[],
      ${column(({ verdict }) => verdict?.verdict)}::text[],
      ${column(({ verdict }) => verdict?.reason)}::text[],
      ${column(({ verdict }) => verdict?.text)}::text[],
      ${column(({ verdict }) => verdict?.offsetNs)}::bigint[],
      ${column(({ verdict }) => verdict?.boundNs)}::bigint[],
      ${column(({ verdict }) => verdict?.witnessesFresh)}::int[],
      ${column(({ verdict }) => verdict?.witnessesAgainst)}::int[],
      ${column(({ serverId }) => verdicts.get(serverId)?.ruleSet)}::text[]
    ) as t (id, score, score_ts, checked_at, answered_at, stratum, reference_id, verdict, reason, text, offset_ns,
      bound_ns, witnesses_fresh, witnesses_against, rules)
    where s.id = t.id`.execute(transaction);
}

function latestOf(results: readonly ScoredResult[]): {
  readonly checkedAt: Timestamptz | undefined;
  readonly answeredAt: Timestamptz | undefined;
  readonly stratum: number | undefined;
} {
  return {
    checkedAt: results.at(-1)?.at,
    answeredAt: results.findLast(({ noResponse }) => !noResponse)?.at,
    stratum:
      results.findLast(({ stratum }) => stratum !== null && stratum > 0)?.stratum ?? undefined,
  };
}
