// Who is to be told of what, written into the outbox in the transaction that found it. A message is there once for each
// incident, kind and channel, whoever writes it how often.

import { GATHER_NS, quietUntil } from "@truechimer/alerts";
import {
  type AlertPhaseName,
  nsFromTimestamptz,
  type Schema,
  type SeverityName,
  type Timestamptz,
  timestamptzFromNs,
} from "@truechimer/database";
import { sql, type Transaction } from "kysely";
import type { ServerContext } from "../context.ts";
import { type AlertFacts, type IncidentFacts, incidentMessage } from "./message-words.ts";
import type { WatchingRule } from "./rules.ts";

interface Notice {
  readonly context: ServerContext;
  readonly transaction: Transaction<Schema>;
  readonly rules: ReadonlyMap<bigint, WatchingRule>;
  readonly nowNs: bigint;
  readonly silenced: ReadonlySet<bigint>;
}

type Kind = "opened" | "escalated" | "recovered";

interface OpenIncident {
  readonly facts: IncidentFacts;
  readonly acknowledged: boolean;
  readonly told: readonly {
    readonly channelId: bigint;
    readonly kind: Kind;
    readonly at: Timestamptz;
  }[];
  readonly alerts: readonly FiredAlert[];
}

interface FiredAlert extends AlertFacts {
  readonly id: bigint;
  readonly phase: AlertPhaseName;
}

export async function writeMessages(notice: Notice): Promise<void> {
  for (const incident of await openIncidents(notice.transaction)) {
    if (incident.alerts.length > 0 && incident.alerts.every(({ endedAt }) => endedAt !== null))
      await recover(notice, incident);
    else await tellOpen(notice, incident);
  }
}

async function tellOpen(notice: Notice, incident: OpenIncident): Promise<void> {
  const { rules, nowNs, silenced } = notice;
  if (nowNs - nsFromTimestamptz(incident.facts.openedAt) < GATHER_NS) return;
  const told = incident.alerts.filter(({ id, endedAt }) => endedAt === null && !silenced.has(id));
  const speaking = [...new Set(told.map(({ ruleId }) => ruleId))].flatMap((id) => {
    const rule = rules.get(id);
    return rule !== undefined && quietUntil(rule.quiet, nowNs) <= nowNs ? [rule] : [];
  });
  // What nothing is left of by now is told when it comes back.
  const holds = told.some(({ phase }) => phase === "firing");
  await write(notice, incident, {
    kind: "opened",
    channels: holds ? speaking.flatMap(({ channelIds }) => channelIds) : [],
    alerts: told,
  });
  const [first] = incident.told;
  if (incident.acknowledged || first === undefined) return;
  const waitedMs = Number((nowNs - nsFromTimestamptz(first.at)) / 1_000_000n);
  const impatient = speaking.filter(
    ({ escalateAfterMs = Infinity }) => waitedMs >= escalateAfterMs,
  );
  await write(notice, incident, {
    kind: "escalated",
    channels: impatient.flatMap(({ escalationChannelIds }) => escalationChannelIds),
    alerts: told,
  });
}

/** Whoever was told that it is wrong is told that it is well. What only ended because its rule did is told to nobody. */
async function recover(notice: Notice, incident: OpenIncident): Promise<void> {
  const { transaction, rules, nowNs } = notice;
  const { rows } = await sql<{ readonly recovered_at: Timestamptz; readonly silent: boolean }>`
    update incidents i set recovered_at = now() where id = ${incident.facts.id}
    returning recovered_at, not exists (
      select from alerts a where a.incident_id = i.id and a.end_reason <> 'rule_changed'
    ) as silent`.execute(transaction);
  const [ended] = rows;
  if (ended === undefined || ended.silent) return;
  const facts = { ...incident.facts, recoveredAt: ended.recovered_at };
  for (const channelId of new Set(incident.told.map((each) => each.channelId))) {
    const quiet = incident.alerts.flatMap(({ ruleId }) => {
      const rule = rules.get(ruleId);
      return rule?.channelIds.includes(channelId) === true ? [quietUntil(rule.quiet, nowNs)] : [];
    });
    await write(
      notice,
      { ...incident, facts },
      {
        kind: "recovered",
        channels: [channelId],
        alerts: incident.alerts,
        runAtNs: quiet.reduce((least, at) => (at < least ? at : least), quiet[0] ?? nowNs),
      },
    );
  }
}

interface ToWrite {
  readonly kind: Kind;
  readonly channels: readonly bigint[];
  readonly alerts: readonly AlertFacts[];
  readonly runAtNs?: bigint;
}

async function write(
  { context, transaction, nowNs }: Notice,
  { facts, told }: OpenIncident,
  { kind, channels, alerts, runAtNs = nowNs }: ToWrite,
): Promise<void> {
  const known = new Set(told.filter((each) => each.kind === kind).map((each) => each.channelId));
  const missing = [...new Set(channels)].filter((id) => !known.has(id));
  if (missing.length === 0) return;
  const message = incidentMessage(kind, facts, { alerts, publicUrl: context.publicUrl });
  await sql`
    insert into alert_messages (key, channel_id, incident_id, kind, subject, body, facts, run_at)
    select ${`${facts.idToken}.${kind}.`} || c.id, c.id, ${facts.id}::bigint, ${kind}, ${message.subject}, ${message.body},
      ${JSON.stringify(message.facts)}::jsonb, ${timestamptzFromNs(runAtNs)}::timestamptz
    from alert_channels c where c.id = any(${missing}::bigint[]) and c.removed_at is null
    order by c.id
    on conflict (key) do nothing`.execute(transaction);
}

interface IncidentRow {
  readonly id: bigint;
  readonly id_token: string;
  readonly cause: string;
  readonly title: string;
  readonly severity: SeverityName;
  readonly opened_at: Timestamptz;
  readonly acknowledged: boolean;
}

async function openIncidents(transaction: Transaction<Schema>): Promise<readonly OpenIncident[]> {
  const incidents = await sql<IncidentRow>`
    select id, id_token, cause, title, severity, opened_at, acknowledged_at is not null as acknowledged
    from incidents where recovered_at is null and cause <> 'control_plane' order by id`.execute(
    transaction,
  );
  const ids = incidents.rows.map(({ id }) => id);
  if (ids.length === 0) return [];
  const alerts = await sql<FiredAlert & { readonly incidentId: bigint }>`
    select a.id, a.incident_id as "incidentId", a.phase, a.rule_id as "ruleId", r.name as rule, a.subject_id as "subjectId",
      a.subject_name as subject, a.fired_at as "firedAt", a.ended_at as "endedAt", a.text
    from alerts a join alert_rules r on r.id = a.rule_id
    where a.incident_id = any(${ids}::bigint[]) order by a.id`.execute(transaction);
  const messages = await sql<{
    readonly incidentId: bigint;
    readonly channelId: bigint;
    readonly kind: Kind;
    readonly at: Timestamptz;
  }>`
    select incident_id as "incidentId", channel_id as "channelId", kind, created_at as at from alert_messages
    where incident_id = any(${ids}::bigint[]) order by id`.execute(transaction);
  const alertsOf = Map.groupBy(alerts.rows, ({ incidentId }) => incidentId);
  const toldOf = Map.groupBy(messages.rows, ({ incidentId }) => incidentId);
  return incidents.rows.map((row) => ({
    facts: {
      id: row.id,
      idToken: row.id_token,
      cause: row.cause,
      title: row.title,
      severity: row.severity,
      openedAt: row.opened_at,
      recoveredAt: null,
    },
    acknowledged: row.acknowledged,
    told: toldOf.get(row.id) ?? [],
    alerts: alertsOf.get(row.id) ?? [],
  }));
}
