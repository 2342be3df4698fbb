// What nobody can use any more goes away, and what anybody can stays.

import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { cleanUp } from "../src/loops/clean-up.ts";
import { LOCAL_POLICY } from "../src/policy.ts";

const database = await useDatabase();
const { kysely } = database;
const DAY_MS = 86_400_000;

test("events go with the results that they tell of", async () => {
  await sql`
    insert into events (at, kind, text)
    select now() - make_interval(hours => n), 'server_added', n::text from generate_series(1, 100) n`.execute(
    kysely,
  );
  await cleanUp({ database, policy: { ...LOCAL_POLICY, retentionMs: 2 * DAY_MS } });
  // Whole days in UTC: two, and the one that goes on.
  const { rows } = await sql<{ readonly kept: number; readonly wrong: number }>`
    select count(*)::int as kept,
      count(*) filter (where at < date_trunc('day', now(), 'UTC') - interval '2 days')::int as wrong
    from events`.execute(kysely);
  expect(rows[0]?.wrong).toBe(0);
  expect(rows[0]?.kept).toBeGreaterThanOrEqual(47);
  expect(rows[0]?.kept).toBeLessThanOrEqual(72);
});

test("an incident goes with its alerts and messages when it has been over for as long as results are kept", async () => {
  await sql`
    with channel as (
      insert into alert_channels (name, kind, settings) values ('mail', 'email', '{}') returning id
    ), rule as (
      insert into alert_rules (name, subject, filter, severity, holds_ms, recovers_ms)
      values ('liars', 'servers', 'verdict:falseticker', 'info', 0, 0) returning id
    ), incident as (
      insert into incidents (id_token, cause, title, severity, opened_at, recovered_at)
      select n::text, 'server:' || n, n::text, 'info', now() - interval '9 days',
        case n when 1 then now() - interval '3 days' when 2 then now() - interval '1 day' end
      from generate_series(1, 3) n returning id, id_token
    ), alert as (
      insert into alerts (rule_id, subject_id, subject_name, phase, pending_since, phase_since, incident_id)
      select rule.id, incident.id, 's', 'firing', now(), now(), incident.id from rule, incident
    )
    insert into alert_messages (key, channel_id, incident_id, kind, subject, body)
    select id_token, channel.id, incident.id, 'opened', 's', 'b' from channel, incident`.execute(
    kysely,
  );
  await cleanUp({ database, policy: { ...LOCAL_POLICY, retentionMs: 2 * DAY_MS } });
  const { rows } = await sql<{ readonly left: readonly string[]; readonly alerts: bigint }>`
    select array_agg(i.id_token || m.key order by i.id) as left, (select count(*) from alerts) as alerts
    from incidents i join alert_messages m on m.incident_id = i.id`.execute(kysely);
  expect(rows).toEqual([{ left: ["22", "33"], alerts: 2n }]);
});

test("a certificate goes three months after its end, and none before", async () => {
  await sql`
    with authority as (
      insert into certificate_authorities
        (tier, common_name, serial, certificate, fingerprint, key_identifier, sealed_key, not_before, not_after)
      values ('root', 'x', '01', '\\x00', sha256('x'), substr(sha256('x'), 1, 20), '\\x00', now(), now() + interval '1 day')
      returning id
    )
    insert into certificates (serial, authority_id, profile, names, tls_name, key_identifier, not_before, not_after)
    select lpad(to_hex(n), 4, '0'), id, 'agent', array['a'], 'a', substr(sha256('x'), 1, 20),
           now() - make_interval(days => n + 1), now() - make_interval(days => n)
    from authority, generate_series(0, 200, 10) n`.execute(kysely);
  await cleanUp({ database, policy: LOCAL_POLICY });
  const left = await kysely.selectFrom("certificates").select("serial").orderBy("serial").execute();
  expect(left.map(({ serial }) => Number.parseInt(serial, 16))).toEqual([
    0, 10, 20, 30, 40, 50, 60, 70, 80,
  ]);
});

test("the newest events of a day are read from the index, however many there are", async () => {
  await sql`
    insert into events (at, kind, text)
    select now() - make_interval(secs => n), 'server_added', 'x' from generate_series(1, 50000) n`.execute(
    kysely,
  );
  await sql`analyze events`.execute(kysely);
  const plan = await sql<{ readonly "QUERY PLAN": string }>`
    explain select id from events where at >= now() - interval '1 day' order by at desc, id desc limit 50`.execute(
    kysely,
  );
  const text = plan.rows.map((row) => row["QUERY PLAN"]).join("\n");
  expect(text).toMatch(/Index (Only )?Scan Backward using events_at/);
  expect(text).not.toContain("Sort");
});
