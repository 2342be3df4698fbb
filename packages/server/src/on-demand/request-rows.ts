// Questions in the database: put, handed to whoever can deliver them, each to one replica.

import { type IpAddress, parseIpAddress, type UnixNs } from "@truechimer/base";
import {
  type Database,
  inTransaction,
  nsFromTimestamptz,
  type OnDemandKindName,
  type OnDemandTransportName,
  type Timestamptz,
} from "@truechimer/database";
import { type RawBuilder, sql } from "kysely";
import { sendNotice } from "./on-demand-notice.ts";

export interface NewRequest {
  readonly id: string;
  readonly kind: OnDemandKindName;
  /** Absent: no server under watch. */
  readonly serverId: bigint | undefined;
  readonly address: IpAddress;
  readonly port: number;
  readonly lifeMs: number;
  /** Nobody asked; something began to be wrong. Default: somebody did. */
  readonly onset?: boolean;
  readonly monitors: readonly {
    readonly id: bigint;
    readonly transport: OnDemandTransportName;
  }[];
}

/** Gives the instant until which an answer counts; database clock. */
export function putRequest(database: Database, request: NewRequest): Promise<Timestamptz> {
  const { id, kind, serverId, address, port, lifeMs, onset = false, monitors } = request;
  return inTransaction(database, async (transaction) => {
    const row = await transaction
      .insertInto("on_demand_requests")
      .values({
        id,
        kind,
        server_id: serverId ?? null,
        ip: address.text,
        port,
        onset,
        expires_at: sql<Timestamptz>`now() + make_interval(secs => ${lifeMs}::float8 / 1000)`,
      })
      .returning("expires_at")
      .executeTakeFirstOrThrow();
    if (monitors.length > 0) {
      await transaction
        .insertInto("on_demand_answers")
        .values(
          monitors.map(({ id: monitorId, transport }) => ({
            request_id: id,
            monitor_id: monitorId,
            transport,
          })),
        )
        .execute();
    }
    await sendNotice(transaction, { kind: "asked", requestId: id });
    return row.expires_at;
  });
}

/** A question to one monitor. */
export interface DueRequest {
  readonly requestId: string;
  readonly kind: OnDemandKindName;
  readonly address: IpAddress;
  readonly port: number;
  readonly expiresAtNs: UnixNs;
  readonly monitorId: bigint;
  readonly monitorAddress: string;
  /** Absent: it has none. */
  readonly tlsName: string | undefined;
  /** The stream that it goes to. Empty: the broker. */
  readonly streamId: string;
}

/** What was put since and nobody has delivered, for these streams of ours. */
export function takeForStreams(
  database: Database,
  streamIds: readonly string[],
): Promise<readonly DueRequest[]> {
  return take(
    database,
    sql<boolean>`a.transport = 'stream' and s.transport = 'stream' and a.delivered_at is null
      and s.stream_id = any(${streamIds}::text[])`,
  );
}

export interface ResumedStream {
  readonly streamId: string;
  readonly sessionId: string;
  /** The newest request that the agent has taken up. Absent: none. */
  readonly lastRequestId: string | undefined;
}

/**
 * For a stream that was just opened: all that is open, but for what this run of the agent is known to have: what was
 * written to it no later than the request that it names.
 */
export function takeForResumed(
  database: Database,
  { streamId, sessionId, lastRequestId }: ResumedStream,
): Promise<readonly DueRequest[]> {
  return take(
    database,
    sql<boolean>`a.transport = 'stream' and s.transport = 'stream' and s.stream_id = ${streamId} and not (
      a.delivered_session = ${sessionId} and a.delivered_at <= (
        select max(taken.delivered_at) from on_demand_answers taken
        join monitor_sessions mine on mine.monitor_id = taken.monitor_id and mine.stream_id = ${streamId}
        where taken.request_id = ${lastRequestId ?? ""}
      ) is true
    )`,
  );
}

/** What nobody has handed to the broker. */
export function takeForBroker(database: Database): Promise<readonly DueRequest[]> {
  return take(
    database,
    sql<boolean>`a.transport = 'mqtt' and s.transport = 'mqtt' and a.delivered_at is null and m.tls_name is not null`,
  );
}

interface DueRow {
  readonly request_id: string;
  readonly kind: OnDemandKindName;
  readonly ip: string;
  readonly port: number;
  readonly expires_at: Timestamptz;
  readonly monitor_id: bigint;
  readonly monitor_ip: string;
  readonly tls_name: string | null;
  readonly stream_id: string;
}

/** Marked as delivered, so that no other replica delivers them, too. */
async function take(
  { kysely }: Database,
  which: RawBuilder<boolean>,
): Promise<readonly DueRequest[]> {
  const taken = await sql<DueRow>`
    update on_demand_answers a set delivered_at = clock_timestamp(), delivered_session = s.session_id
    from on_demand_requests r, monitor_sessions s, monitors m
    where r.id = a.request_id and r.expires_at > now() and a.answered_at is null
      and s.monitor_id = a.monitor_id and s.expires_at > now() and m.id = a.monitor_id and ${which}
    returning a.request_id, r.kind, r.ip, r.port, r.expires_at, a.monitor_id, m.ip as monitor_ip, m.tls_name,
      s.stream_id`.execute(kysely);
  return taken.rows
    .toSorted((one, other) => (one.request_id < other.request_id ? -1 : 1))
    .flatMap((row) => {
      const address = parseIpAddress(row.ip);
      if (!address.ok) return [];
      return [
        {
          requestId: row.request_id,
          kind: row.kind,
          address: address.value,
          port: row.port,
          expiresAtNs: nsFromTimestamptz(row.expires_at),
          monitorId: row.monitor_id,
          monitorAddress: canonical(row.monitor_ip),
          tlsName: row.tls_name ?? undefined,
          streamId: row.stream_id,
        },
      ];
    });
}

function canonical(text: string): string {
  const address = parseIpAddress(text);
  return address.ok ? address.value.text : text;
}
