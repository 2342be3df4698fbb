// Who gets which server when.

import { adminV1, type monitorV2 } from "@truechimer/api";
import { ipAddressFromBytes } from "@truechimer/base";
import type { AssignmentStatusName, MonitorStatusName } from "@truechimer/database";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { beforeEach, describe, expect, test } from "vitest";
import { LOCAL_POLICY, POOL_PROBE_POLICY } from "../src/index.ts";
import { type MonitorClient, refusalOf } from "./_results.ts";
import { ip, useServer } from "./_test-server.ts";

const database = await useDatabase({ poolSize: 20 });
const policy = { ...LOCAL_POLICY, probe: { ...POOL_PROBE_POLICY, batchSize: 10 } };
const first = await useServer(database, { policy });
const second = await useServer(database, { policy });
const { kysely } = database;
const MON = "10.0.0.1";

let zurichToken: string;
let client: MonitorClient;

beforeEach(async () => {
  await sql`truncate servers, monitors, server_scores, events, log_scores restart identity cascade`.execute(
    kysely,
  );
  zurichToken = (await first.server.createMonitor({ name: "zurich", address: ip(MON) })).token;
  client = first.monitorClient(zurichToken);
});

function add(...targets: string[]): Promise<unknown> {
  return first.admin.addServers({ targets });
}

async function take(from: MonitorClient = client, version = 5): Promise<string[]> {
  const { servers } = await from.getServers({ monId: MON, submissionVersionMax: version });
  return servers.map(nameOf);
}

function nameOf({ ipBytes, port }: monitorV2.Server): string {
  const address = ipAddressFromBytes(ipBytes);
  const text = address.ok ? address.value.text : "?";
  return port === undefined ? text : `${text}:${port}`;
}

/** As if the server had been handed out so long ago. */
async function waited(address: string, ago: string): Promise<void> {
  await sql`
    update check_turns set queue_ts = now() - ${ago}::interval
    where server_id = (select id from servers where host(ip) = ${address})`.execute(kysely);
}

describe("the order of waiting", () => {
  test("never visited first, then the longest ago, as many as a batch has", async () => {
    await add(...Array.from({ length: 12 }, (_, index) => `10.1.0.${index + 1}`));
    await waited("10.1.0.1", "10 minutes");
    await waited("10.1.0.2", "3 hours");
    const batch = await take();
    expect(batch).toHaveLength(10);
    expect(batch).not.toContain("10.1.0.1");
    expect(await take()).toEqual(["10.1.0.2", "10.1.0.1"].slice(0, 2));
    expect(await take()).toEqual([]);
  });
});

describe("when a server is due", () => {
  test.each<{
    name: string;
    monitor?: MonitorStatusName;
    status?: AssignmentStatusName;
    score?: number;
    /** Absent: it never was. */
    ago?: string;
    due: boolean;
  }>([
    { name: "active, 9 min and a bit", ago: "541 seconds", due: true },
    { name: "active, not quite 9 min", ago: "539 seconds", due: false },
    {
      name: "active by a testing monitor, 9 min",
      monitor: "testing",
      ago: "10 minutes",
      due: false,
    },
    {
      name: "active by a testing monitor, 45 min",
      monitor: "testing",
      ago: "46 minutes",
      due: true,
    },
    { name: "testing, 9 min", status: "testing", ago: "10 minutes", due: false },
    { name: "testing, 45 min", status: "testing", ago: "46 minutes", due: true },
    { name: "candidate, 45 min", status: "candidate", ago: "46 minutes", due: false },
    { name: "candidate, 2 h", status: "candidate", ago: "121 minutes", due: true },
    { name: "paused, 2 h", status: "paused", ago: "121 minutes", due: true },
    { name: "hopeless score, 45 min", score: -90, ago: "46 minutes", due: false },
    { name: "hopeless score, 2 h", score: -95, ago: "121 minutes", due: true },
    { name: "just above hopeless", score: -89.9, ago: "10 minutes", due: true },
    { name: "never visited, paused and hopeless", status: "paused", score: -100, due: true },
  ])("$name: $due", async ({ monitor = "active", status = "active", score = 0, ago, due }) => {
    await add("10.1.0.1");
    if (ago !== undefined) await waited("10.1.0.1", ago);
    await kysely.updateTable("server_scores").set({ status, score_raw: score }).execute();
    await kysely
      .updateTable("monitors")
      .set({ status: monitor })
      .where("hostname", "=", "zurich")
      .execute();
    expect(await take()).toEqual(due ? ["10.1.0.1"] : []);
  });

  test.each([
    {
      name: "scored 59 s ago by anyone",
      change: "score_ts = now() - interval '59 seconds'",
      due: false,
    },
    { name: "scored 61 s ago", change: "score_ts = now() - interval '61 seconds'", due: true },
    { name: "paused", change: "state = 'paused'", due: false },
    { name: "removed", change: "state = 'removed', removed_on = now()", due: false },
    { name: "to be deleted today", change: "deletion_on = current_date", due: false },
    { name: "to be deleted tomorrow", change: "deletion_on = current_date + 1", due: true },
    { name: "of the lab", change: "lab = true", due: false },
  ])("$name: $due", async ({ change, due }) => {
    await add("10.1.0.1");
    await sql`update servers set ${sql.raw(change)}`.execute(kysely);
    expect(await take()).toEqual(due ? ["10.1.0.1"] : []);
  });

  test("the database's setting goes before the policy", async () => {
    await add("10.1.0.1");
    await waited("10.1.0.1", "30 seconds");
    expect(await take()).toEqual([]);
    await kysely
      .insertInto("system_settings")
      .values({ key: "monitors", value: JSON.stringify({ interval_active: "20s" }) })
      .execute();
    expect(await take()).toEqual(["10.1.0.1"]);
    await kysely.deleteFrom("system_settings").where("key", "=", "monitors").execute();
  });
});

describe("who gets what", () => {
  test("an agent that cannot name a port is given 123 alone", async () => {
    await add("10.1.0.1", "10.1.0.2:1123");
    const { servers } = await client.getServers({ monId: MON });
    expect(servers.map(nameOf)).toEqual(["10.1.0.1"]);
    expect(await take(client, 4)).toEqual([]);
    expect(await take(client, 5)).toEqual(["10.1.0.2:1123"]);
  });

  test("each family has its own servers", async () => {
    const v6 = await first.server.createMonitor({ name: "zurich", address: ip("fd00::1") });
    await add("10.1.0.1", "fd00::2");
    expect(await take()).toEqual(["10.1.0.1"]);
    const { servers } = await first
      .monitorClient(v6.token)
      .getServers({ monId: "fd00::1", submissionVersionMax: 5 });
    expect(servers.map(nameOf)).toEqual(["fd00::2"]);
    expect(servers[0]?.ipBytes).toHaveLength(16);
  });

  test("up to seven monitors are active, further ones testing", async () => {
    await add("10.1.0.1");
    for (let index = 2; index <= 10; index += 1) {
      await first.server.createMonitor({ name: `m${index}`, address: ip(`10.0.0.${index}`) });
    }
    const statuses = await kysely.selectFrom("server_scores").select("status").execute();
    const counts = Map.groupBy(statuses, ({ status }) => status);
    expect([counts.get("active")?.length, counts.get("testing")?.length]).toEqual([7, 3]);
    const zurich = await kysely
      .selectFrom("monitors")
      .select("id")
      .where("hostname", "=", "zurich")
      .executeTakeFirstOrThrow();
    await first.admin.setMonitorStatus({
      ids: [zurich.id],
      status: adminV1.MonitorStatus.PAUSED,
    });
    const after = await kysely
      .selectFrom("server_scores as ss")
      .innerJoin("servers as s", "s.id", "ss.server_id")
      .select("ss.status")
      .where("s.ip", "=", "10.1.0.1")
      .execute();
    expect(after.filter(({ status }) => status === "active")).toHaveLength(7);
    expect(after.filter(({ status }) => status === "candidate")).toHaveLength(1);
  });

  test("a server that is watched again is handed out, and one whose assignment is made again", async () => {
    await add("10.1.0.1", "10.1.0.2");
    await sql`update servers set state = 'paused' where host(ip) = '10.1.0.1'`.execute(kysely);
    await sql`delete from server_scores where server_id = (select id from servers where host(ip) = '10.1.0.2')`.execute(
      kysely,
    );
    expect(await take()).toEqual([]);
    await sql`update servers set state = 'watched' where host(ip) = '10.1.0.1'`.execute(kysely);
    expect(await take()).toEqual(["10.1.0.1"]);
    await sql`
      insert into server_scores (server_id, monitor_id, status)
      select s.id, m.id, 'testing' from servers s cross join monitors m
      where m.type = 'monitor' and host(s.ip) = '10.1.0.2'`.execute(kysely);
    expect(await take()).toEqual(["10.1.0.2"]);
  });

  test("hundreds of calls at once, to two replicas, never hand out a server twice", async () => {
    const targets = Array.from(
      { length: 150 },
      (_, index) => `10.1.${index >> 7}.${(index & 127) + 1}`,
    );
    await add(...targets);
    const clients = [client, second.monitorClient(zurichToken)];
    const batches = await Promise.all(
      Array.from({ length: 200 }, (_, index) => take(clients[index % 2])),
    );
    const handedOut = batches.flat();
    expect(new Set(handedOut).size).toBe(handedOut.length);
    let left = await take();
    while (left.length > 0) {
      handedOut.push(...left);
      left = await take();
    }
    expect(handedOut.toSorted()).toEqual(targets.toSorted());
  });
});

describe("who may ask", () => {
  test.each<{ name: string; status: MonitorStatusName; code: string }>([
    { name: "pending", status: "pending", code: "monitor_not_live" },
    { name: "paused", status: "paused", code: "monitor_not_live" },
    { name: "testing", status: "testing", code: "accepted" },
  ])("a $name monitor: $code", async ({ status, code }) => {
    await kysely.updateTable("monitors").set({ status, last_seen: null }).execute();
    expect(await refusalOf(client.getServers({ monId: MON }))).toBe(code);
    expect(await refusalOf(client.getConfig({ monId: MON }))).toBe(code);
    const { last_seen } = await kysely
      .selectFrom("monitors")
      .select("last_seen")
      .executeTakeFirstOrThrow();
    expect(last_seen).not.toBeNull();
  });

  test.each([
    { name: "no token", token: "", monId: MON, code: "unauthenticated" },
    { name: "another token", token: "tcm_wrong", monId: MON, code: "unauthenticated" },
    { name: "a person's key", token: first.adminKey, monId: MON, code: "unauthenticated" },
  ])("$name: $code", async ({ token, monId, code }) => {
    expect(await refusalOf(first.monitorClient(token).getServers({ monId }))).toBe(code);
  });

  test("mon_id is an address in whatever spelling, or empty where there is no doubt", async () => {
    const token = (await first.server.createMonitor({ name: "zurich", address: ip("fd00::a") }))
      .token;
    const v6 = first.monitorClient(token);
    expect(await refusalOf(v6.getConfig({ monId: "FD00:0:0::A" }))).toBe("accepted");
    expect(await refusalOf(v6.getConfig({ monId: "" }))).toBe("accepted");
    expect(await refusalOf(v6.getConfig({ monId: "fd00::b" }))).toBe("not_found");
    await first.server.createMonitor({ name: "zurich", address: ip(MON), token });
    expect(await refusalOf(v6.getConfig({ monId: "" }))).toBe("bad_request");
  });

  test("a new token ends the old one", async () => {
    expect(await refusalOf(client.getConfig({ monId: MON }))).toBe("accepted");
    await first.server.createMonitor({ name: "zurich", address: ip(MON) });
    expect(await refusalOf(client.getConfig({ monId: MON }))).toBe("unauthenticated");
  });
});

describe("the configuration of an agent", () => {
  test("policy, then the family's defaults, then the monitor's own", async () => {
    await kysely
      .insertInto("system_settings")
      .values({
        key: "settings-v4.system",
        value: JSON.stringify({
          samples: 4,
          base_checks: ["a.example", "b.example"],
          otlp_log_level: "info",
        }),
      })
      .execute();
    await kysely
      .updateTable("monitors")
      .set({ config: JSON.stringify({ samples: 5, otlp_log_level: null, nat_ip: "192.168.0.7" }) })
      .execute();
    const config = await client.getConfig({ monId: MON });
    expect(config.samples).toBe(5);
    expect(config.baseChecks.map((name) => Buffer.from(name).toString())).toEqual([
      "a.example",
      "b.example",
    ]);
    expect(config.otlpLogLevel).toBe("");
    expect([...config.ipBytes]).toEqual([10, 0, 0, 1]);
    expect([...config.ipNatBytes]).toEqual([192, 168, 0, 7]);
    expect(config.sampleInterval?.seconds).toBe(2n);
    expect(config.sampleTimeout?.seconds).toBe(3n);
    expect(config.privateTargetsAllowed).toBe(true);
    expect(config.mqttConfig).toBeUndefined();
    await kysely.deleteFrom("system_settings").where("key", "=", "settings-v4.system").execute();
  });

  test("a setting that cannot be used fails the call, and names itself in the log alone", async () => {
    await kysely
      .updateTable("monitors")
      .set({ config: JSON.stringify({ samples: "three" }) })
      .execute();
    expect(await refusalOf(client.getConfig({ monId: MON }))).toBe("internal");
  });

  test("the agent's version is noted from its User-Agent", async () => {
    await fetch(`${first.server.url}/monitor.v2.MonitorService/GetConfig`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "user-agent": "ntppool-agent/v4.1.5/c06769b (2026-04-28)",
        authorization: `Bearer ${(await first.server.createMonitor({ name: "zurich", address: ip(MON) })).token}`,
      },
      body: JSON.stringify({ monId: MON }),
    });
    const { client_version } = await kysely
      .selectFrom("monitors")
      .select("client_version")
      .executeTakeFirstOrThrow();
    expect(client_version).toBe("v4.1.5/c06769b (2026-04-28)");
  });
});

describe("a long backlog of servers that others scored a moment ago", () => {
  const SCORED = 1_100;

  beforeEach(async () => {
    await sql`
      insert into servers (name, ip, ip_version, score_ts)
      select 's' || i, ('10.2.' || (i >> 8) || '.' || (i & 255))::inet, 'v4', case when i <= ${SCORED}::int then now() end
      from generate_series(1, ${SCORED}::int + 25) i`.execute(kysely);
    await sql`
      insert into server_scores (server_id, monitor_id, status)
      select s.id, m.id, 'active' from servers s cross join monitors m where m.type = 'monitor'`.execute(
      kysely,
    );
    await sql`update check_turns set queue_ts = now() - interval '1 day' + make_interval(secs => server_id)`.execute(
      kysely,
    );
  });

  test("does not hide those that wait behind them, however often the monitor has to ask", async () => {
    const handedOut: string[] = [];
    for (let asked = 0; asked < 6; asked += 1) handedOut.push(...(await take()));
    expect(handedOut).toHaveLength(25);
    expect(new Set(handedOut).size).toBe(25);
  });

  test("hides nothing that is new from another replica, which has looked at none of them", async () => {
    await take();
    await sql`update servers set score_ts = null where name = 's1'`.execute(kysely);
    expect(await take(second.monitorClient(zurichToken))).toEqual(["10.2.0.1"]);
  });
});
