// GetCoverage: who is short of fresh active monitors and why, and what accounts carry.

import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { ip, useServer } from "./_test-server.ts";

const database = await useDatabase();
const { server, admin } = await useServer(database);
const { kysely } = database;

test("a fleet without servers, then servers with fresh, silent and missing monitors", async () => {
  expect(await admin.getCoverage({})).toMatchObject({ servers: 0, freshActiveMin: 3, gaps: [] });
  for (let index = 1; index <= 4; index += 1) {
    await server.createMonitor({ name: `m${index}`, address: ip(`10.0.0.${index}`) });
  }
  await server.addServers([
    { name: "well", address: ip("10.1.0.1"), port: 123 },
    { name: "fallen silent", address: ip("10.1.0.2"), port: 123 },
    { name: "alone", address: ip("10.1.0.3"), port: 123 },
    { name: "six", address: ip("fd00::1"), port: 123 },
  ]);
  await sql`update server_scores set status = 'active', score_ts = now()`.execute(kysely);
  await sql`update server_scores set status = 'candidate' where server_id = (select id from servers where name = 'alone')
    and monitor_id <> (select min(id) from monitors)`.execute(kysely);
  await sql`update server_scores set score_ts = now() - interval '1 hour'
    where server_id = (select id from servers where name = 'fallen silent')`.execute(kysely);
  await sql`update servers_monitor_review set last_review = now(), shortage = null`.execute(kysely);
  await sql`update servers_monitor_review set shortage = 'too_few_monitors'
    where server_id = (select id from servers where name = 'alone')`.execute(kysely);
  await sql`update servers_monitor_review set last_review = null
    where server_id = (select id from servers where name = 'six')`.execute(kysely);
  const coverage = await admin.getCoverage({});
  expect(coverage.servers).toBe(4);
  expect(coverage.serversByFreshActive).toEqual([2, 1, 0, 0, 1, 0, 0, 0]);
  expect(
    coverage.gaps.map(({ serverName, freshActive, active, reason }) => [
      serverName,
      freshActive,
      active,
      reason,
    ]),
  ).toEqual([
    ["fallen silent", 0, 4, "silent"],
    ["six", 0, 0, "not_reviewed"],
    ["alone", 1, 1, "too_few_monitors"],
  ]);
  expect(coverage.reasons.map(({ reason, servers }) => [reason, servers])).toEqual([
    ["not_reviewed", 1],
    ["silent", 1],
    ["too_few_monitors", 1],
  ]);
  for (const { text } of coverage.reasons) expect(text).not.toBe("");
  expect(coverage.gaps[0]?.lastReviewAt).toBeDefined();
  expect(coverage.gaps[1]?.lastReviewAt).toBeUndefined();
});

test("a server that is paused or removed is not counted", async () => {
  const { servers } = await admin.listServers({});
  await admin.pauseServers({ ids: servers.map(({ id }) => id) });
  expect(await admin.getCoverage({})).toMatchObject({ servers: 0, gaps: [], reasons: [] });
});

test("an account's load is the sum of its monitors'", async () => {
  const standings = await sql<{ readonly active: bigint }>`
    insert into monitor_standings (monitor_id, active_servers, account_share, bad_everywhere)
    select id, 2, 1, false from monitors
    on conflict (monitor_id) do update set active_servers = 2, account_share = 1
    returning active_servers::bigint as active`.execute(kysely);
  await sql`insert into accounts (id_token, name) values ('other', 'other') on conflict do nothing`.execute(
    kysely,
  );
  await sql`update monitors set account_id = (select id from accounts where name = 'other')`.execute(
    kysely,
  );
  const { accounts } = await admin.getCoverage({});
  expect(
    accounts.map(({ account, monitors, active, share }) => [account, monitors, active, share]),
  ).toEqual([["other", standings.rows.length, 2 * standings.rows.length, 1]]);
});
