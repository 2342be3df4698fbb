// Three API processes, two scorers and two workers on one PostgreSQL, as programs of their own; some of them are stopped
// while monitors submit through a load balancer.

import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { monitorV2 } from "@truechimer/api";
import { createUlid, sleep, systemClock, systemRandom } from "@truechimer/base";
import { useDatabase } from "@truechimer/testing-postgres";
import { describe, expect, test, vi } from "vitest";
import { type Balancer, startBalancer, startCluster } from "./_cluster.ts";
import { command, createDataHome } from "./_up-program.ts";

const UNSCORED = `select count(*)::int as count from scorer_shards s
  join result_commits c on c.cluster = s.cluster and not pg_visible_in_snapshot(c.transaction_id, s.snapshot)
  join monitors m on m.id = c.monitor_id and m.type = 'monitor'`;

const database = await useDatabase();

const LIMIT_MS = 180_000;
const WAIT = { timeout: 60_000, interval: 100 };
const STOP_MS_MAX = 10_000;
const MONITORS = 20;
const SERVERS = 30;
/** Results before the stop, and after it again. */
const ACKNOWLEDGED_MIN = 200;
const PAUSE_MS = 50;
const ADMIN_KEY = "tca_a-key-of-this-test-alone";
const ROLES = ["api", "api", "api", "scorer", "scorer", "worker", "worker"];
const CONFIG = `
[listen]
port = 0
stop_notice = "1s"

[targets]
private_allowed = true

[checks]
interval = "1s"
`;

const tokenOf = (monitor: number): string =>
  `tcm_${"m".repeat(39)}${String(monitor).padStart(4, "0")}`;

/** Monitors with known tokens, all of which watch all servers. */
async function plant(): Promise<void> {
  const numbers = Array.from({ length: MONITORS }, (_, index) => index + 1);
  const hashes = numbers.map((each) => createHash("sha256").update(tokenOf(each)).digest());
  await database.pool.query(
    `insert into servers (name, ip, port, ip_version)
     select 's' || i, ('10.9.0.' || i)::inet, 123, 'v4' from generate_series(1, $1::int) i`,
    [SERVERS],
  );
  await database.pool.query(
    `insert into monitors (id_token, hostname, ip, ip_version, status, token_hash)
     select 'm' || i, 'm' || i, ('10.8.0.' || i)::inet, 'v4', 'active', hash
     from unnest($1::int[], $2::bytea[]) as t (i, hash)`,
    [numbers, hashes],
  );
  await database.pool.query(
    `insert into server_scores (server_id, monitor_id, status)
     select s.id, m.id, 'active' from servers s, monitors m`,
  );
}

interface Load {
  readonly acknowledged: () => number;
  readonly failures: readonly string[];
  stop(): Promise<void>;
}

/** Each monitor asks for work and submits it, again and again, each call once. */
function startLoad(balancer: Balancer): Load {
  const done = new AbortController();
  const failures: string[] = [];
  let acknowledged = 0;
  const work = async (monitor: number): Promise<void> => {
    const monId = `10.8.0.${monitor}`;
    while (!done.signal.aborted) {
      try {
        const client = clientOf(balancer.choose(), tokenOf(monitor));
        const batch = await client.getServers({ monId, submissionVersionMax: 5 });
        const counted = batch.servers.length === 0 ? 0 : await submit(monitor, batch, balancer);
        acknowledged += counted;
      } catch (error) {
        failures.push(String(error));
      }
      await sleep(systemClock, PAUSE_MS);
    }
  };
  const running = Array.from({ length: MONITORS }, (_, index) => work(index + 1));
  return {
    acknowledged: () => acknowledged,
    failures,
    stop: async () => {
      done.abort();
      await Promise.all(running);
    },
  };
}

async function submit(
  monitor: number,
  { batchId, servers }: monitorV2.GetServersResponse,
  balancer: Balancer,
): Promise<number> {
  const baseMs = Date.now();
  const list = servers.map((server, index) =>
    create(monitorV2.ServerStatusSchema, {
      ticket: server.ticket,
      ipBytes: server.ipBytes,
      ...(server.port === undefined ? {} : { port: server.port }),
      ts: timestampFromMs(baseMs - index),
      offset: { seconds: 0n, nanos: 1_000_000 },
      rtt: { seconds: 0n, nanos: 500_000 },
      stratum: 2,
    }),
  );
  const answer = await clientOf(balancer.choose(), tokenOf(monitor)).submitResults({
    version: 5,
    monId: `10.8.0.${monitor}`,
    batchId,
    submissionId: createUlid(systemClock, systemRandom),
    list,
  });
  expect(answer.refused).toEqual([]);
  return list.length;
}

function clientOf(baseUrl: string, token: string) {
  const authorize: Interceptor = (next) => (request) => {
    request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
  return createClient(
    monitorV2.MonitorService,
    createConnectTransport({ baseUrl, httpVersion: "1.1", interceptors: [authorize] }),
  );
}

async function countOf(query: string): Promise<number> {
  const { rows } = await database.pool.query<{ count: number }>(query);
  return rows[0]?.count ?? 0;
}

describe("seven processes on one PostgreSQL", { timeout: LIMIT_MS }, () => {
  test("some stop under load: no call fails, and each acknowledged result is there once", async () => {
    await using home = await createDataHome();
    const directory = dirname(home.path);
    const keyFile = join(directory, "admin.key");
    await writeFile(keyFile, ADMIN_KEY, { mode: 0o600 });
    const configFile = join(directory, "server.toml");
    await writeFile(configFile, `${CONFIG}\n[admin]\nkey_file = ${JSON.stringify(keyFile)}\n`);
    await plant();
    await using cluster = await startCluster({
      databaseUrl: database.url,
      configFile,
      roles: ROLES,
    });
    const apis = cluster.members.filter(({ roles }) => roles === "api");
    const system = async (): Promise<readonly Record<string, unknown>[]> => {
      const url = apis.at(-1)?.url ?? "";
      const args = ["system", "--url", url, "--key-file", keyFile];
      return (await command(home, args)).json();
    };

    await Promise.all(
      cluster.members.map(async ({ roles, url }) => {
        // One with the API is ready once the newest results are in its memory.
        await vi.waitFor(async () => {
          const health = await fetch(`${url}/healthz/ready`);
          expect(await health.json()).toMatchObject({
            status: "ok",
            roles: [roles],
            checks: { database: "ok" },
          });
        }, WAIT);
      }),
    );
    const replicas = (await system()).filter(({ kind }) => kind === "replica");
    expect(replicas.map(({ roles, alive }) => ({ roles, alive }))).toHaveLength(ROLES.length);
    expect(replicas.every(({ alive }) => alive === true)).toBe(true);
    const args = ["system", "--url", apis[0]?.url ?? "", "--key-file", keyFile];
    const page = (await command(home, args, { terminal: true })).out;
    expect(page).toMatch(/^Truechimer \S+ on PostgreSQL \S+, schema 00\d\d_/);
    expect(page).toMatch(/ +scorer +alive /);
    expect(page).toMatch(/^partitions .* idempotent +makes the tables of coming days/m);

    const balancer = await startBalancer(apis.map(({ url }) => url));
    const load = startLoad(balancer);
    await vi.waitFor(() => expect(load.acknowledged()).toBeGreaterThan(ACKNOWLEDGED_MIN), WAIT);
    const leaving = [cluster.members[0], cluster.members[3], cluster.members[5]];
    const stopped = await Promise.all(leaving.map(async (member) => await member?.stop()));
    for (const each of stopped) {
      expect(each?.code).toBe(0);
      expect(each?.tookMs).toBeLessThan(STOP_MS_MAX);
    }
    const before = load.acknowledged();
    await vi.waitFor(
      () => expect(load.acknowledged()).toBeGreaterThan(before + ACKNOWLEDGED_MIN),
      WAIT,
    );
    await load.stop();
    balancer.stop();

    expect(load.failures).toEqual([]);
    const results = `select count(*)::int as count from log_scores l
      join monitors m on m.id = l.monitor_id and m.type = 'monitor'`;
    expect(await countOf(results)).toBe(load.acknowledged());
    await vi.waitFor(async () => {
      expect(await countOf(UNSCORED)).toBe(0);
    }, WAIT);
    const after = (await system()).filter(({ kind }) => kind === "replica");
    expect(after.map(({ roles }) => String(roles)).toSorted()).toEqual([
      "api",
      "api",
      "scorer",
      "worker",
    ]);
  });
});
