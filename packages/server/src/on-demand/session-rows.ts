// Presence in the database: by what, and until when, each monitor can be asked at once.

import { type Database, inTransaction } from "@truechimer/database";
import { sql } from "kysely";
import { sendNotice } from "./on-demand-notice.ts";

export interface StreamSession {
  /** Of the stream; new with each. */
  readonly streamId: string;
  /** Of the agent's run. */
  readonly sessionId: string;
  readonly version: string;
  readonly monitorIds: readonly bigint[];
}

/** Takes the place of any stream that these monitors have, on whichever replica. */
export function openStreamSession(
  database: Database,
  { streamId, sessionId, version, monitorIds }: StreamSession,
  { lifeMs }: { readonly lifeMs: number },
): Promise<void> {
  return inTransaction(database, async (transaction) => {
    await sql`
      insert into monitor_sessions (monitor_id, transport, stream_id, session_id, version, expires_at)
      select id, 'stream', ${streamId}, ${sessionId}, ${version}, now() + make_interval(secs => ${lifeMs}::float8 / 1000)
      from unnest(${monitorIds}::bigint[]) as t (id) order by id
      on conflict (monitor_id, transport) do update set stream_id = excluded.stream_id,
        session_id = excluded.session_id, version = excluded.version, seen_at = now(), expires_at = excluded.expires_at,
        opened_at = case when monitor_sessions.expires_at > now() then monitor_sessions.opened_at else now() end`.execute(
      transaction,
    );
    await sendNotice(transaction, { kind: "opened", streamId, sessionId, monitorIds });
  });
}

/** Puts the end of many sessions off at once. Gives the streams that still have the place of all their monitors' agents. */
export async function refreshStreamSessions(
  { kysely }: Database,
  streamIds: readonly string[],
  { lifeMs }: { readonly lifeMs: number },
): Promise<ReadonlySet<string>> {
  const held = await sql<{ readonly stream_id: string }>`
    with refreshed as (
      update monitor_sessions s set seen_at = now(), expires_at = now() + make_interval(secs => ${lifeMs}::float8 / 1000)
      from monitors m
      where s.stream_id = any(${streamIds}::text[]) and s.transport = 'stream' and m.id = s.monitor_id and m.is_current
        and m.deleted_on is null
      returning s.stream_id
    )
    select distinct stream_id from refreshed`.execute(kysely);
  return new Set(held.rows.map(({ stream_id: streamId }) => streamId));
}

/** `held`: it goes on. `taken`: other streams have the place of this one. `removed`: its monitors are no more. */
export type StreamState = "held" | "taken" | "removed";

/** Puts the end of the session off. */
export async function refreshStreamSession(
  { kysely }: Database,
  { streamId, monitorIds }: Pick<StreamSession, "streamId" | "monitorIds">,
  { lifeMs }: { readonly lifeMs: number },
): Promise<StreamState> {
  const refreshed = await sql<{ readonly held: boolean; readonly live: boolean }>`
    with refreshed as (
      update monitor_sessions s set seen_at = now(), expires_at = now() + make_interval(secs => ${lifeMs}::float8 / 1000)
      from monitors m
      where s.stream_id = ${streamId} and s.monitor_id = any(${monitorIds}::bigint[]) and s.transport = 'stream'
        and m.id = s.monitor_id and m.is_current and m.deleted_on is null
      returning s.monitor_id
    )
    select exists (select 1 from refreshed) as held,
      exists (select 1 from monitors where id = any(${monitorIds}::bigint[]) and is_current and deleted_on is null) as live`.execute(
    kysely,
  );
  const [row] = refreshed.rows;
  if (row?.held === true) return "held";
  return row?.live === true ? "taken" : "removed";
}

/** The monitors are away from now on, unless another stream has the place. */
export async function closeStreamSession({ kysely }: Database, streamId: string): Promise<void> {
  await sql`update monitor_sessions set expires_at = now() where stream_id = ${streamId} and expires_at > now()`.execute(
    kysely,
  );
}

export interface MqttPresenceRow {
  readonly tlsName: string;
  readonly online: boolean;
  /** Of the agent's program, such as "v4.1.5". */
  readonly version: string;
  /** The member `Version` of the message, as JSON text. */
  readonly versionJson: string;
  /** When the agent wrote the message, as an instant of SQL. Absent: not told. */
  readonly statusAt: string | undefined;
  /** The broker had kept the message: it proves presence when it was written, and not now. */
  readonly retained: boolean;
  readonly lifeMs: number;
}

/** Of every monitor of the agent. An agent that is none of ours changes nothing. */
export async function noteMqttPresence({ kysely }: Database, row: MqttPresenceRow): Promise<void> {
  const { tlsName, online, version, versionJson, statusAt, retained, lifeMs } = row;
  const seenAt =
    retained && statusAt !== undefined ? sql`least(now(), ${statusAt}::timestamptz)` : sql`now()`;
  const expiresAt = online
    ? sql`${seenAt} + make_interval(secs => ${lifeMs}::float8 / 1000)`
    : sql`least(now(), ${seenAt})`;
  await sql`
    insert into monitor_sessions
      (monitor_id, transport, version, seen_at, expires_at, status_at, status_version)
    select id, 'mqtt', ${version}, ${seenAt}, ${expiresAt}, ${statusAt ?? null}::timestamptz, ${versionJson}::jsonb
    from monitors
    where lower(tls_name) = ${tlsName.toLowerCase()} and type = 'monitor' and is_current and deleted_on is null
    order by id
    on conflict (monitor_id, transport) do update set version = excluded.version,
      -- Whoever goes was last seen before; the reference keeps LastSeen then, too.
      seen_at = case when ${online} then excluded.seen_at else monitor_sessions.seen_at end,
      expires_at = excluded.expires_at,
      status_at = coalesce(excluded.status_at, monitor_sessions.status_at), status_version = excluded.status_version,
      opened_at = case when monitor_sessions.expires_at > now() then monitor_sessions.opened_at else now() end`.execute(
    kysely,
  );
}
