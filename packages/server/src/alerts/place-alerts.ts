// Which incident an alert belongs to. As long as nobody was told, that may change: a cause is often seen a moment after
// its effects. Once somebody was told, it stays, and what has the same cause by then joins it.

import {
  agentCause,
  type Cause,
  causesOfAlerts,
  type FiringServer,
  type PlacedAlert,
  toldIncidentsByCause,
} from "@truechimer/alerts";
import { createUlid } from "@truechimer/base";
import {
  nsFromTimestamptz,
  type Schema,
  type SeverityName,
  type Timestamptz,
  type VerdictName,
} from "@truechimer/database";
import { sql, type Transaction } from "kysely";
import type { ServerContext } from "../context.ts";
import type { StoredFault } from "../fault/store-faults.ts";
import type { WatchingRule } from "./rules.ts";
import { isUnwatched, readServerPlaces } from "./server-places.ts";
import { widerCauses } from "./wider-cause.ts";

interface FiringAlert {
  readonly id: bigint;
  readonly rule_id: bigint;
  readonly subject_id: bigint;
  readonly subject_name: string;
  readonly incident_id: bigint | null;
  readonly cause: string | null;
  readonly opened_at: Timestamptz | null;
  readonly told: boolean;
}

export async function placeAlerts(
  context: ServerContext,
  transaction: Transaction<Schema>,
  { rules, nowNs }: { readonly rules: readonly WatchingRule[]; readonly nowNs: bigint },
): Promise<void> {
  const { rows } = await sql<FiringAlert>`
    select a.id, a.rule_id, a.subject_id, a.subject_name, a.incident_id, i.cause, i.opened_at,
      exists (select from alert_messages m where m.incident_id = a.incident_id) as told
    from alerts a left join incidents i on i.id = a.incident_id
    where a.ended_at is null and a.fired_at is not null
    order by a.id`.execute(transaction);
  if (rows.every(({ told }) => told)) return;
  const byId = new Map(rules.map((rule) => [rule.id, rule]));
  const alerts = rows.flatMap((row) => {
    const rule = byId.get(row.rule_id);
    return rule === undefined ? [] : [{ row, rule }];
  });
  const causes = await causesOf(transaction, alerts, nowNs);
  for (const [accountId, own] of Map.groupBy(alerts, ({ rule }) => rule.accountId)) {
    const goingOn = toldIncidentsByCause(
      own.map(({ row }) => ({
        causeKey: causes.get(row.id)?.key ?? "",
        told: toldOf(row),
      })),
      nowNs,
    );
    const untold = own.filter(({ row }) => !row.told);
    for (const { cause, members } of groupByCause(untold, causes)) {
      const joined = goingOn.get(cause.key);
      const moved = members.filter(({ row }) =>
        joined === undefined ? row.cause !== cause.key : row.incident_id !== joined,
      );
      if (moved.length === 0) continue;
      const severity = highest(members.map(({ rule }) => rule.severity));
      const incident =
        joined === undefined
          ? await openIncident(context, transaction, { accountId, cause, severity })
          : await joinIncident(transaction, joined, severity);
      await sql`update alerts set incident_id = ${incident} where id = any(${moved.map(({ row }) => row.id)}::bigint[])`.execute(
        transaction,
      );
    }
  }
  await sql`
    delete from incidents i where i.recovered_at is null and i.cause <> 'control_plane'
      and not exists (select from alerts a where a.incident_id = i.id)`.execute(transaction);
}

function toldOf({
  told,
  incident_id: incident,
  opened_at: openedAt,
}: FiringAlert): PlacedAlert["told"] {
  if (!told || incident === null || openedAt === null) return undefined;
  return { incident, openedAtNs: nsFromTimestamptz(openedAt) };
}

interface Placed {
  readonly row: FiringAlert;
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
  nowNs: bigint,
): Promise<ReadonlyMap<bigint, Cause>> {
  const ofServers = await causesOfServersNow(
    transaction,
    alerts.filter(({ rule }) => rule.grouping === "cause" && rule.subject === "servers"),
    nowNs,
  );
  return new Map(
    alerts.flatMap(({ row, rule }): [bigint, Cause][] => {
      const cause = causeOf({ row, rule }, ofServers);
      return cause === undefined ? [] : [[row.id, cause]];
    }),
  );
}

const KINDS = { servers: "server", monitors: "monitor", certificates: "certificate" } as const;

function causeOf({ row, rule }: Placed, ofServers: ReadonlyMap<bigint, Cause>): Cause | undefined {
  if (rule.grouping === "rule") return { key: `rule:${rule.id}`, title: rule.name };
  const kind = KINDS[rule.subject];
  if (rule.grouping === "none")
    return { key: `rule:${rule.id}/${kind}:${row.subject_id}`, title: row.subject_name };
  switch (rule.subject) {
    case "servers":
      return ofServers.get(row.id);
    case "monitors":
      return agentCause(row.subject_name);
    case "certificates":
      return { key: `certificate:${row.subject_id}`, title: row.subject_name };
  }
}

interface ServerFacts {
  readonly id: bigint;
  readonly name: string;
  readonly verdict: VerdictName;
  readonly verdict_reason: string;
  readonly faults: readonly StoredFault[];
}

/** By the alert's id. */
async function causesOfServersNow(
  transaction: Transaction<Schema>,
  alerts: readonly Placed[],
  nowNs: bigint,
): Promise<ReadonlyMap<bigint, Cause>> {
  if (alerts.length === 0) return new Map();
  const ids = [...new Set(alerts.map(({ row }) => row.subject_id))];
  const { rows } = await sql<ServerFacts>`
    select id, name, verdict, verdict_reason, faults from servers where id = any(${ids}::bigint[])`.execute(
    transaction,
  );
  const monitors = await sql<{ readonly id: bigint; readonly hostname: string }>`
    select id, hostname from monitors where type = 'monitor' and is_current and deleted_on is null`.execute(
    transaction,
  );
  const lost = await sql<{ readonly hostname: string }>`
    select hostname from monitors where type = 'monitor' and is_current and deleted_on is null
    group by hostname having not bool_or(online)`.execute(transaction);
  const { byServer, serversByNetwork } = await readServerPlaces(transaction, ids);
  const facts = new Map(rows.map((row) => [row.id, row]));
  const servers = new Map(
    rows.map((row): [bigint, FiringServer] => [
      row.id,
      {
        id: row.id,
        name: row.name,
        agents: [],
        ...byServer.get(row.id),
        unreachable: row.verdict === "unreachable",
        falseticker: row.verdict === "falseticker",
        unwatched: isUnwatched(row.verdict_reason),
      },
    ]),
  );
  const widerOf = widerCauses(
    nowNs,
    new Map(monitors.rows.map(({ id, hostname }) => [String(id), hostname])),
  );
  const causes = causesOfAlerts(
    alerts.map(({ row, rule }) => {
      const server = facts.get(row.subject_id);
      return { serverId: row.subject_id, wider: server && widerOf(rule, server) };
    }),
    servers,
    { lostAgents: new Set(lost.rows.map(({ hostname }) => hostname)), serversByNetwork },
  );
  return new Map(
    alerts.flatMap(({ row }, index): [bigint, Cause][] => {
      const cause = causes[index];
      return cause === undefined ? [] : [[row.id, cause]];
    }),
  );
}

const SEVERITIES: readonly SeverityName[] = ["info", "warning", "critical"];

function highest(severities: readonly SeverityName[]): SeverityName {
  return SEVERITIES[Math.max(0, ...severities.map((each) => SEVERITIES.indexOf(each)))] ?? "info";
}

/** Its severity only rises. */
async function joinIncident(
  transaction: Transaction<Schema>,
  incident: bigint,
  severity: SeverityName,
): Promise<bigint> {
  await sql`
    update incidents set severity = ${severity}
    where id = ${incident} and array_position(array['info', 'warning', 'critical'], severity)
      < array_position(array['info', 'warning', 'critical'], ${severity}::text)`.execute(
    transaction,
  );
  return incident;
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
