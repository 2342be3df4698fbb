// The outbox: a message is claimed for a while, sent, and marked. Whoever dies in between leaves a claim that runs out; the
// message then goes out again with the same key.

import type {
  AlertChannelKindName,
  AlertMessageKindName,
  JsonValue,
  Schema,
  Timestamptz,
} from "@truechimer/database";
import { type Kysely, sql } from "kysely";

/** Longer than any attempt takes. */
const CLAIM_SECONDS = 60;
const ERROR_CHARACTERS_MAX = 500;

export interface ClaimedMessage {
  readonly id: bigint;
  readonly key: string;
  readonly kind: AlertMessageKindName;
  readonly subject: string;
  readonly body: string;
  readonly facts: JsonValue;
  readonly created_at: Timestamptz;
  readonly attempts: number;
  /** Of the incident's first message on this channel. Null: it is the first one, or of no incident. */
  readonly answers_key: string | null;
  readonly answers_facts: JsonValue;
  readonly channel_id: bigint;
  readonly channel_kind: AlertChannelKindName;
  readonly settings: JsonValue;
  readonly secret: Uint8Array | null;
}

const CLAIMED_COLUMNS = sql`m.id, m.key, m.kind, m.subject, m.body, m.facts, m.created_at, m.attempts, c.id as channel_id,
  c.kind as channel_kind, c.settings, c.secret`;

/**
 * One that is due, of a channel that nobody sends by at this moment; those of one incident go out in their order. Undefined:
 * there is none.
 */
export async function claimMessage(
  kysely: Kysely<Schema>,
  claim: string,
): Promise<ClaimedMessage | undefined> {
  const { rows } = await sql<ClaimedMessage>`
    with due as (
      select m.id from alert_messages m
      where m.sent_at is null and m.dead_at is null and m.run_at <= now()
        and (m.claimed_until is null or m.claimed_until < now())
        and not exists (
          select from alert_messages before
          where before.incident_id = m.incident_id and before.channel_id = m.channel_id and before.id < m.id
            and before.sent_at is null and before.dead_at is null
        )
        and not exists (
          select from alert_messages busy
          where busy.channel_id = m.channel_id and busy.claimed_until >= now() and busy.dead_at is null
        )
      order by m.run_at, m.id
      limit 1
      for update of m skip locked
    ),
    claimed as (
      update alert_messages m
      set claim = ${claim}, claimed_until = now() + make_interval(secs => ${CLAIM_SECONDS}::float8), attempts = m.attempts + 1
      from due where m.id = due.id
      returning m.*
    )
    select ${CLAIMED_COLUMNS}, answered.key as answers_key, answered.facts as answers_facts
    from claimed m
    join alert_channels c on c.id = m.channel_id
    left join lateral (
      select first.key, first.facts from alert_messages first
      where first.incident_id = m.incident_id and first.channel_id = m.channel_id and first.id < m.id
      order by first.id limit 1
    ) answered on true`.execute(kysely);
  return rows[0];
}

/**
 * The first message of an incident that goes on, where Alertmanager is to hear it again; the next time is that much later.
 * Nothing else goes out by the channel meanwhile: what is repeated after it was told to be over would begin anew. Undefined:
 * there is none.
 */
export async function claimRepeat(
  kysely: Kysely<Schema>,
  claim: string,
  everyMs: number,
): Promise<ClaimedMessage | undefined> {
  const { rows } = await sql<ClaimedMessage>`
    with due as (
      select m.id from alert_messages m
      join alert_channels c on c.id = m.channel_id
      join incidents i on i.id = m.incident_id
      where c.kind = 'alertmanager' and c.removed_at is null and i.recovered_at is null
        and m.kind in ('opened', 'escalated') and m.sent_at is not null and m.run_at <= now()
        and m.sent_at <= now() - make_interval(secs => ${everyMs / 1_000}::float8)
        and not exists (
          select from alert_messages before
          where before.incident_id = m.incident_id and before.channel_id = m.channel_id and before.id < m.id
            and before.sent_at is not null
        )
        and not exists (
          select from alert_messages busy
          where busy.channel_id = m.channel_id and busy.claimed_until >= now() and busy.dead_at is null
        )
      order by m.run_at, m.id
      limit 1
      for update of m skip locked for share of i skip locked
    ),
    claimed as (
      update alert_messages m
      set claim = ${claim}, claimed_until = now() + make_interval(secs => ${CLAIM_SECONDS}::float8),
        run_at = now() + make_interval(secs => ${everyMs / 1_000}::float8)
      from due where m.id = due.id
      returning m.*
    )
    select ${CLAIMED_COLUMNS}, null as answers_key, null as answers_facts
    from claimed m
    join alert_channels c on c.id = m.channel_id`.execute(kysely);
  return rows[0];
}

/** Why it failed, or nothing; it is due again at its time. */
export async function markRepeated(
  kysely: Kysely<Schema>,
  { id, claim, error }: Pick<FailedAttempt, "id" | "claim" | "error">,
): Promise<void> {
  await sql`
    update alert_messages set claim = null, claimed_until = null, last_error = ${error.slice(0, ERROR_CHARACTERS_MAX)}
    where id = ${id} and claim = ${claim}`.execute(kysely);
}

/** Whoever has lost the claim meanwhile changes nothing. */
export async function markSent(kysely: Kysely<Schema>, id: bigint, claim: string): Promise<void> {
  await sql`
    update alert_messages set sent_at = now(), claim = null, claimed_until = null, last_error = ''
    where id = ${id} and claim = ${claim} and sent_at is null`.execute(kysely);
}

export interface FailedAttempt {
  readonly id: bigint;
  readonly claim: string;
  readonly error: string;
  /** Undefined: it is given up. */
  readonly retryMs: number | undefined;
}

export async function markFailed(
  kysely: Kysely<Schema>,
  { id, claim, error, retryMs }: FailedAttempt,
): Promise<void> {
  const text = error.slice(0, ERROR_CHARACTERS_MAX);
  await sql`
    update alert_messages set claim = null, claimed_until = null, last_error = ${text},
      dead_at = case when ${retryMs === undefined} then now() end,
      run_at = now() + make_interval(secs => ${(retryMs ?? 0) / 1_000}::float8)
    where id = ${id} and claim = ${claim} and sent_at is null`.execute(kysely);
}
