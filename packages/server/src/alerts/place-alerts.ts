// Which incident an alert belongs to. As long as nobody was told, that may change: a cause is often seen a moment after
// its effects.

import { agentCause, type Cause, causesOfServers, type FiringServer } from "@truechimer/alerts";
import { createUlid } from "@truechimer/base";
import type { Schema, SeverityName, VerdictName } from "@truechimer/database";
import { sql, type Transaction } from "kysely";
import type { ServerContext } from "../context.ts";
import type { WatchingRule } from "./rules.ts";
import { isUnwatched, readServerPlaces } from "./server-places.ts";

interface UntoldAlert {
  readonly id: bigint;
  readonly rule_id: bigint;
  readonly subject_id: bigint;
  readonly subject_name: string;
  readonly incident_id: bigint | null;
  readonly cause: string | null;
}

export async function placeAlerts(
  context: ServerContext,
  transaction: Transaction<Schema>,
  rules: readonly WatchingRule[],
): Promise<void> {
  const { rows } = await sql<UntoldAlert>`
    select a.id, a.rule_id, a.subject_id, a.subject_name, a.incident_id, i.cause
    from alerts a left join incidents i on i.id = a.incident_id
    where a.ended_at is null and a.fired_at is not null
      and not exists (select from alert_messages m where m.incident_id = a.incident_id)
    order by a.id`.execute(transaction);
  if (rows.length === 0) return;
  const byId = new Map(rules.map((rule) => [rule.id, rule]));
  const alerts = rows.flatMap((row) => {
    const rule = byId.get(row.rule_id);
    return rule === undefined ? [] : [{ row, rule }];
  });
  const causes = await causesOf(transaction, alerts);
  for (const [accountId, own] of Map.groupBy(alerts, ({ rule }) => rule.accountId)) {
    for (const { cause, members } of groupByCause(own, causes)) {
      const moved = members.filter(({ row }) => row.cause !== cause.key);
      if (moved.length === 0) continue;
      const severity = highest(members.map(({ rule }) => rule.severity));
      const incident = await openIncident(context, transaction, { accountId, cause, severity });
      await sql`update alerts set incident_id = ${incident} where id = any(${moved.map(({ row }) => row.id)}::bigint[])`.execute(
        transaction,
      );
    }
  }
  await sql`
    delete from incidents i where i.recovered_at is null and i.cause <> 'control_plane'
      and not exists (select from alerts a where a.incident_id = i.id)`.execute(transaction);
}

interface Placed {
  readonly row: UntoldAlert;
  readonly rule: WatchingRule;
}

interface Group {
  readonly cause: Cause;
  readonly members: readonly Placed[];
}

function groupByCause(
  alerts: readonly Placed[],
  causes: ReadonlyMap<bigint, Cause>,
): readonly Group[] {
  const keyOf = ({ row }: Placed): string => causes.get(row.id)?.key ?? "";
  return [...Map.groupBy(alerts, keyOf).values()].flatMap((members) => {
    const cause = causes.get(members[0]?.row.id ?? 0n);
    return cause === undefined ? [] : [{ cause, members }];
  });
}

/** By the alert's id. */
async function causesOf(
  transaction: Transaction<Schema>,
  alerts: readonly Placed[],
): Promise<ReadonlyMap<bigint, Cause>> {
  const byCause = alerts.filter(({ rule }) => rule.grouping === "cause");
  const serverIds = byCause
    .filter(({ rule }) => rule.subject === "servers")
    .map(({ row }) => row.subject_id);
  const ofServers = await causesOfServersNow(transaction, [...new Set(serverIds)]);
  return new Map(
    alerts.flatMap(({ row, rule }): [bigint, Cause][] => {
      const cause = causeOf({ row, rule }, ofServers);
      return cause === undefined ? [] : [[row.id, cause]];
    }),
  );
}

function causeOf({ row, rule }: Placed, ofServers: ReadonlyMap<bigint, Cause>): Cause | undefined {
  if (rule.grouping === "rule") return { key: `rule:${rule.id}`, title: rule.name };
  const kind = rule.subject === "servers" ? "server" : "monitor";
  if (rule.grouping === "none")
    return { key: `rule:${rule.id}/${kind}:${row.subject_id}`, title: row.subject_name };
  return kind === "server" ? ofServers.get(row.subject_id) : agentCause(row.subject_name);
}

interface ServerFacts {
  readonly id: bigint;
  readonly name: string;
  readonly verdict: VerdictName;
  readonly verdict_reason: string;
}

async function causesOfServersNow(
  transaction: Transaction<Schema>,
  ids: readonly bigint[],
): Promise<ReadonlyMap<bigint, Cause>> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql<ServerFacts>`
    select id, name, verdict, verdict_reason from servers where id = any(${ids}::bigint[])`.execute(
    transaction,
  );
  const lost = await sql<{ readonly hostname: string }>`
    select hostname from monitors where type = 'monitor' and is_current and deleted_on is null
    group by hostname having not bool_or(online)`.execute(transaction);
  const { byServer, serversByNetwork } = await readServerPlaces(transaction, ids);
  return causesOfServers(
    rows.map(
      (row): FiringServer => ({
        id: row.id,
        name: row.name,
        agents: [],
        ...byServer.get(row.id),
        unreachable: row.verdict === "unreachable",
        falseticker: row.verdict === "falseticker",
        unwatched: isUnwatched(row.verdict_reason),
      }),
    ),
    { lostAgents: new Set(lost.rows.map(({ hostname }) => hostname)), serversByNetwork },
  );
}

const SEVERITIES: readonly SeverityName[] = ["info", "warning", "critical"];

function highest(severities: readonly SeverityName[]): SeverityName {
  return SEVERITIES[Math.max(0, ...severities.map((each) => SEVERITIES.indexOf(each)))] ?? "info";
}

export interface IncidentToOpen {
  readonly accountId: bigint | undefined;
  readonly cause: Cause;
  readonly severity: SeverityName;
}

/** The open incident of that cause, made if there is none. Its severity only rises. */
export async function openIncident(
  { clock, random }: Pick<ServerContext, "clock" | "random">,
  transaction: Transaction<Schema>,
  { accountId, cause, severity }: IncidentToOpen,
): Promise<bigint> {
  const { rows } = await sql<{ readonly id: bigint }>`
    insert into incidents (id_token, account_id, cause, title, severity)
    values (${createUlid(clock, random)}, ${accountId ?? null}, ${cause.key}, ${cause.title}, ${severity})
    on conflict (coalesce(account_id, 0), cause) where recovered_at is null do update
    set severity = case when array_position(array['info', 'warning', 'critical'], incidents.severity)
      < array_position(array['info', 'warning', 'critical'], excluded.severity) then excluded.severity
      else incidents.severity end
    returning id`.execute(transaction);
  const [incident] = rows;
  if (incident === undefined) throw new Error("an upsert gives a row");
  return incident.id;
}
