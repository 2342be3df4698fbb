// ListAlertChannels, SaveAlertChannel, RemoveAlertChannel.

import { create } from "@bufbuild/protobuf";
import { alertsV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import {
  type DigestName,
  inTransaction,
  type JsonValue,
  type Schema,
  type Timestamptz,
} from "@truechimer/database";
import { type Kysely, sql } from "kysely";
import { optionalTimestamp, timestampFrom } from "../admin-api/admin-message.ts";
import { type ChannelSettings, channelSettings, sealSecret } from "../alerts/channel.ts";
import { WEBHOOK_SECRET_PREFIX } from "../alerts/send-webhook.ts";
import { recordAct } from "../audit/record-act.ts";
import { type ActingContext, callerName } from "../people/caller.ts";
import { objectMissing } from "../people/owned-objects.ts";
import { shownName } from "../people/shown-name.ts";
import { DIGESTS, seenBy } from "./alert-words.ts";
import { checkedDigest, checkedWay, wayMessage } from "./channel-settings.ts";
import { ALERT_CHANNELS, naming, requirePlace } from "./named-place.ts";

export async function listAlertChannels({
  database,
  caller,
}: ActingContext): Promise<alertsV1.ListAlertChannelsResponse> {
  return create(alertsV1.ListAlertChannelsResponseSchema, {
    channels: await channelMessages(database.kysely, { accountId: caller?.accountId }),
  });
}

export async function saveAlertChannel(
  context: ActingContext,
  { channel }: alertsV1.SaveAlertChannelRequest,
): Promise<alertsV1.SaveAlertChannelResponse> {
  const { database, caller } = context;
  if (channel === undefined) throw new AppError("bad_request", "channel is missing");
  const name = shownName("name", channel.name);
  const { way, secret: sent } = checkedWay(channel);
  const digest = checkedDigest(channel, way);
  const accountId = caller?.accountId;
  let made = "";
  const id = await naming(ALERT_CHANNELS, name, () =>
    inTransaction(database, async (transaction) => {
      const values = { name, kind: way.kind, settings: JSON.stringify(way.settings), ...digest };
      const before =
        channel.id === 0n ? undefined : await lockedChannel(transaction, channel.id, accountId);
      if (before === undefined) await requirePlace(transaction, ALERT_CHANNELS);
      // What was a password or a key of another kind of channel is none of this one.
      const isOther = before?.kind !== way.kind;
      made = isOther && way.kind === "webhook" && sent === "" ? newWebhookSecret(context) : "";
      const secret = sent || made;
      const row =
        before === undefined
          ? await transaction
              .insertInto("alert_channels")
              .values({ ...values, account_id: accountId ?? null, created_by: callerName(caller) })
              .returning("id")
              .executeTakeFirstOrThrow()
          : await transaction
              .updateTable("alert_channels")
              .set(isOther ? { ...values, secret: null } : values)
              .where("id", "=", channel.id)
              .returning("id")
              .executeTakeFirstOrThrow();
      if (secret !== "") {
        const sealed = sealSecret(context, row.id, secret);
        await transaction
          .updateTable("alert_channels")
          .set({ secret: sealed })
          .where("id", "=", row.id)
          .execute();
      }
      await recordAct(transaction, caller, {
        act: before === undefined ? "alert_channel_created" : "alert_channel_changed",
        object: `alert channel ${row.id}`,
        ...(before === undefined ? {} : { before: told(before.name, channelSettings(before)) }),
        after: {
          ...told(name, way),
          secret_changed: secret !== "" || (before !== undefined && isOther),
        },
      });
      return row.id;
    }),
  );
  const [saved] = await channelMessages(database.kysely, { id, accountId });
  return create(
    alertsV1.SaveAlertChannelResponseSchema,
    saved === undefined ? {} : { channel: saved, secret: made },
  );
}

/** 256 bits. */
function newWebhookSecret({ random }: Pick<ActingContext, "random">): string {
  return `${WEBHOOK_SECRET_PREFIX}${Buffer.from(random.bytes(32)).toString("base64")}`;
}

export async function removeAlertChannel(
  { database, caller }: ActingContext,
  { id }: alertsV1.RemoveAlertChannelRequest,
): Promise<alertsV1.RemoveAlertChannelResponse> {
  await inTransaction(database, async (transaction) => {
    const before = await lockedChannel(transaction, id, caller?.accountId);
    await sql`update alert_channels set removed_at = now(), secret = null where id = ${id}`.execute(
      transaction,
    );
    await sql`
      update alert_rules set channel_ids = array_remove(channel_ids, ${id}::bigint),
        escalation_channel_ids = array_remove(escalation_channel_ids, ${id}::bigint)
      where ${id}::bigint = any(channel_ids || escalation_channel_ids)`.execute(transaction);
    await sql`
      update alert_messages set dead_at = now(), last_error = 'the channel was removed'
      where channel_id = ${id} and sent_at is null and dead_at is null`.execute(transaction);
    await recordAct(transaction, caller, {
      act: "alert_channel_removed",
      object: `alert channel ${id}`,
      before: told(before.name, channelSettings(before)),
    });
  });
  return create(alertsV1.RemoveAlertChannelResponseSchema);
}

type Transaction = Parameters<typeof recordAct>[0];

interface StoredChannel {
  readonly id: bigint;
  readonly name: string;
  readonly kind: ChannelSettings["kind"];
  readonly settings: JsonValue;
}

/** Fails with not_found. */
export async function lockedChannel(
  transaction: Transaction,
  id: bigint,
  accountId: bigint | undefined,
): Promise<StoredChannel> {
  const { rows } = await sql<StoredChannel>`
    select id, name, kind, settings from alert_channels
    where id = ${id} and removed_at is null and ${seenBy("account_id", accountId)} for update`.execute(
    transaction,
  );
  const [row] = rows;
  if (row === undefined) throw objectMissing("alertChannels", id);
  return row;
}

/** For the audit trail. Without its secret. */
function told(name: string, { kind, settings }: ChannelSettings): Record<string, JsonValue> {
  return { name, kind, settings: settings as unknown as JsonValue };
}

interface ChannelListRow extends StoredChannel {
  readonly digest: DigestName;
  readonly digest_minute: number;
  readonly has_secret: boolean;
  readonly created_by: string;
  readonly created_at: Timestamptz;
  readonly last_sent_at: Timestamptz | null;
  readonly last_error: string | null;
}

/** By name. */
async function channelMessages(
  kysely: Kysely<Schema>,
  { id, accountId }: { readonly id?: bigint; readonly accountId: bigint | undefined },
): Promise<alertsV1.AlertChannel[]> {
  const { rows } = await sql<ChannelListRow>`
    select c.id, c.name, c.kind, c.settings, c.digest, c.digest_minute, c.secret is not null as has_secret, c.created_by, c.created_at,
      (select max(m.sent_at) from alert_messages m where m.channel_id = c.id) as last_sent_at,
      (select m.last_error from alert_messages m where m.channel_id = c.id and m.attempts > 0 order by m.id desc limit 1)
        as last_error
    from alert_channels c
    where c.removed_at is null and ${seenBy("c.account_id", accountId)} and ${id === undefined ? sql`true` : sql`c.id = ${id}`}
    order by c.name, c.id`.execute(kysely);
  return rows.map((row) =>
    create(alertsV1.AlertChannelSchema, {
      id: row.id,
      name: row.name,
      way: wayMessage(channelSettings(row)),
      createdBy: row.created_by,
      createdAt: timestampFrom(row.created_at),
      digest: DIGESTS[row.digest],
      digestMinute: row.digest_minute,
      hasSecret: row.has_secret,
      ...optionalTimestamp("lastSentAt", row.last_sent_at),
      lastError: row.last_error ?? "",
    }),
  );
}
