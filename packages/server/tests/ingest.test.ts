// Whether results come in, as the API tells it of a real database.

import { adminV1 } from "@truechimer/api";
import { systemClock } from "@truechimer/base";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { beforeEach, expect, test } from "vitest";
import { useServer } from "./_test-server.ts";

const database = await useDatabase();
const { kysely } = database;
const HOUR_NS = 3_600_000_000_000n;
const { IngestState } = adminV1;

// A process that was started an hour ago.
let hourAgo = true;
const clock = {
  ...systemClock,
  nowNs: () => systemClock.nowNs() - (hourAgo ? HOUR_NS : 0n),
};
const { admin } = await useServer(database, { clock });
hourAgo = false;

beforeEach(async () => {
  await sql`truncate log_scores, result_commits, server_scores, servers, monitors, events cascade`.execute(
    kysely,
  );
});

async function assign(age: string, lastSeen: string | null): Promise<void> {
  await sql`
    with server as (
      insert into servers (name, ip, ip_version) values ('s', '192.0.2.1', 'v4') returning id
    ), monitor as (
      insert into monitors (id_token, hostname, ip, ip_version, status, last_seen)
      values ('m', 'm', '192.0.2.2', 'v4', 'active', now() - ${lastSeen}::interval) returning id
    )
    insert into server_scores (server_id, monitor_id, status, created_on)
    select server.id, monitor.id, 'active', now() - ${age}::interval from server, monitor`.execute(
    kysely,
  );
}

async function store(hostname: string): Promise<void> {
  await sql`
    insert into log_scores (ts, server_id, monitor_id, step, score)
    select now(), 1, id, 1, 20 from monitors where hostname = ${hostname}`.execute(kysely);
}

async function ingest(): Promise<adminV1.Ingest | undefined> {
  return (await admin.getSystem({})).ingest;
}

test("without anybody who should send, nothing is missed", async () => {
  expect(await ingest()).toMatchObject({ state: IngestState.IDLE, expected: false });
  // A new assignment has a while to give its first result.
  await assign("1 second", null);
  expect(await ingest()).toMatchObject({ state: IngestState.IDLE });
});

test("a result that was stored is told with both clocks", async () => {
  await assign("1 hour", "2 seconds");
  await store("m");
  const told = await ingest();
  expect(told).toMatchObject({ state: IngestState.FLOWING, expected: true });
  expect(told?.lastStoredAt).toBeDefined();
  expect(told?.lastReceivedAt).toBeDefined();
  // A minute and the time between two checks.
  expect(told?.silentAfter?.seconds).toBeGreaterThan(60n);
});

test("agents that ask and store nothing are stalled, whatever the scorers write", async () => {
  await assign("1 hour", "2 seconds");
  await sql`insert into monitors (id_token, hostname, type, status) values ('sc', 'recentmedian', 'score', 'active')`.execute(
    kysely,
  );
  await store("recentmedian");
  const told = await ingest();
  expect(told?.state).toBe(IngestState.STALLED);
  expect(told?.lastStoredAt).toBeUndefined();
});

test("a fleet that is not heard of is silent", async () => {
  await assign("1 hour", "30 minutes");
  expect((await ingest())?.state).toBe(IngestState.SILENT);
});
