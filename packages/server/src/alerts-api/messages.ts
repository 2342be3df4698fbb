// ListAlertMessages, TestAlertChannel: the outbox.

import { create } from "@bufbuild/protobuf";
import { alertsV1 } from "@truechimer/api";
import { assert, createUlid } from "@truechimer/base";
import { inTransaction, type Schema, type Timestamptz } from "@truechimer/database";
import { type Kysely, sql } from "kysely";
import { optionalField, optionalTimestamp, timestampFrom } from "../admin-api/admin-message.ts";
import { decodePageToken, encodePageToken, INT8_PATTERN } from "../admin-api/page-token.ts";
import { recordAct } from "../audit/record-act.ts";
import { type ActingContext, callerName } from "../people/caller.ts";
import { objectMissing } from "../people/owned-objects.ts";
import { seenBy } from "./alert-words.ts";
import { lockedChannel } from "./channels.ts";

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 500;

export async function listAlertMessages(
  { database, caller }: ActingContext,
  { channelId, limit, pageToken }: alertsV1.ListAlertMessagesRequest,
): Promise<alertsV1.ListAlertMessagesResponse> {
  const size = listLimit(limit);
  const [before] = pageToken === "" ? [] : decodePageToken(pageToken, [INT8_PATTERN]);
  const found = await messageMessages(database.kysely, {
    accountId: caller?.accountId,
    ...(channelId === 0n ? {} : { channelId }),
    ...(before === undefined ? {} : { before: BigInt(before) }),
    limit: size + 1,
  });
  const messages = found.slice(0, size).map(({ message }) => message);
  const last = messages.at(-1);
  return create(alertsV1.ListAlertMessagesResponseSchema, {
    messages,
    nextPageToken:
      found.length > size && last !== undefined ? encodePageToken([String(last.id)]) : "",
  });
}

export async function testAlertChannel(
  { database, clock, random, caller }: ActingContext,
  { id }: alertsV1.TestAlertChannelRequest,
): Promise<alertsV1.TestAlertChannelResponse> {
  const messageId = await inTransaction(database, async (transaction) => {
    const { name } = await lockedChannel(transaction, id, caller?.accountId);
    const by = callerName(caller);
    const { rows } = await sql<{ readonly id: bigint }>`
      insert into alert_messages (key, channel_id, kind, subject, body, facts)
      values (${`${createUlid(clock, random)}.test.${id}`}, ${id}, 'test', ${`[test] ${name}`},
        ${`This is a test of the channel "${name}"${by === "" ? "" : `, asked for by ${by}`}. Alerts will arrive like this.\n`},
        jsonb_build_object('type', 'test', 'timestamp', now(), 'data', jsonb_build_object('channel', ${name}::text)))
      returning id`.execute(transaction);
    await recordAct(transaction, caller, {
      act: "alert_channel_tested",
      object: `alert channel ${id}`,
    });
    return rows[0]?.id ?? 0n;
  });
  const [written] = await messageMessages(database.kysely, { id: messageId, limit: 1 });
  assert(written !== undefined, "a message that was written is there");
  return create(alertsV1.TestAlertChannelResponseSchema, { message: written.message });
}

/** Only of one that was given up: any other goes its way. */
export async function sendAlertMessageAgain(
  { database, caller }: ActingContext,
  { id }: alertsV1.SendAlertMessageAgainRequest,
): Promise<alertsV1.SendAlertMessageAgainResponse> {
  await inTransaction(database, async (transaction) => {
    const { rows } = await sql<{ readonly key: string }>`
      update alert_messages m set dead_at = null, run_at = now(), attempts = 0
      from alert_channels c
      where c.id = m.channel_id and c.removed_at is null and m.id = ${id} and m.dead_at is not null
      returning m.key`.execute(transaction);
    const [row] = rows;
    if (row === undefined) return;
    await recordAct(transaction, caller, {
      act: "alert_message_sent_again",
      object: `alert message ${id}`,
      after: { key: row.key },
    });
  });
  const [found] = await messageMessages(database.kysely, { id, limit: 1 });
  if (found === undefined) throw objectMissing("alertMessages", id);
  return create(alertsV1.SendAlertMessageAgainResponseSchema, { message: found.message });
}

export function listLimit(limit: number): number {
  return limit === 0 ? LIMIT_DEFAULT : Math.min(limit, LIMIT_MAX);
}

interface MessageRow {
  readonly id: bigint;
  readonly channel_id: bigint;
  readonly channel_name: string;
  readonly incident_id: bigint | null;
  readonly kind: string;
  readonly subject: string;
  readonly key: string;
  readonly created_at: Timestamptz;
  readonly run_at: Timestamptz;
  readonly sent_at: Timestamptz | null;
  readonly dead_at: Timestamptz | null;
  readonly attempts: number;
  readonly last_error: string;
}

export interface MessageSelection {
  readonly accountId?: bigint | undefined;
  readonly id?: bigint;
  readonly channelId?: bigint;
  readonly incidentIds?: readonly bigint[];
  /** Only those with smaller ids. */
  readonly before?: bigint;
  readonly limit: number;
}

/** Newest first. */
export async function messageMessages(
  kysely: Kysely<Schema>,
  { accountId, id, channelId, incidentIds, before, limit }: MessageSelection,
): Promise<
  readonly { readonly incidentId: bigint | null; readonly message: alertsV1.AlertMessage }[]
> {
  const { rows } = await sql<MessageRow>`
    select m.id, m.channel_id, c.name as channel_name, m.incident_id, m.kind, m.subject, m.key, m.created_at, m.run_at,
      m.sent_at, m.dead_at, m.attempts, m.last_error
    from alert_messages m join alert_channels c on c.id = m.channel_id
    where ${seenBy("c.account_id", accountId)} and ${id === undefined ? sql`true` : sql`m.id = ${id}`}
      and ${channelId === undefined ? sql`true` : sql`m.channel_id = ${channelId}`}
      and ${incidentIds === undefined ? sql`true` : sql`m.incident_id = any(${incidentIds}::bigint[])`}
      and ${before === undefined ? sql`true` : sql`m.id < ${before}`}
    order by m.id desc limit ${limit}`.execute(kysely);
  return rows.map((row) => ({ incidentId: row.incident_id, message: messageOf(row) }));
}

function messageOf(row: MessageRow): alertsV1.AlertMessage {
  const { SENT, DEAD, WAITING } = alertsV1.AlertMessageState;
  const state = row.sent_at !== null ? SENT : row.dead_at !== null ? DEAD : WAITING;
  return create(alertsV1.AlertMessageSchema, {
    id: row.id,
    channelId: row.channel_id,
    channelName: row.channel_name,
    kind: row.kind,
    subject: row.subject,
    state,
    createdAt: timestampFrom(row.created_at),
    ...optionalTimestamp("sentAt", row.sent_at),
    ...optionalTimestamp("nextAttemptAt", state === WAITING ? row.run_at : null),
    attempts: row.attempts,
    lastError: row.last_error,
    key: row.key,
    ...optionalField("incidentId", row.incident_id),
  });
}
