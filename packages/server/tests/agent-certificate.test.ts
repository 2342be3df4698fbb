// An agent with its certificate, over the agents' listener: its whole way in, what it may do, and when it is out.

import { createPrivateKey } from "node:crypto";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { agentV1, monitorV2 } from "@truechimer/api";
import {
  createCertificateRequest,
  generateExportableKeyPair,
  importSigner,
  privateKeyPem,
} from "@truechimer/pki";
import { useDatabase } from "@truechimer/testing-postgres";
import { expect, test } from "vitest";
import { type AgentKeyPair, askAsAgent, GET_CONFIG, keptConnection } from "./_agent-client.ts";
import { newUlid } from "./_agents.ts";
import { MASTER_KEY } from "./_master-key.ts";
import { refusalOf } from "./_results.ts";
import { useServer } from "./_test-server.ts";

const database = await useDatabase();
const { server, admin } = await useServer(database, {
  masterKey: MASTER_KEY,
  agents: { listen: { host: "127.0.0.1", port: 0 } },
});
const url = server.agentsUrl ?? "";

interface Enrolled {
  readonly pair: AgentKeyPair;
  readonly rootPem: string;
  readonly answer: agentV1.EnrollResponse;
  readonly id: string;
}

/** As an agent does: its key is made here and never sent. */
async function enrolled(address: string): Promise<Enrolled> {
  const { secret, token } = await admin.createEnrolmentToken({});
  const { privateKeyDer, publicKey } = await generateExportableKeyPair("P-256");
  const csrDer = await createCertificateRequest(await importSigner(privateKeyDer, publicKey));
  // Over the plain listener, because the test has no root yet; an agent pins the token's fingerprint.
  const answer = await createClient(
    agentV1.AgentService,
    createConnectTransport({ baseUrl: server.url, httpVersion: "1.1" }),
  ).enroll({
    token: secret,
    hostname: "bern",
    csrDer,
    addresses: [address],
    enrolmentId: newUlid(),
  });
  const { tokens } = await admin.listEnrolmentTokens({});
  const id = tokens.find((each) => each.id === token?.id)?.agentId ?? "";
  const keyPem = privateKeyPem(privateKeyDer);
  expect(createPrivateKey(keyPem).asymmetricKeyType).toBe("ec");
  const { certificatePem, rootPem } = answer;
  return { answer, rootPem, id, pair: { certificatePem, keyPem } };
}

function clientOf({ pair, rootPem }: Enrolled) {
  return createConnectTransport({
    baseUrl: url,
    httpVersion: "1.1",
    nodeOptions: { ca: rootPem, cert: pair.certificatePem, key: pair.keyPem },
  });
}

test("an agent enrols, and is told where to go with its certificate", async () => {
  const agent = await enrolled("192.0.2.1");
  expect(agent.answer.agentUrl).toBe(url);
  const monitor = createClient(monitorV2.MonitorService, clientOf(agent));
  expect(await refusalOf(monitor.getConfig({ monId: "192.0.2.1" }))).toBe("accepted");
  expect(await refusalOf(monitor.getServers({ monId: "192.0.2.1" }))).toBe("accepted");
  expect(await refusalOf(monitor.getConfig({ monId: "" }))).toBe("accepted");
});

test("one agent's certificate never acts for another's monitor, also beside the other's key", async () => {
  const [one, other] = [await enrolled("192.0.2.2"), await enrolled("192.0.2.3")];
  const monitor = createClient(monitorV2.MonitorService, clientOf(one));
  const headers = { authorization: `Bearer ${other.answer.apiKey}` };
  for (const call of [{}, { headers }]) {
    expect(await refusalOf(monitor.getConfig({ monId: "192.0.2.3" }, call))).toBe("not_found");
    expect(await refusalOf(monitor.getServers({ monId: "192.0.2.3" }, call))).toBe("not_found");
    const submission = { version: 5, monId: "192.0.2.3" };
    expect(await refusalOf(monitor.submitResults(submission, call))).toBe("not_found");
    expect(await refusalOf(monitor.getConfig({ monId: "192.0.2.2" }, call))).toBe("accepted");
  }
});

test("a certificate is renewed with itself, and the next one works", async () => {
  const agent = await enrolled("192.0.2.4");
  const { privateKeyDer, publicKey } = await generateExportableKeyPair("P-256");
  const signer = await importSigner(privateKeyDer, publicKey);
  const renewed = await createClient(agentV1.AgentService, clientOf(agent)).renewCertificate({
    csrDer: await createCertificateRequest(signer, agent.answer.tlsName),
  });
  const pair = { certificatePem: renewed.certificatePem, keyPem: privateKeyPem(privateKeyDer) };
  const monitor = createClient(monitorV2.MonitorService, clientOf({ ...agent, pair }));
  expect(await refusalOf(monitor.getConfig({ monId: "192.0.2.4" }))).toBe("accepted");
});

test("an agent that was removed is out at once, on the connection that it holds open", async () => {
  const { id, pair, rootPem } = await enrolled("192.0.2.5");
  const connection = keptConnection();
  const ask = () =>
    askAsAgent({ url, rootPem, pair, connection, body: JSON.stringify({ monId: "192.0.2.5" }) });
  const before = await ask();
  expect(before.status).toBe(200);
  await admin.removeAgent({ id });
  const after = await ask();
  expect(after.status).toBe(401);
  expect(after.socket).toBe(before.socket);
  connection.destroy();
});

test("the JSON endpoints answer there, too: configuration and token by certificate", async () => {
  const { answer, pair, rootPem } = await enrolled("192.0.2.6");
  const token = await askAsAgent({ url, rootPem, pair, path: "/api/oidc/token" });
  expect(token.status).toBe(200);
  const { access_token: bearer } = JSON.parse(token.body) as { readonly access_token: string };
  const body = JSON.stringify({ monId: "192.0.2.6" });
  const called = await askAsAgent({ url, rootPem, token: bearer, path: GET_CONFIG, body });
  expect(called.status).toBe(200);
  const registering = await askAsAgent({ url, rootPem, path: "/monitor/api/registration" });
  expect([registering.status, registering.body]).toEqual([
    400,
    expect.stringMatching(/Registration-ID/),
  ]);
  expect(answer.tlsName).toMatch(/^bern-/);
});
