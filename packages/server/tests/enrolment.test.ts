// Enrolment: a one-time token becomes one agent, whoever comes with it and however often; and the certificate is renewed.

import { X509Certificate } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { agentV1 } from "@truechimer/api";
import { createCertificateRequest, generateSigner } from "@truechimer/pki";
import { useDatabase } from "@truechimer/testing-postgres";
import { describe, expect, test } from "vitest";
import { cleanUpEnrolment } from "../src/enrolment/clean-up-enrolment.ts";
import { LOCAL_POLICY } from "../src/policy.ts";
import { agentClient, askHttp, newCsr, newUlid } from "./_agents.ts";
import { enrolledAgent, registeredAgent } from "./_enrolled.ts";
import { MASTER_KEY } from "./_master-key.ts";
import { refusalOf } from "./_results.ts";
import { ip, startServer, useServer } from "./_test-server.ts";

const database = await useDatabase();
const { server, admin, monitorClient } = await useServer(database, { masterKey: MASTER_KEY });
const { url } = server;
const client = agentClient(url);

type Request = Exclude<MessageInitShape<typeof agentV1.EnrollRequestSchema>, agentV1.EnrollRequest>;

async function newToken(
  init: Parameters<typeof admin.createEnrolmentToken>[0] = {},
): Promise<string> {
  return (await admin.createEnrolmentToken(init)).secret;
}

async function newRequest(init: Request = {}): Promise<Request> {
  return {
    token: await newToken(),
    hostname: "oslo.example.net",
    csrDer: await newCsr(),
    addresses: ["192.0.2.7", "2001:db8::7"],
    enrolmentId: newUlid(),
    ...init,
  };
}

async function agentCount(): Promise<number> {
  const { rows } = await database.pool.query<{ count: bigint }>("select count(*) from agents");
  return Number(rows[0]?.count);
}

describe("a one-time token", () => {
  test("is told once, with the root's fingerprint and the command that uses it", async () => {
    const { token, secret, command } = await admin.createEnrolmentToken({ name: "the roof" });
    expect(secret).toMatch(/^tce_[A-Za-z0-9_-]{43}\.[0-9a-f]{32}$/);
    expect(command).toBe(`truechimer agent enroll --server ${url} --token ${secret}`);
    expect(token).toMatchObject({ name: "the roof", agentId: "" });
    const { rows } = await database.pool.query("select t::text from enrolment_tokens t");
    expect(JSON.stringify(rows)).not.toContain(secret.slice(4, 47));
    const { rootPem } = await client.enroll(await newRequest({ token: secret }));
    const fingerprint = new X509Certificate(rootPem).fingerprint256.replaceAll(":", "");
    expect(secret.split(".")[1]).toBe(fingerprint.toLowerCase().slice(0, 32));
  });

  test.each([
    { field: "lifetime", init: { lifetime: { seconds: 59n } }, says: /60 s to 30 days/ },
    { field: "lifetime", init: { lifetime: { seconds: 2_592_001n } }, says: /60 s to 30 days/ },
    { field: "country", init: { country: "Norway" }, says: /two letters/ },
    { field: "name", init: { name: "x".repeat(201) }, says: /200/ },
    { field: "status", init: { status: 4 }, says: /pending, testing or active/ },
  ] as const)("with a wrong $field is not made", async ({ init, says }) => {
    await expect(admin.createEnrolmentToken(init)).rejects.toThrow(says);
  });

  test("is not made where there is no master key", async () => {
    const keyless = await startServer(database);
    expect(await refusalOf(keyless.admin.createEnrolmentToken({}))).toBe("master_key_missing");
    const enrolling = agentClient(keyless.server.url).enroll(await newRequest());
    expect(await refusalOf(enrolling)).toBe("master_key_missing");
    await keyless.server[Symbol.asyncDispose]();
  });
});

describe("an enrolment", () => {
  test("makes an agent with a certificate, a key and a monitor in each family", async () => {
    const token = await newToken({
      country: "no",
      network: "AS64500",
      location: "Oslo",
      status: 2,
    });
    const answer = await client.enroll(await newRequest({ token }));
    expect(answer.tlsName).toMatch(/^oslo-[0-9a-z]{7}\.prod\.mon\.truechimer\.internal$/);
    expect(answer).toMatchObject({ apiKey: expect.stringMatching(/^tcm_/), agentUrl: url });
    const leaf = new X509Certificate(answer.certificatePem);
    expect(leaf.subjectAltName).toBe(`DNS:${answer.tlsName}`);
    const { agents } = await admin.listAgents({});
    const agent = agents.find(({ tlsName }) => tlsName === answer.tlsName);
    expect(agent).toMatchObject({
      name: "oslo.example.net",
      account: "default",
      country: "NO",
      network: "AS64500",
      location: "Oslo",
      certificate: {
        serial: leaf.serialNumber.toLowerCase().replace(/^(00)+/, ""),
        fingerprint: leaf.fingerprint256.replaceAll(":", "").toLowerCase(),
      },
    });
    expect(agent?.monitors.map(({ address, status }) => [address, status])).toEqual([
      ["192.0.2.7", 2],
      ["2001:db8::7", 2],
    ]);
    const mine = monitorClient(answer.apiKey);
    expect(await refusalOf(mine.getConfig({ monId: "192.0.2.7" }))).toBe("accepted");
    expect(await refusalOf(mine.getConfig({ monId: "2001:db8::7" }))).toBe("accepted");
    const { tokens } = await admin.listEnrolmentTokens({});
    expect(tokens.find(({ agentId }) => agentId === agent?.id)?.usedAt).toBeDefined();
    const { events } = await admin.getAgent({ id: agent?.id ?? "" });
    expect(events.map(({ kind }) => kind)).toContain("agent_enrolled");
  });

  test("by twenty agents at once with one token, over two replicas, makes one agent", async () => {
    const replica = await startServer(database, { masterKey: MASTER_KEY });
    const clients = [client, agentClient(replica.server.url)];
    const token = await newToken();
    const before = await agentCount();
    const requests = await Promise.all(Array.from({ length: 20 }, () => newRequest({ token })));
    const outcomes = await Promise.all(
      requests.map((request, index) => refusalOf((clients[index % 2] ?? client).enroll(request))),
    );
    await replica.server[Symbol.asyncDispose]();
    expect(outcomes.toSorted()).toEqual([
      "accepted",
      ...Array.from({ length: 19 }, () => "forbidden"),
    ]);
    expect(await agentCount()).toBe(before + 1);
  });

  test("sent twenty times at once is answered with one agent and one key", async () => {
    const request = await newRequest();
    const before = await agentCount();
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.enroll(request)));
    expect(new Set(answers.map(({ apiKey }) => apiKey)).size).toBe(1);
    expect(new Set(answers.map(({ tlsName }) => tlsName)).size).toBe(1);
    expect(await agentCount()).toBe(before + 1);
  });

  test("whose answer was lost brings the same agent, key and certificate", async () => {
    const request = await newRequest();
    const first = await client.enroll(request);
    expect(await client.enroll(request)).toEqual(first);
  });

  test("that ended before its certificate was made brings one when it is sent again", async () => {
    const request = await newRequest();
    const { tlsName } = await client.enroll(request);
    await database.pool.query("update enrolment_tokens set certificate_pem = null");
    const again = await client.enroll(request);
    expect(again.tlsName).toBe(tlsName);
    expect(new X509Certificate(again.certificatePem).subjectAltName).toBe(`DNS:${tlsName}`);
  });

  test("is not answered again to another key pair, under another id, or once the key was used", async () => {
    const request = await newRequest();
    const { apiKey } = await client.enroll(request);
    expect(await refusalOf(client.enroll({ ...request, csrDer: await newCsr() }))).toBe(
      "forbidden",
    );
    expect(await refusalOf(client.enroll({ ...request, enrolmentId: newUlid() }))).toBe(
      "forbidden",
    );
    expect(await refusalOf(client.enroll(request))).toBe("accepted");
    const headers = { authorization: `Bearer ${apiKey}` };
    expect((await askHttp(`${url}/monitor/api/config`, { headers })).status).toBe(200);
    expect(await refusalOf(client.enroll(request))).toBe("forbidden");
    const { rows } = await database.pool.query(
      "select 1 from enrolment_tokens where enrolment_id = $1 and (sealed_key is not null or certificate_pem is not null)",
      [request.enrolmentId],
    );
    expect(rows).toEqual([]);
  });

  test("is not answered again after a day", async () => {
    const request = await newRequest();
    await client.enroll(request);
    await database.pool.query(
      "update enrolment_tokens set used_at = now() - interval '25 hours' where enrolment_id = $1",
      [request.enrolmentId],
    );
    await cleanUpEnrolment({ database, policy: LOCAL_POLICY });
    expect(await refusalOf(client.enroll(request))).toBe("forbidden");
  });

  test("with a token that was revoked, or is too old, is refused and told why", async () => {
    const { token, secret } = await admin.createEnrolmentToken({});
    await admin.revokeEnrolmentToken({ id: token?.id ?? "" });
    await admin.revokeEnrolmentToken({ id: token?.id ?? "" });
    await expect(client.enroll(await newRequest({ token: secret }))).rejects.toThrow(/was revoked/);
    const old = await newToken();
    await database.pool.query(
      "update enrolment_tokens set expires_at = now() where used_at is null",
    );
    await expect(client.enroll(await newRequest({ token: old }))).rejects.toThrow(/too old/);
    expect(await refusalOf(admin.revokeEnrolmentToken({ id: newUlid() }))).toBe("not_found");
  });

  test.each([
    { field: "token", init: { token: "" }, code: "unauthenticated" },
    { field: "token", init: { token: `tce_${"A".repeat(43)}` }, code: "unauthenticated" },
    {
      field: "token",
      init: { token: `tce_${"A".repeat(43)}.${"0".repeat(32)}` },
      code: "unauthenticated",
    },
    { field: "token", init: { token: "x".repeat(100_000) }, code: "unauthenticated" },
    { field: "enrolment_id", init: { enrolmentId: "" }, code: "bad_request" },
    { field: "enrolment_id", init: { enrolmentId: "one" }, code: "bad_request" },
    { field: "hostname", init: { hostname: "x".repeat(254) }, code: "bad_request" },
    { field: "hostname", init: { hostname: "a\u0000b" }, code: "bad_request" },
    { field: "csr_der", init: { csrDer: new Uint8Array() }, code: "bad_request" },
    { field: "csr_der", init: { csrDer: new Uint8Array(100) }, code: "bad_request" },
    { field: "csr_der", init: { csrDer: new Uint8Array(200_000) }, code: "bad_request" },
    { field: "addresses", init: { addresses: [] }, code: "bad_address" },
    { field: "addresses", init: { addresses: ["oslo"] }, code: "bad_address" },
    { field: "addresses", init: { addresses: ["192.0.2.1", "192.0.2.2"] }, code: "bad_address" },
    {
      field: "addresses",
      init: { addresses: ["::ffff:192.0.2.1", "192.0.2.2"] },
      code: "bad_address",
    },
    { field: "addresses", init: { addresses: ["192.0.2.1", "::1", "::2"] }, code: "bad_address" },
    { field: "addresses", init: { addresses: ["224.0.0.1"] }, code: "bad_address" },
    { field: "addresses", init: { addresses: ["0.0.0.0"] }, code: "bad_address" },
    { field: "addresses", init: { addresses: ["fe80::1%eth0"] }, code: "bad_address" },
  ])("with a wrong $field ($code) spends nothing", async ({ init, code }) => {
    const request = await newRequest();
    const before = await agentCount();
    expect(await refusalOf(client.enroll({ ...request, ...init }))).toBe(code);
    expect(await agentCount()).toBe(before);
    expect(await refusalOf(client.enroll(request))).toBe("accepted");
  });

  test("over a request that asks for a name, or that its key did not sign, spends nothing", async () => {
    const request = await newRequest();
    const named = await createCertificateRequest(await generateSigner("P-256"), "a.example.net");
    expect(await refusalOf(client.enroll({ ...request, csrDer: named }))).toBe("bad_request");
    const forged = (await newCsr()).slice();
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
    expect(await refusalOf(client.enroll({ ...request, csrDer: forged }))).toBe("bad_request");
    expect(await refusalOf(client.enroll(request))).toBe("accepted");
  });
});

describe("a certificate", () => {
  async function renewed(
    key: string,
    csrDer: Uint8Array,
  ): Promise<agentV1.RenewCertificateResponse> {
    return agentClient(url, key).renewCertificate({ csrDer });
  }

  test("is renewed for the agent's own name, over its new key", async () => {
    const agent = await enrolledAgent(admin, url);
    const answer = await renewed(agent.key, await newCsr());
    const leaf = new X509Certificate(answer.certificatePem);
    expect(leaf.subjectAltName).toBe(`DNS:${agent.tlsName}`);
    expect(leaf.checkIssued(new X509Certificate(answer.rootPem))).toBe(false);
    const { certificates } = await admin.getAgent({ id: agent.id });
    expect(certificates).toHaveLength(2);
    expect(certificates[0]?.serial).toBe(leaf.serialNumber.toLowerCase().replace(/^(00)+/, ""));
    const [{ notBefore, notAfter, renewAfter } = {}] = certificates;
    const life = Number((notAfter?.seconds ?? 0n) - (notBefore?.seconds ?? 0n));
    const untilRenewal = Number((renewAfter?.seconds ?? 0n) - (notBefore?.seconds ?? 0n));
    expect(untilRenewal / life).toBeCloseTo(2 / 3, 3);
  });

  test("is the first one of an agent of ours that registered", async () => {
    const agent = await registeredAgent(admin, url, { name: "by hand", status: 2 });
    const answer = await renewed(agent.key, await newCsr());
    expect(new X509Certificate(answer.certificatePem).subjectAltName).toBe(`DNS:${agent.tlsName}`);
  });

  test("is not for another's name, a pending agent, a bearer token or nobody", async () => {
    const agent = await enrolledAgent(admin, url);
    const other = await createCertificateRequest(
      await generateSigner("P-256"),
      "other-1234567.prod.mon.truechimer.internal",
    );
    expect(await refusalOf(renewed(agent.key, other))).toBe("bad_request");
    expect(await refusalOf(renewed(agent.key, new Uint8Array(9)))).toBe("bad_request");
    const pending = await registeredAgent(admin, url, { name: "waits", status: 1 });
    expect(await refusalOf(renewed(pending.key, await newCsr()))).toBe("monitor_not_live");
    const { token } = await server.createMonitor({ name: "bearer", address: ip("10.8.8.8") });
    expect(await refusalOf(renewed(token, await newCsr()))).toBe("forbidden");
    expect(await refusalOf(renewed("tcm_unknown", await newCsr()))).toBe("unauthenticated");
    expect(await refusalOf(client.renewCertificate({ csrDer: await newCsr() }))).toBe(
      "unauthenticated",
    );
  });
});
