// Agents as people see and change them.

import type { adminV1 } from "@truechimer/api";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import { agentClient, newCsr, newUlid } from "./_agents.ts";
import { enrolledAgent, registeredAgent } from "./_enrolled.ts";
import { MASTER_KEY } from "./_master-key.ts";
import { refusalOf } from "./_results.ts";
import { ip, useServer } from "./_test-server.ts";

const database = await useDatabase();
const { server, admin, monitorClient } = await useServer(database, { masterKey: MASTER_KEY });
const { url } = server;

async function agentNamed(name: string): Promise<adminV1.Agent | undefined> {
  const { agents } = await admin.listAgents({});
  return agents.find((agent) => agent.name === name);
}

describe("the list of agents", () => {
  test("has those with bearer tokens, too, each once with its families", async () => {
    const { token } = await server.createMonitor({ name: "bearer", address: ip("10.0.0.1") });
    await server.createMonitor({ name: "bearer", address: ip("2001:db8::1"), token });
    await server.createMonitor({ name: "bearer", address: ip("10.0.0.2"), lab: true });
    const { agents } = await admin.listAgents({});
    const found = agents.filter(({ name }) => name === "bearer");
    const families = new Map(found.map(({ lab, monitors }) => [lab, monitors.length]));
    expect([found.length, families.get(false), families.get(true)]).toEqual([2, 2, 1]);
    expect(found[0]).toMatchObject({ tlsName: "", transport: "", online: false });
    expect(found[0]?.certificate).toBeUndefined();
    expect(await admin.getAgent({ id: found[0]?.id ?? "" })).toMatchObject({
      agent: { id: found[0]?.id },
      certificates: [],
    });
  });

  test("says by what each can be asked on demand: the stream before MQTT, and nothing that has ended", async () => {
    const agent = await enrolledAgent(admin, url, { name: "asked" });
    expect((await agentNamed("asked"))?.transport).toBe("");
    const session = (transport: string, until: string): Promise<unknown> =>
      database.pool.query(
        `insert into monitor_sessions (monitor_id, transport, stream_id, session_id, expires_at)
         select id, $1, 's', 'run', now() + $2::interval from monitors where tls_name = $3
         on conflict (monitor_id, transport) do update set expires_at = excluded.expires_at`,
        [transport, until, agent.tlsName],
      );
    await session("mqtt", "1 minute");
    expect((await agentNamed("asked"))?.transport).toBe("mqtt");
    await session("stream", "1 minute");
    expect((await agentNamed("asked"))?.transport).toBe("stream");
    await session("stream", "-1 minute");
    expect((await agentNamed("asked"))?.transport).toBe("mqtt");
  });

  test("says when each was heard last, and with which program", async () => {
    const agent = await enrolledAgent(admin, url, { name: "heard" });
    await monitorClient(agent.key).getConfig(
      { monId: "192.0.2.10" },
      { headers: { "user-agent": "truechimer-agent/9.9.9" } },
    );
    const found = await agentNamed("heard");
    expect(found?.lastSeenAt).toBeDefined();
    expect(found?.clientVersion).toMatch(/truechimer-agent\/9\.9\.9/);
  });

  test("an agent that is not there is not found", async () => {
    for (const id of ["", "x", newUlid()]) {
      expect(await refusalOf(admin.getAgent({ id }))).toBe("not_found");
      expect(await refusalOf(admin.removeAgent({ id }))).toBe("not_found");
    }
  });

  test("a monitor of an agent is nobody else's to take over", async () => {
    const agent = await enrolledAgent(admin, url, { name: "own" });
    await server.createMonitor({ name: "own", address: ip("192.0.2.10") });
    expect(await refusalOf(monitorClient(agent.key).getConfig({ monId: "192.0.2.10" }))).toBe(
      "accepted",
    );
  });
});

describe("an agent's page", () => {
  test("tells what it watches and how far it is from the others", async () => {
    const agent = await enrolledAgent(admin, url, { name: "near" });
    await server.createMonitor({ name: "far", address: ip("10.1.0.1") });
    await server.addServers([{ name: "ntp.example", address: ip("198.51.100.1"), port: 123 }]);
    await database.pool.query(
      `update server_scores ss set answer_offset_ns = case when m.hostname = 'near' then 5000000 else 2000000 end,
         last_answer_ts = now(), score_ts = now(), reason = null
       from monitors m where m.id = ss.monitor_id`,
    );
    const { assignments } = await admin.getAgent({ id: agent.id });
    expect(assignments).toHaveLength(1);
    expect(assignments[0]).toMatchObject({
      serverName: "ntp.example",
      offsetFromOthersNs: 3_000_000n,
      assignment: { monitorName: "near", fresh: true },
    });
    await database.pool.query(
      "update server_scores set last_answer_ts = now() - interval '2 hours'",
    );
    const stale = await admin.getAgent({ id: agent.id });
    expect(stale.assignments[0]?.offsetFromOthersNs).toBeUndefined();
  });
});

describe("a status", () => {
  test("is set for single monitors, once, and told as an event", async () => {
    const agent = await enrolledAgent(admin, url, { name: "paused" });
    const [v4, v6] = (await agentNamed("paused"))?.monitors ?? [];
    const answer = await admin.setMonitorStatus({ ids: [v4?.id ?? 0n], status: 4 });
    expect(answer.monitors.map(({ status }) => status)).toEqual([4]);
    await admin.setMonitorStatus({ ids: [v4?.id ?? 0n], status: 4 });
    expect((await agentNamed("paused"))?.monitors.map(({ status }) => status)).toEqual([4, 3]);
    const mine = monitorClient(agent.key);
    expect(await refusalOf(mine.getConfig({ monId: "192.0.2.10" }))).toBe("monitor_not_live");
    expect(await refusalOf(mine.getConfig({ monId: v6?.address ?? "" }))).toBe("accepted");
    const { events } = await admin.getAgent({ id: agent.id });
    const told = events.filter(({ kind }) => kind === "monitor_status_changed");
    expect(told.map(({ text }) => text)).toEqual([
      "monitor paused (192.0.2.10) was active and is paused",
    ]);
  });

  test.each([
    { name: "for nobody", request: { ids: [], status: 3 }, code: "bad_request" },
    { name: "for a monitor that is not", request: { ids: [999n], status: 3 }, code: "not_found" },
    { name: "unspecified", request: { ids: [1n], status: 0 }, code: "bad_request" },
    { name: "deleted", request: { ids: [1n], status: 5 }, code: "bad_request" },
    {
      name: "for too many",
      request: { ids: Array.from({ length: 1_001 }, () => 1n), status: 3 },
      code: "limit_exceeded",
    },
  ] as const)("$name is refused", async ({ request, code }) => {
    const { ids, status } = request;
    expect(await refusalOf(admin.setMonitorStatus({ ids: [...ids], status }))).toBe(code);
  });
});

describe("what people know of an agent", () => {
  test("is changed after it was let in, told as an event, and there at once for the agent and for filters", async () => {
    const agent = await enrolledAgent(admin, url, { name: "bern" });
    const answer = await admin.updateAgent({
      id: agent.id,
      name: " Bern ",
      country: "ch",
      network: "AS64500 Example",
    });
    const place = { name: "Bern", country: "CH", network: "AS64500 Example", location: "" };
    expect(answer.agent).toMatchObject({ id: agent.id, ...place });
    const later = await admin.updateAgent({ id: agent.id, location: "Wankdorf", network: "" });
    expect(later.agent).toMatchObject({ ...place, network: "", location: "Wankdorf" });
    await admin.updateAgent({ id: agent.id, location: "Wankdorf" });
    const { events } = await admin.getAgent({ id: agent.id });
    expect(events.filter(({ kind }) => kind === "agent_changed").map(({ text }) => text)).toEqual([
      'agent Bern was changed: its network was "AS64500 Example" and is unknown, its location was unknown and is "Wankdorf"',
      'agent bern was changed: its name was "bern" and is "Bern", its country was unknown and is "CH", its network was unknown and is "AS64500 Example"',
    ]);
    const found = await admin.listMonitors({ filter: "country:ch location:Wankdorf name:Bern" });
    expect(found.monitors.map(({ name }) => name)).toEqual(["Bern", "Bern"]);
    const byCertificate = async (filter: string): Promise<readonly string[]> =>
      (await admin.listMonitors({ filter })).monitors.map(({ name }) => name);
    expect(await byCertificate("name:Bern certificate_left>1h")).toEqual(["Bern", "Bern"]);
    expect(await byCertificate("name:Bern certificate_left<1h")).toEqual([]);
    const config = await fetch(`${url}/monitor/api/config`, {
      headers: { authorization: `Bearer ${agent.key}` },
    });
    expect(await config.json()).toMatchObject({ name: "Bern", tls_name: agent.tlsName });
    await sql`update certificates set revoked_at = now() where tls_name = lower(${agent.tlsName})`.execute(
      database.kysely,
    );
    expect(await byCertificate("name:Bern certificate_left<1h")).toEqual(["Bern", "Bern"]);
  });

  test("of an agent with bearer tokens is its place, which a new token leaves as it is", async () => {
    const { token } = await server.createMonitor({ name: "plainer", address: ip("10.6.0.1") });
    await server.createMonitor({ name: "plainer", address: ip("2001:db8:6::1"), token });
    const { id = "" } = (await agentNamed("plainer")) ?? {};
    const place = { country: "NO", network: "AS64501", location: "Oslo" };
    expect((await admin.updateAgent({ id, ...place })).agent).toMatchObject(place);
    await server.createMonitor({ name: "plainer", address: ip("10.6.0.1"), firstLocation: "here" });
    const { monitors } = await admin.listMonitors({ filter: "network:AS64501" });
    expect(monitors.map(({ location, country }) => [location, country])).toEqual([
      ["Oslo", "NO"],
      ["Oslo", "NO"],
    ]);
    const { events } = await admin.getAgent({ id });
    expect(events.filter(({ kind }) => kind === "agent_changed")).toHaveLength(1);
  });

  test("of several who change it at once each is told what the one before wrote", async () => {
    const agent = await registeredAgent(admin, url, { name: "busy" });
    const cities = Array.from({ length: 8 }, (_unused, index) => `city ${index}`);
    await Promise.all(cities.map((location) => admin.updateAgent({ id: agent.id, location })));
    const { events } = await admin.getAgent({ id: agent.id });
    const steps = events.flatMap(({ text }) => {
      const found = /its location was (.*) and is (.*)$/.exec(text);
      return found === null ? [] : [{ before: found[1], after: found[2] }];
    });
    expect(steps).toHaveLength(8);
    const written = new Set(steps.map(({ after }) => after));
    expect(new Set(steps.map(({ before }) => before)).size).toBe(8);
    expect(steps.filter(({ before }) => before === "unknown" || written.has(before))).toHaveLength(
      8,
    );
  });

  test.each([
    { name: "nothing", request: {}, says: /nothing to change/ },
    { name: "no name", request: { name: " " }, says: /name is empty/ },
    { name: "a long country", request: { country: "CHE" }, says: /"CHE" is not a country code/ },
    {
      name: "a control character",
      request: { network: "a\u0007" },
      says: /network holds a control/,
    },
    { name: "too many words", request: { location: "x".repeat(201) }, says: /has 201 characters/ },
  ])("$name is refused", async ({ request, says }) => {
    const agent = await registeredAgent(admin, url, { name: "refusing" });
    await expect(admin.updateAgent({ id: agent.id, ...request })).rejects.toThrow(says);
    await admin.removeAgent({ id: agent.id });
  });

  test("is not the lab's to change, nor the name that a token is known by; who is not there is not found", async () => {
    await server.createMonitor({ name: "virtual", address: ip("10.0.0.9"), lab: true });
    await server.createMonitor({ name: "known", address: ip("10.7.0.1") });
    const change = async (agent: string, words: object): Promise<unknown> =>
      admin.updateAgent({ id: (await agentNamed(agent))?.id ?? "", ...words });
    await expect(change("virtual", { location: "here" })).rejects.toThrow(/is simulated/);
    await expect(change("known", { name: "other" })).rejects.toThrow(/cannot be changed here/);
    await change("known", { name: "known", location: "there" });
    expect(await refusalOf(admin.updateAgent({ id: newUlid(), location: "x" }))).toBe("not_found");
  });

  test("decides at once who watches whom", async () => {
    const near = await enrolledAgent(admin, url, { name: "placed" });
    await server.addServers([{ name: "placed.example", address: ip("198.51.100.77"), port: 123 }]);
    await database.pool.query(
      "update servers_monitor_review set next_review = now() + interval '1 day'",
    );
    await admin.updateAgent({ id: near.id, country: "CH" });
    const { rows } = await database.pool.query(
      `select r.next_review < now() + interval '23 hours' as reviewed from servers_monitor_review r
       join servers s on s.id = r.server_id where s.name = 'placed.example'`,
    );
    expect(rows).toEqual([{ reviewed: true }]);
  });
});

describe("an agent that is removed", () => {
  test("is out at once, its certificates revoked, its history kept, its name free for nobody", async () => {
    const agent = await enrolledAgent(admin, url, { name: "leaving" });
    await admin.removeAgent({ id: agent.id });
    expect(await agentNamed("leaving")).toBeUndefined();
    expect(await refusalOf(admin.removeAgent({ id: agent.id }))).toBe("not_found");
    const renewing = agentClient(url, agent.key).renewCertificate({ csrDer: await newCsr() });
    expect(await refusalOf(renewing)).toBe("unauthenticated");
    const { rows } = await database.pool.query(
      `select m.status, m.token_hash, c.revoked_at is not null as revoked
       from monitors m join certificates c on c.tls_name = m.tls_name where m.tls_name = $1`,
      [agent.tlsName],
    );
    expect(rows).toEqual([
      { status: "deleted", token_hash: null, revoked: true },
      { status: "deleted", token_hash: null, revoked: true },
    ]);
    const { events } = await admin.listEvents({});
    expect(events.find(({ kind }) => kind === "agent_removed")?.text).toMatch(/^agent leaving was/);
  });

  test("ten times at once is removed once", async () => {
    const agent = await registeredAgent(admin, url, { name: "twice" });
    await Promise.all(
      Array.from({ length: 10 }, () => refusalOf(admin.removeAgent({ id: agent.id }))),
    );
    const { events } = await admin.listEvents({});
    const told = events.filter(({ text }) => text.startsWith("agent twice was removed"));
    expect(told).toHaveLength(1);
  });

  test("with bearer tokens alone takes all its monitors along", async () => {
    const { token } = await server.createMonitor({ name: "plain", address: ip("10.5.0.1") });
    const found = await agentNamed("plain");
    await admin.removeAgent({ id: found?.id ?? "" });
    expect(await agentNamed("plain")).toBeUndefined();
    expect(await refusalOf(monitorClient(token).getConfig({ monId: "10.5.0.1" }))).toBe(
      "unauthenticated",
    );
  });
});
