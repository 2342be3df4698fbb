// The verdict on each of some servers, anew from its witnesses; a change is an event with its sentence. The caller holds
// the servers' rows, so that two of these never tell the same change twice.

import type { Schema, VerdictName } from "@truechimer/database";
import {
  type RuleSet,
  ruleSetText,
  type Verdict,
  type VerdictPolicy,
  verdictOf,
  type Witness,
} from "@truechimer/scoring";
import { sql, type Transaction } from "kysely";
import type { ServerContext } from "../context.ts";
import { probePolicyFor } from "../monitor-api/probe-settings.ts";
import { FRESH_INTERVALS, type ServerPolicy } from "../policy.ts";
import { loadWitnesses } from "./load-witnesses.ts";

export interface KnownVerdict {
  readonly id: bigint;
  readonly name: string;
  readonly lab: boolean;
  readonly verdict: VerdictName;
}

/** What the rule set says goes before what is configured. One witness is enough for the lab: its servers are ours. */
export function verdictPolicy(
  policy: Pick<ServerPolicy, "offsetLimitNs" | "witnessesMin">,
  { verdict }: Pick<RuleSet, "verdict">,
  { lab }: Pick<KnownVerdict, "lab">,
): VerdictPolicy {
  const { offsetLimitNs, witnessesMin, freshIntervals = FRESH_INTERVALS } = verdict;
  return {
    offsetLimitNs: offsetLimitNs ?? policy.offsetLimitNs,
    witnessesMin: lab ? 1 : (witnessesMin ?? policy.witnessesMin),
    freshIntervals,
  };
}

/** Paused and removed servers keep the verdict that they had. */
export async function reachVerdicts(
  context: ServerContext,
  transaction: Transaction<Schema>,
  serverIds: readonly bigint[],
): Promise<void> {
  if (serverIds.length === 0) return;
  const known = await transaction
    .selectFrom("servers")
    .select(["id", "name", "lab", "verdict"])
    .where("id", "in", [...serverIds])
    .where("state", "=", "watched")
    .orderBy("id")
    .execute();
  if (known.length === 0) return;
  const policies = {
    probe: await probePolicyFor({ kysely: transaction }, context.policy, false),
    labProbe: context.policy.labProbe,
  };
  const witnesses = await loadWitnesses(
    transaction,
    known.map(({ id }) => id),
    policies,
  );
  const rules = await context.ruleSets.active(transaction);
  const reached = known.map((server) => ({
    server,
    verdict: verdictNow(context, server, { witnesses: witnesses.get(server.id) ?? [], rules }),
    ruleSet: ruleSetText(rules),
  }));
  await writeVerdicts(transaction, reached);
  await tellChanges(context, transaction, reached);
}

export interface Reached {
  readonly server: KnownVerdict;
  readonly verdict: Verdict;
  /** What it was reached by, as name/version. */
  readonly ruleSet: string;
}

export function verdictNow(
  { clock, policy }: Pick<ServerContext, "clock" | "policy">,
  server: Pick<KnownVerdict, "lab">,
  { witnesses, rules }: { readonly witnesses: readonly Witness[]; readonly rules: RuleSet },
): Verdict {
  const nowNs = clock.nowNs();
  return verdictOf({ nowNs, witnesses, policy: verdictPolicy(policy, rules, server) });
}

async function writeVerdicts(
  transaction: Transaction<Schema>,
  reached: readonly Reached[],
): Promise<void> {
  const column = <Value>(value: (verdict: Verdict) => Value): Value[] =>
    reached.map(({ verdict }) => value(verdict));
  await sql`
    update servers s set
      verdict = t.verdict, verdict_reason = t.reason, verdict_text = t.text, verdict_ts = now(),
      verdict_rules = t.rules,
      verdict_since = case when s.verdict = t.verdict then s.verdict_since else now() end,
      offset_ns = t.offset_ns, bound_ns = t.bound_ns,
      witnesses_fresh = t.witnesses_fresh, witnesses_against = t.witnesses_against
    from unnest(
      ${reached.map(({ server }) => server.id)}::bigint[],
      ${column(({ verdict }) => verdict)}::text[],
      ${column(({ reason }) => reason)}::text[],
      ${column(({ text }) => text)}::text[],
      ${column(({ offsetNs }) => offsetNs ?? null)}::bigint[],
      ${column(({ boundNs }) => boundNs ?? null)}::bigint[],
      ${column(({ witnessesFresh }) => witnessesFresh)}::int[],
      ${column(({ witnessesAgainst }) => witnessesAgainst)}::int[],
      ${reached.map(({ ruleSet }) => ruleSet)}::text[]
    ) as t (id, verdict, reason, text, offset_ns, bound_ns, witnesses_fresh, witnesses_against, rules)
    where s.id = t.id`.execute(transaction);
}

/** A changed verdict is an event with its sentence. */
export async function tellChanges(
  context: ServerContext,
  transaction: Transaction<Schema>,
  reached: readonly Reached[],
): Promise<void> {
  const changed = reached.filter(({ server, verdict }) => server.verdict !== verdict.verdict);
  if (changed.length === 0) return;
  await transaction
    .insertInto("events")
    .values(
      changed.map(({ server, verdict, ruleSet }) => ({
        kind: "verdict_changed",
        server_id: server.id,
        verdict_before: server.verdict,
        verdict_after: verdict.verdict,
        reason: verdict.reason,
        verdict_rules: ruleSet,
        text: changeText(server, verdict),
      })),
    )
    .execute();
  for (const { verdict } of changed) {
    context.metrics.verdictChanges.inc({ verdict: verdict.verdict });
  }
}

function changeText({ name, verdict: before }: KnownVerdict, { verdict, text }: Verdict): string {
  const article = verdict === "truechimer" || verdict === "falseticker" ? "a " : "";
  return `${name} is ${article}${verdict} (was ${before}): ${text}`;
}
