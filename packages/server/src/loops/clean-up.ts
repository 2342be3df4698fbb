// Takes away what nobody can use any more.

import { inTransaction, type Schema } from "@truechimer/database";
import { type Kysely, sql } from "kysely";
import { ARCHIVE_IN_USE, ARCHIVE_WAIT_DAYS_MAX } from "../archive/wait-for-archives.ts";
import type { ServerContext } from "../context.ts";
import { TRIAL_KEPT_HOURS } from "../rules/activate-rule-set.ts";
import { cleanUpScoringOrder } from "../scorer/note-order.ts";

/** A submission may be sent again for 48 h after its batch was handed out; the rest leaves room for clocks. */
const SUBMISSIONS_KEPT_HOURS = 72;
/** No lease is as old; a monitor that was away for longer has none. */
const WITHDRAWALS_KEPT_HOURS = 48;
const KEYS_KEPT_DAYS = 7;
/** A late answer can still be told from one that nobody asked for. */
const QUESTIONS_KEPT_DAYS = 1;
/** A certificate that has ended is of interest while somebody may ask what happened. */
const CERTIFICATES_KEPT_DAYS = 90;
/** One run takes no more rows away than fit a short transaction; the next goes on. */
const CERTIFICATES_DELETED_MAX = 50_000;
/** One run takes no more events away than fit a short transaction; the next goes on. */
const EVENTS_DELETED_MAX = 50_000;
const DAY_MS = 86_400_000;

export async function cleanUp({
  database,
  policy,
}: Pick<ServerContext, "database" | "policy">): Promise<void> {
  const { kysely } = database;
  await sql`delete from submissions where received_at < now() - make_interval(hours => ${SUBMISSIONS_KEPT_HOURS}::int)`.execute(
    kysely,
  );
  await sql`delete from lease_withdrawals where withdrawn_at < now() - make_interval(hours => ${WITHDRAWALS_KEPT_HOURS}::int)`.execute(
    kysely,
  );
  await sql`delete from admin_sessions where expires_at < now() or ends_at < now()`.execute(kysely);
  await sql`delete from user_sessions where expires_at < now() or ends_at < now()`.execute(kysely);
  await sql`delete from user_links where expires_at < now()`.execute(kysely);
  await sql`delete from oidc_sign_ins where expires_at < now()`.execute(kysely);
  await sql`delete from passkey_challenges where expires_at < now()`.execute(kysely);
  await sql`delete from one_time_keys where expires_at < now() - make_interval(days => ${KEYS_KEPT_DAYS}::int)`.execute(
    kysely,
  );
  await sql`delete from on_demand_requests where created_at < now() - make_interval(days => ${QUESTIONS_KEPT_DAYS}::int)`.execute(
    kysely,
  );
  await sql`delete from rule_trials where tried_at < now() - make_interval(hours => ${TRIAL_KEPT_HOURS}::int)`.execute(
    kysely,
  );
  await cleanUpScoringOrder(kysely, policy.retentionMs / 1_000);
  // Paths go with the results of their time, and wait for archives as those do.
  await sql`
    delete from traceroutes where id in (
      select t.id from traceroutes t
      where t.ts < now() - make_interval(secs => ${policy.retentionMs / 1_000}::float8) and (
        t.ts < now() - make_interval(days => ${ARCHIVE_WAIT_DAYS_MAX}::int, secs => ${policy.retentionMs / 1_000}::float8)
        or not exists (
          select from archive_traceroutes waiting join archives using (target)
          where waiting.traceroute_id = t.id and ${ARCHIVE_IN_USE}))
      order by t.ts limit ${EVENTS_DELETED_MAX}
    )`.execute(kysely);
  await sql`
    delete from archive_traceroutes waiting
    where not exists (select from traceroutes t where t.id = waiting.traceroute_id)`.execute(
    kysely,
  );
  await sql`
    delete from certificates where serial in (
      select serial from certificates where not_after < now() - make_interval(days => ${CERTIFICATES_KEPT_DAYS}::int)
      order by not_after limit ${CERTIFICATES_DELETED_MAX}
    )`.execute(kysely);
  await cleanUpEvents(kysely, Math.ceil(policy.retentionMs / DAY_MS));
  await cleanUpAlerts(kysely, policy.retentionMs);
}

/** They go with the days of the results that they tell of, and wait for archives as those do. */
async function cleanUpEvents(kysely: Kysely<Schema>, days: number): Promise<void> {
  const kept = sql`date_trunc('day', now(), 'UTC') - make_interval(days => ${days}::int)`;
  await sql`
    delete from events where id in (
      select e.id from events e
      where e.at < ${kept} and (
        e.at < ${kept} - make_interval(days => ${ARCHIVE_WAIT_DAYS_MAX}::int)
        or not exists (select from archives where not events_noted and ${ARCHIVE_IN_USE})
          and not exists (
            select from archive_events waiting join archives using (target)
            where waiting.event_id = e.id and ${ARCHIVE_IN_USE}))
      order by e.at, e.id limit ${EVENTS_DELETED_MAX}
    )`.execute(kysely);
  await sql`
    delete from archive_events waiting
    where not exists (select from events e where e.id = waiting.event_id)`.execute(kysely);
}

/** What is over, with its messages, and messages of no incident; of one that goes on nothing. */
async function cleanUpAlerts(kysely: Kysely<Schema>, retentionMs: number): Promise<void> {
  const before = sql`now() - make_interval(secs => ${retentionMs / 1_000}::float8)`;
  const over = sql`(
    select id from incidents where recovered_at < ${before} order by recovered_at limit ${EVENTS_DELETED_MAX})`;
  await inTransaction({ kysely }, async (transaction) => {
    const { rows } = await sql<{ readonly id: bigint }>`${over}`.execute(transaction);
    const ids = rows.map(({ id }) => id);
    await sql`delete from alert_messages where incident_id = any(${ids}::bigint[])`.execute(
      transaction,
    );
    await sql`delete from alerts where incident_id = any(${ids}::bigint[])`.execute(transaction);
    await sql`delete from incidents where id = any(${ids}::bigint[])`.execute(transaction);
    await sql`
      delete from alert_messages where incident_id is null and created_at < ${before}
        and (sent_at is not null or dead_at is not null)`.execute(transaction);
    await sql`delete from alert_silences where ends_at < ${before}`.execute(transaction);
  });
}
