// However many callers ask for one monitor's work, of however many replicas, and whichever of them are killed meanwhile:
// no server is handed out twice within its interval.

import { createHash } from "node:crypto";
import { createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { monitorV2 } from "@truechimer/api";
import { sleep, systemClock, systemRandom, ulidTimeMs } from "@truechimer/base";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { type Replicas, startReplicas } from "./_replicas.ts";
import type { MonitorClient } from "./_results.ts";

const database = await useDatabase({ poolSize: 4 });
const { kysely } = database;

const MON = "10.8.0.1";
const TOKEN = `tcm_${"m".repeat(43)}`;
const SERVERS = 1_000;
const CALLERS = 32;
/** At least; more, within a limit, until enough has been killed. */
const CALLS = 250;
const CALLS_MAX = 2_000;
const KILLS = 3;
/** Calls between two kills. */
const KILL_EVERY = 40;
const CALL_TIMEOUT_MS = 20_000;
const RETRY_MS = 50;
const INTERVAL_MS = 20_000;

test("32 callers, 3 replicas, some of them killed: nothing is handed out twice", {
  timeout: 240_000,
}, async () => {
  await plant();
  await using replicas = await startReplicas(database.url, ["api", "api", "api"]);
  const batches = await hammer(replicas);
  expect(replicas.killed).toBeGreaterThanOrEqual(KILLS);
  const handedOutMs = new Map<string, number[]>();
  for (const { batchId, servers } of batches) {
    const atMs = ulidTimeMs(Buffer.from(batchId).toString());
    for (const { ipBytes } of servers) {
      const address = ipBytes.join(".");
      handedOutMs.set(address, [...(handedOutMs.get(address) ?? []), atMs]);
    }
  }
  const tooSoon = [...handedOutMs].filter(([, times]) =>
    times
      .toSorted((a, b) => a - b)
      .some((atMs, index, all) => atMs - (all[index - 1] ?? 0) < INTERVAL_MS - 1),
  );
  expect(tooSoon).toEqual([]);
  // What was on its way when its replica was killed is lost for an interval, and nothing else.
  expect(handedOutMs.size).toBeGreaterThan(SERVERS / 2);
  const { rows } = await sql<{ readonly never: bigint }>`
    select count(*) as never from check_turns where queue_ts = '-infinity'`.execute(kysely);
  expect(rows).toEqual([{ never: 0n }]);
});

async function plant(): Promise<void> {
  await sql`insert into servers (name, ip, ip_version)
    select 's' || i, ('10.9.' || (i >> 8) || '.' || (i & 255))::inet, 'v4' from generate_series(1, ${SERVERS}::int) i`.execute(
    kysely,
  );
  await sql`insert into monitors (id_token, hostname, ip, ip_version, status, token_hash)
    values ('m1', 'm1', ${MON}::inet, 'v4', 'active', ${createHash("sha256").update(TOKEN).digest()})`.execute(
    kysely,
  );
  await sql`insert into server_scores (server_id, monitor_id, status)
    select s.id, m.id, 'active' from servers s, monitors m where m.type = 'monitor'`.execute(
    kysely,
  );
  const setting = { interval_active: `${INTERVAL_MS / 1_000}s`, batch_size: 10 };
  await sql`insert into system_settings (key, value) values ('monitors', ${JSON.stringify(setting)}::jsonb)`.execute(
    kysely,
  );
}

/** All answers. A replica is killed after every so many. */
async function hammer(replicas: Replicas): Promise<readonly monitorV2.GetServersResponse[]> {
  const batches: monitorV2.GetServersResponse[] = [];
  let calls = 0;
  const goesOn = (): boolean => calls < CALLS || (replicas.killed < KILLS && calls < CALLS_MAX);
  const caller = async (): Promise<void> => {
    while (goesOn()) {
      calls += 1;
      batches.push(await ask(replicas));
      if (batches.length % KILL_EVERY === 0) replicas.killOne(systemRandom);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return batches;
}

/** Of one replica or another, until one answers. */
async function ask(replicas: Replicas): Promise<monitorV2.GetServersResponse> {
  for (;;) {
    try {
      const client = clientOf(replicas.anyUrl(systemRandom));
      const request = { monId: MON, submissionVersionMax: 5 };
      return await client.getServers(request, { timeoutMs: CALL_TIMEOUT_MS });
    } catch {
      await sleep(systemClock, RETRY_MS);
    }
  }
}

function clientOf(baseUrl: string): MonitorClient {
  const authorize: Interceptor = (next) => (request) => {
    request.header.set("authorization", `Bearer ${TOKEN}`);
    return next(request);
  };
  return createClient(
    monitorV2.MonitorService,
    createConnectTransport({ baseUrl, httpVersion: "1.1", interceptors: [authorize] }),
  );
}
