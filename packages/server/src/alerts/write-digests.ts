// Summaries: one for each channel that wants one and each period, in the transaction that ends the period. After a time in which
// nobody wrote any there is one for all of it.

import { digestDueNs } from "@truechimer/alerts";
import {
  type DigestName,
  nsFromTimestamptz,
  type Schema,
  type SeverityName,
  type Timestamptz,
  timestamptzFromNs,
} from "@truechimer/database";
import { sql, type Transaction } from "kysely";
import { ofAccount } from "../people/account-sql.ts";
import { seenText } from "../people/shown-name.ts";

interface DigestChannel {
  readonly id: bigint;
  readonly account_id: bigint | null;
  readonly digest: Exclude<DigestName, "off">;
  readonly digest_minute: number;
  readonly digest_since: Timestamptz;
}

/** More are counted. */
const INCIDENTS_TOLD_MAX = 50;

export async function writeDigests(transaction: Transaction<Schema>, nowNs: bigint): Promise<void> {
  const { rows } = await sql<DigestChannel>`
    select id, account_id, digest, digest_minute, digest_since from alert_channels
    where digest <> 'off' and removed_at is null order by id`.execute(transaction);
  for (const channel of rows) {
    const dueNs = digestDueNs({ every: channel.digest, minute: channel.digest_minute }, nowNs);
    if (nsFromTimestamptz(channel.digest_since) >= dueNs) continue;
    await writeDigest(transaction, channel, timestamptzFromNs(dueNs));
  }
}

interface ToldIncident {
  readonly title: string;
  readonly severity: SeverityName;
  readonly opened_at: Timestamptz;
  readonly recovered_at: Timestamptz | null;
}

async function writeDigest(
  transaction: Transaction<Schema>,
  channel: DigestChannel,
  until: Timestamptz,
): Promise<void> {
  const account = channel.account_id ?? undefined;
  const since = channel.digest_since;
  const incidents = await sql<ToldIncident>`
    select title, severity, opened_at, recovered_at from incidents
    where account_id is not distinct from ${channel.account_id}::bigint and opened_at < ${until}::timestamptz
      and (recovered_at is null or recovered_at >= ${since}::timestamptz)
    order by opened_at, id`.execute(transaction);
  const verdicts = await sql<{ readonly verdict: string; readonly servers: bigint }>`
    select verdict, count(*) as servers from servers
    where state = 'watched' and ${ofAccount("account_id", account)} group by verdict order by verdict`.execute(
    transaction,
  );
  const counts = verdicts.rows.map(({ verdict, servers }) => `${servers} ${verdict}`).join(", ");
  const lasting = incidents.rows.filter(({ recovered_at: at }) => at === null).length;
  const lines = [
    `From ${spoken(since)} to ${spoken(until)}.`,
    `Servers now: ${counts === "" ? "none is watched" : counts}.`,
    incidents.rows.length === 0
      ? "There was no incident."
      : `Incidents: ${incidents.rows.length}, of which ${lasting} go on.`,
    "",
    ...incidents.rows.slice(0, INCIDENTS_TOLD_MAX).map(incidentLine),
    ...(incidents.rows.length > INCIDENTS_TOLD_MAX
      ? [`and ${incidents.rows.length - INCIDENTS_TOLD_MAX} more`]
      : []),
  ];
  const facts = {
    type: "digest",
    timestamp: until,
    data: {
      from: since,
      to: until,
      servers: Object.fromEntries(
        verdicts.rows.map(({ verdict, servers }) => [verdict, Number(servers)]),
      ),
      incidents_total: incidents.rows.length,
      incidents: incidents.rows.slice(0, INCIDENTS_TOLD_MAX),
    },
  };
  const subject = `[${channel.digest} summary] ${
    incidents.rows.length === 0
      ? "no incident"
      : `${incidents.rows.length} incidents, ${lasting} go on`
  }`;
  await sql`
    insert into alert_messages (key, channel_id, kind, subject, body, facts)
    values (${`digest.${channel.id}.${until.slice(0, 16).replaceAll(/[^0-9]/g, "")}`}, ${channel.id}, 'digest',
      ${subject}, ${`${lines.join("\n").trimEnd()}\n`}, ${JSON.stringify(facts)}::jsonb)
    on conflict (key) do nothing`.execute(transaction);
  await sql`
    update alert_channels set digest_since = ${until}::timestamptz where id = ${channel.id}`.execute(
    transaction,
  );
}

function incidentLine({
  title,
  severity,
  opened_at: from,
  recovered_at: to,
}: ToldIncident): string {
  return `${severity} ${seenText(title)}: ${spoken(from)} ${to === null ? "and goes on" : `to ${spoken(to)}`}`;
}

/** To the minute, in UTC. */
function spoken(at: Timestamptz): string {
  return `${at.slice(0, 16).replace("T", " ")}Z`;
}
