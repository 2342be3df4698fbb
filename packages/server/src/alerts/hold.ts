// While our own side is broken, no rule is looked at, and those who would be told of servers are told that: once, and once
// more when it is over.

import { type Schema, type Timestamptz } from "@truechimer/database";
import { sql, type Transaction } from "kysely";
import type { ServerContext } from "../context.ts";
import { openIncident } from "./place-alerts.ts";
import type { WatchingRule } from "./rules.ts";

const CAUSE = { key: "control_plane", title: "Truechimer itself" } as const;
/** What is over by then was a hiccup. */
const TOLD_AFTER_SECONDS = 30;

export async function hold(
  context: ServerContext,
  transaction: Transaction<Schema>,
  { problem, rules }: { readonly problem: string; readonly rules: readonly WatchingRule[] },
): Promise<void> {
  const { rows } = await sql<{ readonly tell: boolean }>`
    update alert_evaluation set held_since = coalesce(held_since, now()), held_reason = ${problem}
    returning held_since <= now() - make_interval(secs => ${TOLD_AFTER_SECONDS}::float8) as tell`.execute(
    transaction,
  );
  if (rows[0]?.tell !== true) return;
  for (const [accountId, own] of Map.groupBy(rules, (rule) => rule.accountId)) {
    const incident = await openIncident(context, transaction, {
      accountId,
      cause: CAUSE,
      severity: "critical",
    });
    await tell(transaction, {
      incident,
      kind: "opened",
      channels: own.flatMap(({ channelIds }) => channelIds),
      subject: `[critical] Truechimer itself: alerts are held`,
      body: `No rule is looked at: ${problem}.\nNothing is told of servers and agents until that is over.\n`,
    });
  }
}

/** What was about to be found begins anew: nobody knows what was in between. */
export async function endHold(transaction: Transaction<Schema>): Promise<void> {
  const { rows } = await sql<{ readonly since: Timestamptz }>`
    update alert_evaluation e set held_since = null, held_reason = ''
    from (select held_since from alert_evaluation for update) before
    where before.held_since is not null
    returning before.held_since as since`.execute(transaction);
  const [held] = rows;
  if (held === undefined) return;
  await sql`
    update alerts set phase_since = now() where ended_at is null and phase in ('pending', 'recovering')`.execute(
    transaction,
  );
  const ended = await sql<{ readonly id: bigint }>`
    update incidents set recovered_at = now() where cause = ${CAUSE.key} and recovered_at is null returning id`.execute(
    transaction,
  );
  for (const { id } of ended.rows) {
    const told = await sql<{ readonly channel_id: bigint }>`
      select channel_id from alert_messages where incident_id = ${id} and kind = 'opened'`.execute(
      transaction,
    );
    await tell(transaction, {
      incident: id,
      kind: "recovered",
      channels: told.rows.map(({ channel_id: channel }) => channel),
      subject: "[recovered] Truechimer itself: alerts go on",
      body: `The rules are looked at again; they were not since ${held.since.slice(0, 19).replace("T", " ")}Z.\n`,
    });
  }
}

interface Told {
  readonly incident: bigint;
  readonly kind: "opened" | "recovered";
  readonly channels: readonly bigint[];
  readonly subject: string;
  readonly body: string;
}

async function tell(
  transaction: Transaction<Schema>,
  { incident, kind, channels, subject, body }: Told,
): Promise<void> {
  await sql`
    insert into alert_messages (key, channel_id, incident_id, kind, subject, body, facts)
    select i.id_token || ${`.${kind}.`} || c.id, c.id, i.id, ${kind}, ${subject}, ${body}, jsonb_build_object(
      'type', 'incident.' || ${kind}::text, 'timestamp', now(), 'data', jsonb_build_object(
        'incident', jsonb_build_object('id', i.id::text, 'key', i.id_token, 'cause', i.cause, 'title', i.title,
          'severity', i.severity, 'opened_at', i.opened_at, 'recovered_at', i.recovered_at), 'text', ${body}::text))
    from incidents i cross join alert_channels c
    where i.id = ${incident}::bigint and c.id = any(${channels}::bigint[]) and c.removed_at is null
    order by c.id
    on conflict (key) do nothing`.execute(transaction);
}
