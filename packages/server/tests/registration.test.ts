// Registration: an agent asks to be let in, a person decides, and the key reaches the agent and nobody else.

import type { adminV1 } from "@truechimer/api";
import { useDatabase } from "@truechimer/testing-postgres";
import { beforeEach, describe, expect, test } from "vitest";
import { cleanUpEnrolment } from "../src/enrolment/clean-up-enrolment.ts";
import { LOCAL_POLICY } from "../src/policy.ts";
import { askHttp, newUlid, register, registered, registrationIdIn } from "./_agents.ts";
import { MASTER_KEY } from "./_master-key.ts";
import { refusalOf } from "./_results.ts";
import { startServer, useServer } from "./_test-server.ts";

const database = await useDatabase();
const { server, admin, monitorClient } = await useServer(database, { masterKey: MASTER_KEY });
const { url } = server;

beforeEach(async () => {
  await database.pool.query("delete from registrations");
});

async function onlyRegistration(): Promise<adminV1.Registration> {
  const { registrations } = await admin.listRegistrations({ includeDecided: true });
  const [registration] = registrations;
  if (registration === undefined || registrations.length > 1) throw new Error("expected one");
  return registration;
}

async function approved(registrationId: string, init = {}): Promise<string> {
  const answer = await registered(url, { registrationId });
  await admin.approveRegistration({ id: registrationIdIn(answer), ...init });
  return registrationIdIn(answer);
}

async function configOf(key: string): Promise<Record<string, unknown>> {
  const answer = await askHttp(`${url}/monitor/api/config`, {
    headers: { authorization: `Bearer ${key}` },
  });
  expect(answer.status).toBe(200);
  return JSON.parse(answer.body) as Record<string, unknown>;
}

describe("an agent that asks", () => {
  test("waits for a person, under an address that is not its secret", async () => {
    const registrationId = newUlid();
    const answer = await registered(url, { registrationId });
    expect(answer).toEqual({
      URL: expect.stringMatching(new RegExp(`^${url}/agents/registrations/[0-9A-Z]{26}$`)),
      Status: "pending",
    });
    expect(answer.URL).not.toContain(registrationId);
    const { rows } = await database.pool.query("select r::text from registrations r");
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(registrationId);
  });

  test("is told the same each time, also by another replica, and is one registration", async () => {
    const registrationId = newUlid();
    const replica = await startServer(database, { masterKey: MASTER_KEY });
    const urls = [url, url, replica.server.url, url, replica.server.url, url, url, url];
    const answers = await Promise.all(urls.map((each) => registered(each, { registrationId })));
    await replica.server[Symbol.asyncDispose]();
    expect(new Set(answers.map(registrationIdIn)).size).toBe(1);
    expect(await onlyRegistration()).toMatchObject({
      hostname: "zurich",
      account: "default",
      addresses: ["127.0.0.1"],
      clientVersion: "v4.1.5/abcdef1 (2026-04-28T00:00:00Z, go1.26)",
      tlsName: expect.stringMatching(/^zurich-[0-9a-z]{7}\.prod\.mon\.truechimer\.internal$/),
    });
    const { events } = await admin.listEvents({});
    const text = "an agent on zurich (127.0.0.1) asks to be let in";
    const told = events.filter(({ kind }) => kind === "registration_received");
    expect(told.filter((event) => event.text === text).length).toBeGreaterThan(0);
  });

  test("may move while it waits, and no more once it is decided", async () => {
    const registrationId = newUlid();
    const answer = await registered(url, { registrationId, localAddress: "127.0.0.2" });
    await registered(url, { registrationId, localAddress: "127.0.0.3" });
    expect((await onlyRegistration()).addresses).toEqual(["127.0.0.3"]);
    await admin.approveRegistration({ id: registrationIdIn(answer) });
    await registered(url, { registrationId, localAddress: "127.0.0.4" });
    expect((await onlyRegistration()).addresses).toEqual(["127.0.0.3"]);
  });

  test("is heard over both families, and becomes a monitor in each", async () => {
    const both = await startServer(database, {
      masterKey: MASTER_KEY,
      listen: { host: "::", port: 0 },
    });
    const { port } = new URL(both.server.url);
    const registrationId = newUlid();
    const first = await registered(`http://127.0.0.1:${port}`, { registrationId });
    await registered(`http://[::1]:${port}`, { registrationId });
    expect((await onlyRegistration()).addresses).toEqual(["127.0.0.1", "::1"]);
    await admin.approveRegistration({ id: registrationIdIn(first), status: 3 });
    const { APIToken: key = "" } = await registered(both.server.url, { registrationId });
    await both.server[Symbol.asyncDispose]();
    expect(await configOf(key)).toMatchObject({
      ipv4: { status: "active", ip: "127.0.0.1" },
      ipv6: { status: "active", ip: "::1" },
    });
  });

  test.each([
    { name: "without an id", headers: { "registration-id": "" }, says: /Registration-ID/ },
    { name: "with an id that is no ULID", headers: { "registration-id": "zurich" }, says: /ULID/ },
    {
      name: "with an id in small letters",
      headers: { "registration-id": "01arz3ndektsv4rrffq69g5fav" },
      says: /ULID/,
    },
    { name: "for an account that is not", form: { a: "nobody" }, says: /no account "nobody"/ },
    { name: "with an endless name", form: { hostname: "x".repeat(254) }, says: /253/ },
    { name: "with a name that commands", form: { hostname: "a\u001b[2J" }, says: /control/ },
    { name: "with a body too long", form: { hostname: "x".repeat(5_000) }, says: /too large/ },
    {
      name: "with a body of another kind",
      headers: { "content-type": "application/xml" },
      says: /media type/,
    },
  ])("$name is told why in plain text", async ({ headers, form, says }) => {
    const answer = await register(url, {
      registrationId: newUlid(),
      ...(headers === undefined ? {} : { headers }),
      ...(form === undefined ? {} : { form }),
    });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(answer.headers["content-type"]).toMatch(/^text\/plain/);
    expect(answer.body).toMatch(says);
    expect((await admin.listRegistrations({ includeDecided: true })).registrations).toEqual([]);
  });

  test("from a proxy that nobody named is where the proxy is; from one that is named, where it says", async () => {
    const headers = { "x-forwarded-for": "203.0.113.9" };
    await registered(url, { registrationId: newUlid(), headers });
    expect((await onlyRegistration()).addresses).toEqual(["127.0.0.1"]);
    await database.pool.query("delete from registrations");
    const proxied = await startServer(database, {
      masterKey: MASTER_KEY,
      agents: { trustedProxies: ["127.0.0.1"] },
    });
    await registered(proxied.server.url, { registrationId: newUlid(), headers });
    await proxied.server[Symbol.asyncDispose]();
    expect((await onlyRegistration()).addresses).toEqual(["203.0.113.9"]);
  });

  test("is refused in words where there is no master key", async () => {
    const keyless = await startServer(database);
    const answer = await register(keyless.server.url, { registrationId: newUlid() });
    await keyless.server[Symbol.asyncDispose]();
    expect(answer.status).toBe(403);
    expect(answer.headers["truechimer-error-code"]).toBe("master_key_missing");
    expect(answer.body).toMatch(/no master key/);
  });
});

describe("a registration that is approved", () => {
  test("gives its key until it is used, then never again", async () => {
    const registrationId = newUlid();
    const id = await approved(registrationId, {
      name: "Zürich 1",
      country: "ch",
      network: "AS64500",
    });
    const [first, second] = [
      await registered(url, { registrationId }),
      await registered(url, { registrationId }),
    ];
    expect(first).toMatchObject({ Status: "accepted", APIToken: expect.stringMatching(/^tcm_/) });
    expect(second).toEqual(first);
    const { APIToken: key = "" } = first;
    expect(await configOf(key)).toMatchObject({
      name: "Zürich 1",
      tls_name: (await onlyRegistration()).tlsName,
      ipv4: { status: "testing", ip: "127.0.0.1" },
      ipv6: { status: "", ip: "" },
    });
    const after = await registered(url, { registrationId });
    expect(after).toEqual({ URL: first.URL, Status: "completed" });
    expect(await onlyRegistration()).toMatchObject({
      id,
      status: 3,
      decidedBy: "the command line",
    });
    const { rows } = await database.pool.query("select sealed_key from registrations");
    expect(rows).toEqual([{ sealed_key: null }]);
    const { events } = await admin.listEvents({});
    const told = events.filter(
      ({ kind, text }) => kind === "agent_enrolled" && /Zürich 1/.test(text),
    );
    expect(told).toHaveLength(1);
  });

  test("keeps its key sealed, under its own id, until then", async () => {
    const registrationId = newUlid();
    await approved(registrationId);
    const { APIToken: key = "" } = await registered(url, { registrationId });
    const { rows } = await database.pool.query<{ sealed_key: Buffer }>(
      "select sealed_key from registrations",
    );
    expect(rows[0]?.sealed_key.includes(Buffer.from(key))).toBe(false);
    const other = newUlid();
    await approved(other, { name: "other" });
    await database.pool.query("update registrations set sealed_key = $1", [rows[0]?.sealed_key]);
    expect((await register(url, { registrationId: other })).status).toBe(500);
    expect((await registered(url, { registrationId })).APIToken).toBe(key);
  });

  test("approved twenty times at once is one agent with one key", async () => {
    const answer = await registered(url, { registrationId: newUlid() });
    const id = registrationIdIn(answer);
    await Promise.all(Array.from({ length: 20 }, () => admin.approveRegistration({ id })));
    const { tlsName } = await onlyRegistration();
    const { agents } = await admin.listAgents({});
    expect(agents.filter((agent) => agent.tlsName === tlsName)).toHaveLength(1);
  });

  test("lets its agent work: config and servers over Connect with the key", async () => {
    const registrationId = newUlid();
    await approved(registrationId, { name: "worker" });
    const { APIToken: key = "" } = await registered(url, { registrationId });
    expect(await refusalOf(monitorClient(key).getConfig({ monId: "127.0.0.1" }))).toBe("accepted");
    expect((await registered(url, { registrationId })).Status).toBe("completed");
  });

  test("as pending does not let it work, and gives it no certificate", async () => {
    const registrationId = newUlid();
    await approved(registrationId, { name: "later", status: 1 });
    const { APIToken: key = "" } = await registered(url, { registrationId });
    expect(await refusalOf(monitorClient(key).getConfig({ monId: "127.0.0.1" }))).toBe(
      "monitor_not_live",
    );
  });

  test.each([
    { field: "country", request: { country: "Switzerland" }, says: /two letters/ },
    { field: "name", request: { name: "x".repeat(201) }, says: /200/ },
    { field: "network", request: { network: "a\nb" }, says: /control/ },
    { field: "location", request: { location: "x".repeat(201) }, says: /200/ },
    { field: "status", request: { status: 4 }, says: /pending, testing or active/ },
  ] as const)("with a wrong $field stays pending", async ({ request, says }) => {
    const answer = await registered(url, { registrationId: newUlid() });
    const id = registrationIdIn(answer);
    await expect(admin.approveRegistration({ id, ...request })).rejects.toThrow(says);
    expect((await onlyRegistration()).status).toBe(1);
  });

  test("that nobody has heard of is not found", async () => {
    const id = newUlid();
    expect(await refusalOf(admin.approveRegistration({ id }))).toBe("not_found");
    expect(await refusalOf(admin.rejectRegistration({ id }))).toBe("not_found");
  });
});

describe("an agent that registers with its former key", () => {
  test("stays itself: its name and history, a new key and new addresses", async () => {
    const before = newUlid();
    await approved(before, { name: "moving", status: 3 });
    const { APIToken: formerKey = "" } = await registered(url, { registrationId: before });
    const { tls_name: tlsName } = await configOf(formerKey);
    const registrationId = newUlid();
    const answer = await registered(url, {
      registrationId,
      localAddress: "127.0.0.7",
      headers: { authorization: `Bearer ${formerKey}` },
    });
    await admin.approveRegistration({ id: registrationIdIn(answer), name: "moved" });
    const { APIToken: key = "" } = await registered(url, { registrationId });
    expect(await configOf(key)).toMatchObject({
      name: "moved",
      tls_name: tlsName,
      ipv4: { status: "active", ip: "127.0.0.7" },
    });
    const headers = { authorization: `Bearer ${formerKey}` };
    expect((await askHttp(`${url}/monitor/api/config`, { headers })).status).toBe(401);
    const { agents } = await admin.listAgents({});
    expect(agents.filter((agent) => agent.tlsName === tlsName)).toHaveLength(1);
  });

  test("that is unknown is a new agent", async () => {
    const headers = { authorization: "Bearer tcm_unknown" };
    const answer = await registered(url, { registrationId: newUlid(), headers });
    expect(answer.Status).toBe("pending");
  });
});

describe("a registration that comes to nothing", () => {
  test("tells an agent of ours its status, and one of the NTP Pool a text that ends its wait", async () => {
    const registrationId = newUlid();
    const id = registrationIdIn(await registered(url, { registrationId }));
    await admin.rejectRegistration({ id, reason: "who are you?" });
    const headers = { "user-agent": "ntppool-agent/v4.1.5/truechimer-0.1.0 (node v26.10.0)" };
    expect(await registered(url, { registrationId, headers })).toEqual({
      URL: `${url}/agents/registrations/${id}`,
      Status: "rejected",
      Reason: "who are you?",
    });
    const pool = await register(url, { registrationId });
    expect([pool.status, pool.body]).toEqual([
      403,
      "the registration was rejected: who are you?\n",
    ]);
    expect(await refusalOf(admin.approveRegistration({ id }))).toBe("conflict");
    expect(await refusalOf(admin.rejectRegistration({ id }))).toBe("accepted");
  });

  test("is cancelled when its agent has gone silent, or nobody decides", async () => {
    const silent = newUlid();
    const old = newUlid();
    await registered(url, { registrationId: silent });
    await database.pool.query(
      "update registrations set last_seen_at = now() - interval '61 minutes'",
    );
    await registered(url, { registrationId: old });
    await database.pool.query(
      "update registrations set created_at = now() - interval '8 days' where last_seen_at > now() - interval '1 minute'",
    );
    await cleanUp();
    for (const [registrationId, reason] of [
      [silent, /stopped asking/],
      [old, /nobody decided/],
    ] as const) {
      const answer = await register(url, { registrationId });
      expect(answer.body).toMatch(/^the registration was cancelled: /);
      expect(answer.body).toMatch(reason);
    }
  });

  test("removes an agent that never fetched its key, and forgets the key", async () => {
    const registrationId = newUlid();
    await approved(registrationId, { name: "forgotten" });
    const { APIToken: key = "" } = await registered(url, { registrationId });
    await database.pool.query("update registrations set decided_at = now() - interval '8 days'");
    await cleanUp();
    expect((await register(url, { registrationId })).body).toMatch(/cancelled/);
    const headers = { authorization: `Bearer ${key}` };
    expect((await askHttp(`${url}/monitor/api/config`, { headers })).status).toBe(401);
  });

  test("is forgotten after a month", async () => {
    const id = registrationIdIn(await registered(url, { registrationId: newUlid() }));
    await admin.rejectRegistration({ id });
    await cleanUp();
    expect((await onlyRegistration()).id).toBe(id);
    await database.pool.query("update registrations set decided_at = now() - interval '31 days'");
    await cleanUp();
    expect((await admin.listRegistrations({ includeDecided: true })).registrations).toEqual([]);
  });
});

describe("limits", () => {
  test("ten wait from one network; the eleventh is told, and one from elsewhere is not", async () => {
    const at = (localAddress: string): Promise<number> =>
      register(url, { registrationId: newUlid(), localAddress }).then(({ status }) => status);
    const statuses = await Promise.all(Array.from({ length: 14 }, () => at("127.0.0.1")));
    expect(statuses.filter((status) => status === 200)).toHaveLength(10);
    expect(statuses.filter((status) => status === 429)).toHaveLength(4);
    expect(await at("127.0.0.2")).toBe(200);
  });

  test("twenty come from one network within an hour, whatever becomes of them", async () => {
    for (let count = 0; count < 20; count += 1) {
      const { status } = await register(url, { registrationId: newUlid() });
      expect(status).toBe(200);
      await database.pool.query("update registrations set status = 'rejected', decided_at = now()");
    }
    const answer = await register(url, { registrationId: newUlid() });
    expect([answer.status, answer.body]).toEqual([429, expect.stringMatching(/within an hour/)]);
  });

  test("a thousand wait in all", async () => {
    await database.pool.query(
      `insert into registrations (id, registration_id_hash, ipv4, source, tls_name)
       select lpad(n::text, 26, '0'), sha256(n::text::bytea), '192.0.2.1', ('10.' || n % 250 || '.' || n / 250 || '.1')::inet, 'a'
       from generate_series(1, 1000) n`,
    );
    const answer = await register(url, { registrationId: newUlid() });
    expect([answer.status, answer.body]).toEqual([429, expect.stringMatching(/^1000 reg.* wait/)]);
  });
});

function cleanUp(): Promise<void> {
  return cleanUpEnrolment({ database, policy: LOCAL_POLICY });
}
