// What the dashboard and the command line ask for.

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { adminV1 } from "@truechimer/api";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { HISTORY_POINTS_TOTAL_MAX } from "../src/admin-api/get-server-history.ts";
import { exchanges } from "./_exchanges.ts";
import { goodStatus, makeDue, newSubmissionId, refusalOf } from "./_results.ts";
import { ip, useServer } from "./_test-server.ts";

const database = await useDatabase({ poolSize: 20 });
const { server, admin, adminKey, monitorClient } = await useServer(database, {
  roles: ["api", "scorer"],
  resolveName: (name) =>
    name === "two.example"
      ? Promise.resolve([ip("10.1.0.1"), ip("10.1.0.2")])
      : Promise.resolve([]),
});
const { kysely } = database;
const MON = "10.0.0.1";

beforeEach(async () => {
  await kysely.transaction().execute(async (transaction) => {
    // The scorer that runs waits outside.
    await sql`select from scorer_shards for no key update`.execute(transaction);
    await sql`truncate servers, server_scores, monitors, events, log_scores, check_evidence, result_commits, server_slots,
      monitor_slots, submissions restart identity cascade`.execute(transaction);
    // The scorers' rows, with the ids under which the running scorer knows them.
    await sql`insert into monitors (id_token, type, hostname, status) values
      ('scorer', 'score', 'recentmedian', 'active'), ('scorer2', 'score', 'every', 'active')`.execute(
      transaction,
    );
  });
});

describe("adding servers", () => {
  test("by name and address; each target is judged on its own", async () => {
    const answer = await admin.addServers({
      targets: ["two.example:1123", "10.1.0.3", "nowhere.example", "not a name", "10.1.0.3:123"],
    });
    expect(answer.added.map(({ name, address, port }) => `${name} ${address}:${port}`)).toEqual([
      "10.1.0.3 10.1.0.3:123",
      "two.example:1123 10.1.0.1:1123",
      "two.example:1123 10.1.0.2:1123",
    ]);
    expect(answer.refused.map(({ target, code }) => `${target}: ${code}`)).toEqual([
      "nowhere.example: name_unresolved",
      "not a name: bad_address",
    ]);
    const again = await admin.addServers({ targets: ["10.1.0.3"] });
    expect([again.added.length, again.existing.length]).toEqual([0, 1]);
  });

  test.each([
    { name: "none", targets: [], code: "bad_request" },
    {
      name: "1,001",
      targets: Array.from({ length: 1_001 }, () => "10.1.0.1"),
      code: "limit_exceeded",
    },
  ])("$name: $code", async ({ targets, code }) => {
    expect(await refusalOf(admin.addServers({ targets }))).toBe(code);
  });

  test("a text with SQL in it is a bad name and nothing more", async () => {
    const { refused } = await admin.addServers({ targets: ["x'); drop table servers; --"] });
    expect(refused[0]?.code).toBe("bad_address");
    expect((await admin.listServers({})).servers).toEqual([]);
  });
});

describe("making monitors", () => {
  test("one of that name gets a new token; the address of another is a conflict", async () => {
    const zurich = await admin.createMonitor({ name: "zurich", address: MON });
    const again = await admin.createMonitor({ name: "zurich", address: "10.0.0.9" });
    expect(again.monitorId).toBe(zurich.monitorId);
    expect(await refusalOf(monitorClient(zurich.token).getConfig({}))).toBe("unauthenticated");
    for (const address of ["10.0.0.9", "::ffff:10.0.0.9"]) {
      expect(await refusalOf(admin.createMonitor({ name: "vienna", address }))).toBe("conflict");
    }
    expect(await refusalOf(monitorClient(again.token).getConfig({}))).toBe("accepted");
    const vienna = await admin.createMonitor({ name: "vienna", address: MON });
    expect(vienna.monitorId).not.toBe(zurich.monitorId);
    expect(await refusalOf(admin.createMonitor({ name: "zurich", address: MON }))).toBe("conflict");
  });

  test("a renamed host keeps the monitors of its own addresses", async () => {
    const before = await server.createMonitor({ name: "old-name", address: ip(MON) });
    const after = await server.createMonitor({ name: "new-name", address: ip(MON) });
    expect(after.monitorId).toBe(before.monitorId);
  });
});

describe("pause, resume, remove, restore", () => {
  test("each says what it did, doing it twice is no error, and all can be undone", async () => {
    const { added } = await admin.addServers({ targets: ["10.1.0.1", "10.1.0.2"] });
    const ids = added.map(({ id }) => id);
    const states = (servers: readonly adminV1.Server[]): number[] =>
      servers.map(({ state }) => state);
    const { WATCHED, PAUSED, REMOVED } = adminV1.ServerState;
    expect(states((await admin.pauseServers({ ids })).servers)).toEqual([PAUSED, PAUSED]);
    expect(states((await admin.pauseServers({ ids })).servers)).toEqual([PAUSED, PAUSED]);
    expect(states((await admin.resumeServers({ ids: ids.slice(0, 1) })).servers)).toEqual([
      WATCHED,
    ]);
    expect(states((await admin.removeServers({ ids })).servers)).toEqual([REMOVED, REMOVED]);
    expect((await admin.listServers({})).servers).toEqual([]);
    expect((await admin.listServers({ includeRemoved: true })).servers).toHaveLength(2);
    expect(states((await admin.restoreServers({ ids })).servers)).toEqual([WATCHED, WATCHED]);
    const { events } = await admin.listEvents({ serverId: ids[0] ?? 0n });
    expect(events.map(({ kind }) => kind)).toEqual([
      "server_restored",
      "server_removed",
      "server_resumed",
      "server_paused",
      "server_added",
    ]);
  });

  test("an id that is not there changes nothing at all", async () => {
    const { added } = await admin.addServers({ targets: ["10.1.0.1"] });
    const ids = [added[0]?.id ?? 0n, 4_711n];
    expect(await refusalOf(admin.removeServers({ ids }))).toBe("not_found");
    expect((await admin.listServers({})).servers).toHaveLength(1);
    expect(await refusalOf(admin.pauseServers({ ids: [] }))).toBe("bad_request");
  });

  test("a removed one that is added again comes back with its history", async () => {
    const { added } = await admin.addServers({ targets: ["10.1.0.1"] });
    await admin.removeServers({ ids: added.map(({ id }) => id) });
    const again = await admin.addServers({ targets: ["10.1.0.1"] });
    expect(again.added.map(({ id }) => id)).toEqual(added.map(({ id }) => id));
  });
});

describe("events", () => {
  test("are read page by page, each once", async () => {
    await admin.addServers({
      targets: Array.from({ length: 25 }, (_, index) => `10.1.0.${index + 1}`),
    });
    const seen: bigint[] = [];
    let pageToken = "";
    do {
      const page = await admin.listEvents({ pageSize: 10, pageToken });
      seen.push(...page.events.map(({ id }) => id));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(seen).toHaveLength(25);
    expect(seen).toEqual(seen.toSorted((a, b) => Number(b - a)));
    expect(await refusalOf(admin.listEvents({ pageToken: "nonsense" }))).toBe("bad_request");
    expect(await refusalOf(admin.listEvents({ pageSize: 1_001 }))).toBe("limit_exceeded");
  });
});

test("history of many monitors stays within the points of one answer", async () => {
  const serverId = await insertResults(0, () => 0);
  await sql`
    insert into monitors (id_token, type, hostname, status, ip, ip_version)
    select 'm' || n, 'monitor', 'm' || n, 'active', ('10.9.0.' || n)::inet, 'v4' from generate_series(1, 20) n`.execute(
    kysely,
  );
  await sql`
    insert into log_scores (ts, server_id, monitor_id, step, score, offset_ns)
    select now() - make_interval(secs => n), ${serverId}, m.id, 1, 1, n
    from monitors m cross join generate_series(1, 3000) n where m.hostname <> 'recentmedian'`.execute(
    kysely,
  );
  const from = timestampFromMs(Date.now() - 3_000_000);
  const history = await admin.getServerHistory({ serverId, pointsMax: 20_000, from });
  const points = history.series.reduce((sum, { atMs }) => sum + atMs.length, 0);
  expect(history.series).toHaveLength(21);
  expect(points).toBeLessThanOrEqual(HISTORY_POINTS_TOTAL_MAX);
  expect(points).toBeGreaterThan(HISTORY_POINTS_TOTAL_MAX / 10);
  expect(history.downSampled).toBe(true);
  expect(history.rowsTotal).toBeGreaterThan(60_000n);
});

test.each([1, 2, 3])("history with %i points a series is refused", async (pointsMax) => {
  const serverId = await insertResults(10, (index) => index);
  expect(await refusalOf(admin.getServerHistory({ serverId, pointsMax }))).toBe("bad_request");
  const { series } = await admin.getServerHistory({ serverId, pointsMax: 4 });
  expect(series[0]?.atMs.length).toBeLessThanOrEqual(4);
});

/** So many results a second apart, the newest now; offsets in µs by `offsetOf`. */
async function insertResults(
  count: number,
  offsetOf: (index: number) => number | null,
): Promise<bigint> {
  const { added } = await admin.addServers({ targets: ["10.1.0.1"] });
  const serverId = added[0]?.id ?? 0n;
  await server.createMonitor({ name: "zurich", address: ip(MON) });
  const { id: monitorId } = await kysely
    .selectFrom("monitors")
    .select("id")
    .where("type", "=", "monitor")
    .executeTakeFirstOrThrow();
  const offsets = Array.from({ length: count }, (_, index) => offsetOf(index));
  await sql`
    update servers set created_on = now() - interval '30 days'`.execute(kysely);
  await sql`
    insert into log_scores (ts, server_id, monitor_id, score_before, step, score, offset_ns, reason)
    select now() - make_interval(secs => ${count} - place), ${serverId}, ${monitorId}, 0, case when us is null then -5 else 1 end,
      20 - place % 7, us * 1000, case when us is null then 'timeout' end
    from unnest(${offsets}::bigint[]) with ordinality as t (us, place)`.execute(kysely);
  return serverId;
}

describe("history", () => {
  test("every row where there are few", async () => {
    const serverId = await insertResults(100, (index) => index);
    const history = await admin.getServerHistory({ serverId });
    expect(history.downSampled).toBe(false);
    expect(history.rowsTotal).toBe(100n);
    expect(history.series[0]?.offsetNs).toEqual(
      Array.from({ length: 100 }, (_, index) => index * 1_000),
    );
    expect(history.series[0]?.atMs).toEqual(history.series[0]?.atMs.toSorted((a, b) => a - b));
  });

  test("where there are many, no more than asked for, and every extreme survives", async () => {
    // Quiet but for one spike each way and one failure, anywhere in 20,000.
    const serverId = await insertResults(20_000, (index) =>
      index === 7_777
        ? 2_000_000
        : index === 12_345
          ? -1_500_000
          : index === 3_333
            ? null
            : index % 10,
    );
    const history = await admin.getServerHistory({
      serverId,
      from: timestampFromMs(Date.now() - 20_100_000),
      pointsMax: 400,
    });
    expect(history.downSampled).toBe(true);
    expect(history.rowsTotal).toBe(20_000n);
    const [series] = history.series;
    expect(series?.atMs.length).toBeLessThanOrEqual(400);
    expect(series?.atMs.length).toBeGreaterThan(100);
    expect(Math.max(...(series?.offsetNs.filter((value) => !Number.isNaN(value)) ?? []))).toBe(
      2_000_000_000,
    );
    expect(Math.min(...(series?.offsetNs.filter((value) => !Number.isNaN(value)) ?? []))).toBe(
      -1_500_000_000,
    );
    expect(series?.reason).toContain("timeout");
    expect(series?.offsetNs.filter((value) => Number.isNaN(value))).toHaveLength(1);
  });

  test("says how far back it reaches, and refuses what makes no sense", async () => {
    const serverId = await insertResults(10, () => 0);
    const from = timestampFromMs(Date.now() - 90 * 86_400_000);
    const history = await admin.getServerHistory({ serverId, from });
    expect(history.horizon?.seconds).toBeGreaterThan(from.seconds);
    expect(history.from).toEqual(history.horizon);
    expect(
      await refusalOf(
        admin.getServerHistory({ serverId, from: timestampFromMs(Date.now() + 60_000) }),
      ),
    ).toBe("bad_request");
    expect(await refusalOf(admin.getServerHistory({ serverId, pointsMax: 20_001 }))).toBe(
      "limit_exceeded",
    );
    expect(await refusalOf(admin.getServerHistory({ serverId: 99n }))).toBe("not_found");
  });

  test("of some monitors alone", async () => {
    const serverId = await insertResults(10, () => 0);
    expect((await admin.getServerHistory({ serverId, monitorIds: [4_711n] })).series).toEqual([]);
  });
});

describe("checks", () => {
  test("are read page by page while new ones arrive", async () => {
    const serverId = await insertResults(120, (index) => (index % 4 === 0 ? null : 0));
    const seen: bigint[] = [];
    let pageToken = "";
    do {
      const page = await admin.listChecks({ serverId, pageSize: 50, pageToken });
      seen.push(...page.checks.map(({ id }) => id));
      pageToken = page.nextPageToken;
      await sql`
        insert into log_scores (ts, server_id, monitor_id, step, score)
        select now(), server_id, monitor_id, 1, 1 from log_scores where server_id = ${serverId} limit 1`.execute(
        kysely,
      );
    } while (pageToken !== "");
    expect(seen).toHaveLength(120);
    expect(new Set(seen).size).toBe(120);
    const bad = await admin.listChecks({ serverId, onlyBad: true, pageSize: 1_000 });
    expect(bad.checks).toHaveLength(30);
    expect(bad.checks[0]).toMatchObject({
      reason: "timeout",
      reasonText: "no answer came in time",
      step: -5,
    });
  });

  test("of one range", async () => {
    const serverId = await insertResults(60, () => 0);
    const to = timestampFromMs(Date.now() - 30_000);
    const { checks } = await admin.listChecks({ serverId, to });
    expect(checks.length).toBeGreaterThan(25);
    expect(checks.length).toBeLessThan(35);
  });

  test("one that is not there", async () => {
    expect(await refusalOf(admin.getCheck({ id: 4_711n }))).toBe("not_found");
    expect(await refusalOf(admin.getServer({ id: 4_711n }))).toBe("not_found");
  });
});

describe("one check down to the packet", () => {
  test("stamps, bound, ladder, fields, arithmetic, neighbours, trace", async () => {
    await admin.addServers({ targets: ["10.1.0.1"] });
    const { token } = await server.createMonitor({ name: "zurich", address: ip(MON) });
    const client = monitorClient(token);
    for (let round = 0; round < 3; round += 1) {
      await makeDue(kysely);
      const batch = await client.getServers({ monId: MON, submissionVersionMax: 5 });
      const [work] = batch.servers;
      if (work === undefined) throw new Error("no work");
      const { silent, answered } = exchanges();
      await client.submitResults(
        {
          version: 5,
          monId: MON,
          batchId: batch.batchId,
          submissionId: newSubmissionId(),
          list: [goodStatus(work, { responses: [silent, answered], selectedResponse: answered })],
        },
        { headers: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" } },
      );
    }
    const serverId = (await admin.listServers({})).servers[0]?.id ?? 0n;
    const { checks } = await admin.listChecks({ serverId });
    const middle = checks[1]?.id ?? 0n;
    const check = await admin.getCheck({ id: middle });
    expect([check.nextId, check.previousId]).toEqual([checks[0]?.id, checks[2]?.id]);
    expect(check.traceId).toBe("0af7651916cd43dd8448eb211c80319c");
    expect(check.arithmetic).toMatchObject({
      scoreBefore: 1,
      decay: 0.95,
      step: 1,
      scoreAfter: 1.95,
      rule: "offset_good",
      ruleSet: "ntp_pool_recentmedian/1",
    });
    expect(check.selectedIndex).toBe(1);
    const [silent, answered] = check.exchanges;
    expect(silent?.reason).toBe("timeout");
    expect(silent?.rules[0]).toMatchObject({ rule: "timeout", outcome: adminV1.RuleOutcome.FAIL });
    expect(
      silent?.rules.slice(1).every(({ outcome }) => outcome === adminV1.RuleOutcome.NOT_TRIED),
    ).toBe(true);
    expect(answered?.reason).toBe("");
    expect(answered?.rules.every(({ outcome }) => outcome === adminV1.RuleOutcome.PASS)).toBe(true);
    expect(answered?.offset?.valueNs).toBeGreaterThan(999_000n);
    const parts = answered?.boundParts.reduce((sum, { valueNs }) => sum + valueNs, 0n);
    expect(parts).toBe(answered?.offset?.boundNs);
    expect(answered?.t1Source).toBe(adminV1.StampSource.KERNEL);
    expect(answered?.fields.map(({ name }) => name)).toContain("transmit time stamp");
    expect(answered?.destination).toBe("10.1.0.1:123");
    expect([answered?.request.length, answered?.response.length]).toEqual([48, 48]);
    await vi.waitFor(async () => {
      const { servers } = await admin.listServers({});
      expect(servers[0]?.referenceId).toBe("192.0.2.9");
      expect(servers[0]?.loss).toBeCloseTo(0.5);
    }, 20_000);
  });
});

test("two offsets at the ends of 63 bits do not hide the monitors", async () => {
  await admin.addServers({ targets: ["10.1.0.1"] });
  await server.createMonitor({ name: "zurich", address: ip(MON) });
  await sql`update servers set offset_ns = 9223372036854775807, witnesses_fresh = 2`.execute(
    kysely,
  );
  await sql`update server_scores set answer_offset_ns = -9223372036854775807, last_answer_ts = now()`.execute(
    kysely,
  );
  const { monitors } = await admin.listMonitors({});
  expect(monitors.map(({ offsetFromFleetNs }) => offsetFromFleetNs)).toEqual([-(2n ** 63n) + 1n]);
  expect((await admin.getOverview({})).monitors).toHaveLength(1);
});

test("a monitor that shares no server with others has no offset from the fleet", async () => {
  await server.createMonitor({ name: "zurich", address: ip(MON) });
  const { monitors } = await admin.listMonitors({});
  expect(monitors.map(({ offsetFromFleetNs }) => offsetFromFleetNs)).toEqual([undefined]);
});

test("a monitor's offset from the fleet carries a bound, and it says how often it agrees", async () => {
  await admin.addServers({ targets: ["10.1.0.1", "10.1.0.2", "10.1.0.3"] });
  await server.createMonitor({ name: "zurich", address: ip(MON) });
  await sql`update servers set offset_ns = 1000000, bound_ns = 1000, witnesses_fresh = 3, verdict = 'truechimer'`.execute(
    kysely,
  );
  await sql`update servers set offset_ns = 40000000, verdict = 'falseticker' where ip = '10.1.0.3'`.execute(
    kysely,
  );
  // It sees the first 30 ms off and the others as the fleet does, 5 µs away.
  await sql`update server_scores ss set last_answer_ts = now(), answer_bound_ns = 2000 * s.id,
      answer_offset_ns = case when s.ip = '10.1.0.1' then 30000000 else s.offset_ns + 5000 end
    from servers s where s.id = ss.server_id`.execute(kysely);
  const {
    monitors: [monitor],
  } = await admin.listMonitors({});
  expect(monitor?.offsetFromFleetNs).toBe(5_000n);
  const bounds = (await admin.listServers({})).servers.map(({ id }) => 1_000n + 2_000n * id);
  expect(monitor?.offsetFromFleetBoundNs).toBe(bounds[1]);
  expect([monitor?.serversAgreed, monitor?.serversJudged]).toEqual([2, 3]);
  await sql`update servers set bound_ns = null where ip = '10.1.0.2'`.execute(kysely);
  const { monitors: again } = await admin.listMonitors({});
  expect(again.map(({ offsetFromFleetBoundNs }) => offsetFromFleetBoundNs)).toEqual([undefined]);
});

test("leap seconds that are announced are counted by their monitors; old announcements are not", async () => {
  await admin.addServers({ targets: ["10.1.0.1", "10.1.0.2"] });
  await server.createMonitor({ name: "zurich", address: ip(MON) });
  await sql`update server_scores set leap = 1, score_ts = now()`.execute(kysely);
  await sql`update server_scores set score_ts = now() - interval '2 days'
    where server_id = (select id from servers where ip = '10.1.0.2')`.execute(kysely);
  const { servers } = await admin.getOverview({});
  expect(servers.map(({ leapInserts, leapDeletes }) => [leapInserts, leapDeletes])).toEqual([
    [1, 0],
    [0, 0],
  ]);
});

describe("plain HTTP and JSON", () => {
  test("is all that a program needs", async () => {
    await admin.addServers({ targets: ["10.1.0.1"] });
    const answer = await fetch(`${server.url}/truechimer.admin.v1.AdminService/ListServers`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${adminKey}` },
      body: "{}",
    });
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(await answer.json()).toMatchObject({
      servers: [
        {
          address: "10.1.0.1",
          port: 123,
          verdict: "VERDICT_UNSURE",
          state: "SERVER_STATE_WATCHED",
        },
      ],
    });
  });
});

describe("the lab's servers", () => {
  const lab = (
    entries: Readonly<Record<string, number>>,
  ): { name: string; address: ReturnType<typeof ip>; port: number }[] =>
    Object.entries(entries).map(([name, port]) => ({ name, address: ip("127.0.0.1"), port }));
  const watched = async (): Promise<string[]> => {
    const { servers } = await admin.listServers({});
    return servers.map(({ id, name, port }) => `${id} ${name} ${port}`);
  };

  test("keep their names and history when their ports change, even among themselves", async () => {
    await server.registerLabServers(lab({ a: 5_001, b: 5_002, c: 5_003 }));
    expect(await watched()).toEqual(["1 a 5001", "2 b 5002", "3 c 5003"]);
    await server.registerLabServers(lab({ a: 5_002, b: 5_001, d: 5_004 }));
    expect(await watched()).toEqual([
      "1 a 5002",
      "2 b 5001",
      expect.stringMatching(/^\d+ d 5004$/),
    ]);
  });

  test("have their own monitors, and retire with them", async () => {
    await server.createMonitor({ name: "zurich.lab", address: ip("127.0.1.1"), lab: true });
    const real = await server.createMonitor({ name: "here", address: ip("127.0.0.1") });
    await server.registerLabServers(lab({ a: 5_001 }));
    await admin.addServers({ targets: ["127.0.0.1:6000"] });
    const pairs = await sql<{ pair: string }>`
      select m.hostname || ' ' || s.name as pair from server_scores ss
      join monitors m on m.id = ss.monitor_id join servers s on s.id = ss.server_id order by 1`.execute(
      kysely,
    );
    expect(pairs.rows.map(({ pair }) => pair)).toEqual(["here 127.0.0.1:6000", "zurich.lab a"]);
    expect((await admin.getOverview({})).lab).toBe(true);
    await server.retireLab();
    expect((await admin.getOverview({})).lab).toBe(false);
    expect(await refusalOf(monitorClient(real.token).getConfig({ monId: "127.0.0.1" }))).toBe(
      "accepted",
    );
    await server.registerLabServers(lab({ a: 5_001 }));
    expect(await watched()).toHaveLength(1);
    await server.registerLabServers(lab({ a: 5_001 }), { restoreRemoved: true });
    expect(await watched()).toHaveLength(2);
  });
});
