// Whose fault it is, from results in the database to the API: six monitors in six networks, five servers.

import { adminV1 } from "@truechimer/api";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { type InsertedCheck, insertChecks } from "./_analytics.ts";
import { useFaultJudge } from "./_fault-judge.ts";
import { startHistory } from "./_history.ts";
import { ip, useServer } from "./_test-server.ts";

vi.setConfig({ testTimeout: 60_000 });

const database = await useDatabase({ poolSize: 20 });
const { kysely } = database;
const { server, admin } = await useServer(database);
const MONITORS = ["m1", "m2", "m3", "m4", "m5", "m6"];
const SERVERS = ["a.example", "b.example", "c.example", "d.example", "e.example"];
for (const [at, name] of MONITORS.entries()) {
  await server.createMonitor({ name, address: ip(`10.${at}.0.1`) });
}
await server.addServers(
  SERVERS.map((name, at) => ({ name, address: ip(`10.1.${at}.1`), port: 123 })),
);
const judge = await useFaultJudge(database);
const MS = 1e6;
const NOW_S = 180;

beforeEach(async () => {
  await sql`truncate events, log_scores, traceroutes`.execute(kysely);
  await sql`update monitors set status = 'active', fault_cause = '', fault_text = '', fault_since = null`.execute(
    kysely,
  );
  await sql`update servers set verdict = 'truechimer', fault = '', fault_cause = '', fault_text = '', fault_since = null,
    faults = '[]'`.execute(kysely);
  await sql`
    insert into server_scores (server_id, monitor_id, status)
    select s.id, m.id, 'active' from servers s cross join monitors m where m.type = 'monitor'
    on conflict (server_id, monitor_id) do update set status = 'active'`.execute(kysely);
});

type Happens = (monitor: string, server: string) => Partial<InsertedCheck>;

/** Nothing came back. */
const LOST = { reason: "timeout", answered: 0 };

/** Forty minutes of a fleet, and what happens in the last three. */
async function live(happens: Happens, ageSeconds = 0): Promise<void> {
  await insertChecks(
    database,
    SERVERS.flatMap((name) =>
      MONITORS.flatMap((monitor, number) =>
        Array.from({ length: 40 }, (_, minute): InsertedCheck => {
          const age = ageSeconds + 5 + number + minute * 60;
          const noise = ((minute * 7 + number * 3) % 11) - 5;
          return {
            server: name,
            monitor,
            ageSeconds: age,
            offsetNs: Math.round(noise * 0.02 * MS),
            rttNs: Math.round(20 * MS + noise * 0.03 * MS),
            boundNs: 10 * MS,
            ...(age - ageSeconds < NOW_S ? happens(monitor, name) : {}),
          };
        }),
      ),
    ),
  );
}

async function idOf(name: string): Promise<bigint> {
  const row = await kysely
    .selectFrom("servers")
    .select("id")
    .where("name", "=", name)
    .executeTakeFirstOrThrow();
  return row.id;
}

async function faultOf(name: string): Promise<adminV1.GetServerResponse> {
  return await admin.getServer({ id: await idOf(name) });
}

const stepped: Happens = (_, name) => (name === "a.example" ? { offsetNs: 5 * MS } : {});

describe("whose fault it is", () => {
  test("a server's clock that has stepped is the server's, with those who see it, as an event, and for filters", async () => {
    await live(stepped);
    await judge();
    const { server: a, faults, events } = await faultOf("a.example");
    expect(a).toMatchObject({ fault: adminV1.Fault.SERVER, faultCause: "clock_step" });
    expect(a?.faultText).toMatch(
      /^the server: its clock has stepped by \+(4\.9\d|5|5\.0\d) ms; 6 of 6 monitors see it, from 6 networks, and 24 of 24/,
    );
    expect(a?.faultSince).toBeDefined();
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatchObject({
      reach: "server",
      shown: 6,
      reached: 6,
      othersWell: 24,
      others: 24,
    });
    expect(faults[0]?.witnesses.map(({ monitorName, sees }) => [monitorName, sees])).toEqual(
      MONITORS.map((name) => [name, true]),
    );
    const event = events.find(({ kind }) => kind === "fault_changed");
    expect(event).toMatchObject({
      reason: "clock_step",
      faultBefore: adminV1.Fault.UNSPECIFIED,
      faultAfter: adminV1.Fault.SERVER,
    });
    // What was then is kept as it was, with who saw it and where their packets are.
    expect(event?.evidence).toEqual(faults);
    const [witness] = event?.evidence[0]?.witnesses ?? [];
    const check = await admin.getCheck({ id: witness?.checkId ?? 0n });
    expect(check.check).toMatchObject({ serverId: a?.id, monitorId: witness?.monitorId });
    const listed = await admin.listEvents({ serverId: a?.id ?? 0n });
    expect(listed.events.map(({ evidence }) => evidence)).toContainEqual(faults);
    const found = await admin.listServers({ filter: "fault:server fault_cause:clock_step" });
    expect(found.servers.map(({ name }) => name)).toEqual(["a.example"]);
    const others = await admin.listServers({ filter: "not fault:server" });
    expect(others.servers.map(({ name }) => name)).toEqual(SERVERS.slice(1));
  });

  test("a monitor's clock that is off is the monitor's, and no server's", async () => {
    await live((monitor) => (monitor === "m2" ? { offsetNs: -15 * MS } : {}));
    await judge();
    const { monitors } = await admin.listMonitors({});
    expect(monitors.filter(({ faultCause }) => faultCause !== "")).toEqual([
      expect.objectContaining({ name: "m2", faultCause: "monitor_clock" }),
    ]);
    expect(monitors.find(({ name }) => name === "m2")?.faultText).toMatch(
      /^our own side: the clock of m2 is off by \+1[45](\.\d+)? ms;/,
    );
    const { servers } = await admin.listServers({});
    expect(servers.map(({ fault }) => fault)).toEqual(SERVERS.map(() => adminV1.Fault.UNSPECIFIED));
    // What one of six sees is in the evidence.
    const { faults } = await faultOf("a.example");
    expect(faults.map(({ fault }) => fault)).toEqual([adminV1.Fault.MONITOR]);
    expect(faults[0]?.witnesses[0]).toMatchObject({ monitorName: "m2", sees: true });
    const { events } = await admin.listEvents({ filter: "kind:fault_changed monitor.name:m2" });
    expect(events.map(({ evidence }) => evidence.map(({ cause }) => cause))).toEqual([
      ["monitor_clock"],
    ]);
  });

  test("what is lost behind one router of the traceroutes is the path's, and the router is named", async () => {
    const behind = ["m1", "m2", "m3"];
    for (const monitor of MONITORS) {
      const hop = behind.includes(monitor) ? "198.51.100.9" : "198.51.100.20";
      await sql`
        insert into traceroutes (ts, server_id, ip, port, monitor_id, reached, hops)
        select now(), s.id, s.ip, 123, m.id, true,
          jsonb_build_array(jsonb_build_object('hop_limit', 1, 'answers', jsonb_build_array(jsonb_build_object('ip', ${hop}::text, 'rtt_ns', 1))))
        from servers s, monitors m where s.name = 'b.example' and m.hostname = ${monitor}`.execute(
        kysely,
      );
    }
    await live((monitor, name) => (behind.includes(monitor) && name === "b.example" ? LOST : {}));
    await judge();
    const { server: b, faults } = await faultOf("b.example");
    expect(b).toMatchObject({ fault: adminV1.Fault.PATH, faultCause: "outage" });
    expect(faults[0]).toMatchObject({ reach: "part", reachFrom: "198.51.100.9" });
    expect(faults[0]?.witnesses.slice(0, 3).map(({ shares }) => shares)).toEqual([
      ["hop"],
      ["hop"],
      ["hop"],
    ]);
  });

  test("a bad verdict that nothing explains is nobody's, and a fault that is over is an event", async () => {
    await live(stepped);
    await judge();
    await sql`truncate log_scores`.execute(kysely);
    await live(() => ({}));
    await sql`update servers set verdict = 'unsure' where name = 'c.example'`.execute(kysely);
    await judge();
    const { server: c } = await faultOf("c.example");
    expect(c).toMatchObject({ fault: adminV1.Fault.CANNOT_TELL, faultCause: "" });
    const { server: a, events } = await faultOf("a.example");
    expect(a).toMatchObject({ fault: adminV1.Fault.UNSPECIFIED, faultText: "" });
    expect(a?.faultSince).toBeUndefined();
    expect(events[0]).toMatchObject({
      kind: "fault_changed",
      text: "a.example: nobody's fault any more",
    });
  });

  test("where nothing was checked lately, what was said stays", async () => {
    await live(stepped);
    await judge();
    await sql`truncate log_scores`.execute(kysely);
    await live(() => ({}), 1_200);
    await judge();
    expect((await faultOf("a.example")).server?.fault).toBe(adminV1.Fault.SERVER);
  });

  test("the history in memory gives the same answer as the database", async () => {
    await live(stepped);
    const history = startHistory(database);
    await vi.waitFor(async () => {
      const store = await history.current();
      expect(store?.horizonUs).toBeLessThan(Date.now() * 1_000 - 7_200_000_000);
    }, 30_000);
    const scan = vi.spyOn(history.store, "scan");
    await judge({ history });
    expect(scan).toHaveBeenCalled();
    expect((await faultOf("a.example")).server?.faultCause).toBe("clock_step");
  });
});
