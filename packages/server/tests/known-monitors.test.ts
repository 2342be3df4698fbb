// A replica works with what it remembers of a monitor; what was changed through another one holds with the next call.

import type { monitorV2 } from "@truechimer/api";
import { useDatabase } from "@truechimer/testing-postgres";
import { type RawBuilder, sql } from "kysely";
import { beforeEach, describe, expect, test } from "vitest";
import { monitorDefaultsKey } from "../src/monitor-api/monitor-config.ts";
import { MONITOR_MARK } from "../src/monitor-api/monitor-mark.ts";
import { LOCAL_POLICY } from "../src/policy.ts";
import { goodStatus, type MonitorClient, makeDue, newSubmissionId, refusalOf } from "./_results.ts";
import { ip, useServer } from "./_test-server.ts";

const database = await useDatabase({ poolSize: 20 });
const policy = { ...LOCAL_POLICY, probe: { ...LOCAL_POLICY.probe, batchSize: 2 } };
const first = await useServer(database, { policy });
const { kysely } = database;
const MON = "10.0.0.1";
const DEFAULTS = monitorDefaultsKey("v4");

let client: MonitorClient;
/** That the monitor has called for, so that it is remembered. */
let batch: monitorV2.GetServersResponse;

beforeEach(async () => {
  await sql`truncate servers, monitors, server_scores, events, log_scores, submissions
    restart identity cascade`.execute(kysely);
  await kysely.deleteFrom("system_settings").where("key", "=", DEFAULTS).execute();
  const { token } = await first.server.createMonitor({ name: "zurich", address: ip(MON) });
  await first.admin.addServers({ targets: ["10.1.0.1", "10.1.0.2", "10.1.0.3", "10.1.0.4"] });
  client = first.monitorClient(token);
  batch = await take();
});

function take(): Promise<monitorV2.GetServersResponse> {
  return client.getServers({ monId: MON, submissionVersionMax: 5 });
}

function send(servers = batch.servers): Promise<monitorV2.SubmitResultsResponse> {
  return client.submitResults({
    version: 5,
    monId: MON,
    batchId: batch.batchId,
    submissionId: newSubmissionId(),
    list: servers.map((server) => goodStatus(server)),
  });
}

async function change(what: RawBuilder<unknown>): Promise<void> {
  await sql`update monitors set ${what}`.execute(kysely);
}

const GONE = [
  { name: "removed", what: sql`deleted_on = now()`, code: "unauthenticated" },
  { name: "superseded", what: sql`is_current = false`, code: "unauthenticated" },
  { name: "given another key", what: sql`token_hash = sha256('another')`, code: "unauthenticated" },
  { name: "moved", what: sql`ip = '10.0.0.9'`, code: "not_found" },
];

describe.each(GONE)("a monitor that was $name since its last call", ({ what, code }) => {
  test("is handed out nothing", async () => {
    expect(batch.servers).toHaveLength(2);
    await change(what);
    expect(await refusalOf(take())).toContain(code);
    const { rows } = await sql<{ readonly taken: number }>`
      select count(*)::int as taken from check_turns where queue_ts > '-infinity'`.execute(kysely);
    expect(rows).toEqual([{ taken: 2 }]);
  });

  test("has nothing counted", async () => {
    await change(what);
    expect(await refusalOf(send())).toContain(code);
    expect(await kysely.selectFrom("log_scores").select("id").execute()).toEqual([]);
    expect(await kysely.selectFrom("submissions").select("submission_id").execute()).toEqual([]);
  });

  test("is told that, and not what else is wrong with what it sends", async () => {
    await change(what);
    const forged = batch.servers.map((server) => ({ ...server, ticket: new Uint8Array(32) }));
    expect(await refusalOf(send(forged))).toContain(code);
  });
});

test("one that was paused gets nothing, and what it measured before counts", async () => {
  await change(sql`status = 'paused'`);
  expect(await refusalOf(take())).toContain("monitor_not_live");
  expect((await send()).refused).toEqual([]);
  expect(await kysely.selectFrom("log_scores").select("id").execute()).toHaveLength(2);
});

test("settings of before are not handed out", async () => {
  const before = batch.config?.samples;
  await kysely
    .insertInto("system_settings")
    .values({ key: DEFAULTS, value: JSON.stringify({ samples: 7 }) })
    .execute();
  expect(before).not.toBe(7);
  expect((await take()).config?.samples).toBe(7);
});

test("who is only handed out servers has been seen", async () => {
  await change(sql`last_seen = now() - interval '1 hour'`);
  await take();
  const { rows } = await sql<{ readonly seen: boolean }>`
    select last_seen > now() - interval '1 minute' as seen from monitors`.execute(kysely);
  expect(rows).toEqual([{ seen: true }]);
});

test("calls and changes at the same time: all that is counted has the standing of its moment", async () => {
  await makeDue(kysely);
  const changes = (async () => {
    for (let step = 0; step < 20; step += 1) await change(sql`client_version = ${`v${step}`}`);
  })();
  const calls = Array.from({ length: 20 }, async () => {
    const taken = await take();
    if (taken.servers.length === 0) return 0;
    const answer = await client.submitResults({
      version: 5,
      monId: MON,
      batchId: taken.batchId,
      submissionId: newSubmissionId(),
      list: taken.servers.map((server) => goodStatus(server)),
    });
    expect(answer.refused).toEqual([]);
    return taken.servers.length;
  });
  const counted = (await Promise.all(calls)).reduce((sum, each) => sum + each, 0);
  await changes;
  expect(counted).toBe(4);
  expect(await kysely.selectFrom("log_scores").select("id").execute()).toHaveLength(4);
});

test.each([
  ["tls_name = 'other.example'"],
  ["token_hash = sha256('another')"],
  ["ip = '10.0.0.8'"],
  ["hostname = 'other'"],
  ["status = 'testing'"],
  ["lab = not lab"],
  [`config = '{"samples": 3}'`],
  ["client_version = 'other'"],
  ["is_current = not is_current"],
  ["deleted_on = now()"],
  ["type = 'score'"],
])("the mark is another after %s", async (what) => {
  const before = await mark();
  await change(sql`last_seen = now(), last_submit = now(), checks_total = checks_total + 1`);
  expect(await mark()).toBe(before);
  await change(sql.raw(what));
  expect(await mark()).not.toBe(before);
});

async function mark(): Promise<bigint | undefined> {
  const { rows } = await sql<{ readonly mark: bigint }>`
    select ${MONITOR_MARK} as mark from monitors m`.execute(kysely);
  return rows[0]?.mark;
}
