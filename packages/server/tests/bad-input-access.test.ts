// Whoever has a credential of one kind opens nothing of the other: an agent's on every procedure of people, a person's on
// every procedure of agents. A new procedure is tried with the rest, because its service is walked by its descriptor.

import type { DescService } from "@bufbuild/protobuf";
import { adminV1, agentV1, monitorV2 } from "@truechimer/api";
import { useDatabase } from "@truechimer/testing-postgres";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { type AgentKeyPair, askAsAgent } from "./_agent-client.ts";
import { askHttp } from "./_agents.ts";
import { registeredAgent } from "./_enrolled.ts";
import { authorityOn, MASTER_KEY } from "./_master-key.ts";
import { useServer } from "./_test-server.ts";
import { refusedWithoutTrace } from "./_witness.ts";

const database = await useDatabase();
const { server, admin, adminKey } = await useServer(database, {
  masterKey: MASTER_KEY,
  agents: { listen: { host: "127.0.0.1", port: 0 } },
  // One address tries them all.
  rateLimits: { login_failures: { max: 100_000 } },
});
const world = { database, url: server.url };
const ca = authorityOn(database);
const rootPem = await ca.rootPem();
const agentsUrl = server.agentsUrl ?? "";

const agent = await registeredAgent(admin, server.url, { name: "zurich" });
const other = await registeredAgent(admin, server.url, {
  name: "oslo",
  call: { localAddress: "127.0.0.2" },
});
const OWN = "127.0.0.1";
const FOREIGN = "127.0.0.2";
const pair: AgentKeyPair = await ca.issueAgentCertificateWithKey({ tlsName: agent.tlsName });
const token = await tokenOf(agent.key);
const session = await openSession();

async function tokenOf(key: string): Promise<string> {
  const answer = await askHttp(`${server.url}/api/oidc/token`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: "{}",
  });
  return (JSON.parse(answer.body) as { readonly access_token: string }).access_token;
}

async function openSession(): Promise<string> {
  const { url } = await server.createLoginUrl();
  const answer = await askHttp(url);
  return (answer.headers["set-cookie"]?.[0] ?? "").split(";")[0] ?? "";
}

const JSON_TYPE = "application/json";
const STRANGER = { status: 401, code: "unauthenticated" };

const bearer = (secret: string): Readonly<Record<string, string>> => ({
  authorization: `Bearer ${secret}`,
});

interface Refusal {
  readonly status: number;
  readonly code: string;
}

async function call(
  path: string,
  headers: Readonly<Record<string, string>>,
  type = JSON_TYPE,
): Promise<Refusal> {
  const answer = await askHttp(`${server.url}${path}`, {
    method: "POST",
    headers: { "content-type": type, ...headers },
    body: "{}",
  });
  return { status: answer.status, code: String(answer.headers["truechimer-error-code"]) };
}

async function overTls(path: string): Promise<Refusal> {
  const { status, headers } = await askAsAgent({ url: agentsUrl, rootPem, pair, path });
  return { status, code: String(headers["truechimer-error-code"]) };
}

function proceduresOf(service: DescService): readonly { readonly path: string; type: string }[] {
  return service.methods.map((method) => ({
    path: `/${service.typeName}/${method.name}`,
    type: method.methodKind === "unary" ? JSON_TYPE : "application/connect+json",
  }));
}

describe("an agent's credential on a procedure of people", () => {
  test.each(proceduresOf(adminV1.AdminService))("$path", async ({ path, type }) => {
    await refusedWithoutTrace(world, async () => {
      for (const headers of [
        {},
        bearer(agent.key),
        bearer(token),
        { cookie: session.replace(/=.*/, `=${agent.key}`) },
        // An agent's key beside a person's session: what is shown first is what counts.
        { ...bearer(agent.key), cookie: session },
      ]) {
        expect(await call(path, headers, type)).toEqual(STRANGER);
      }
    });
    await refusedWithoutTrace(world, async () => {
      expect(await overTls(path)).toEqual({ status: 404, code: "not_found" });
    });
  });

  test.each(["/check/ntp/192.0.2.1", "/monitors/online"])("%s", async (path) => {
    await refusedWithoutTrace(world, async () => {
      for (const secret of [agent.key, token]) {
        const { status, headers } = await askHttp(`${server.url}${path}`, {
          method: path.startsWith("/check") ? "POST" : "GET",
          headers: bearer(secret),
        });
        expect([status, headers["truechimer-error-code"]]).toEqual([401, "unauthenticated"]);
      }
    });
  });
});

describe("a person's credential on a procedure of agents", () => {
  const procedures = [monitorV2.MonitorService, agentV1.AgentService].flatMap(proceduresOf);
  test.each(procedures)("$path", async ({ path, type }) => {
    await refusedWithoutTrace(world, async () => {
      // Enroll needs no credential; it has its own secret in the body, and there is none.
      for (const headers of [
        {},
        bearer(adminKey),
        { cookie: session },
        bearer(session.split("=")[1] ?? ""),
      ]) {
        expect(await call(path, headers, type)).toEqual(STRANGER);
      }
      const { status } = await askAsAgent({ url: agentsUrl, rootPem, path, token: adminKey });
      expect(status).toBe(401);
    });
  });

  test.each(["/monitor/api/config", "/api/oidc/token"])("%s", async (path) => {
    await refusedWithoutTrace(world, async () => {
      for (const headers of [bearer(adminKey), { cookie: session }]) {
        const { status } = await askHttp(`${server.url}${path}`, {
          method: path.endsWith("token") ? "POST" : "GET",
          headers: { ...headers, "content-type": "application/json" },
          ...(path.endsWith("token") ? { body: "{}" } : {}),
        });
        expect(status).toBe(401);
      }
    });
  });
});

describe("an agent's certificate", () => {
  test.each(proceduresOf(monitorV2.MonitorService))(
    "on another agent's monitor: $path",
    async ({ path }) => {
      const body = JSON.stringify({ monId: FOREIGN, version: 5 });
      await refusedWithoutTrace(world, async () => {
        const answer = await askAsAgent({ url: agentsUrl, rootPem, pair, path, body });
        expect([answer.status, answer.headers["truechimer-error-code"]]).toEqual([
          404,
          "not_found",
        ]);
      });
      expect(other.tlsName).not.toBe(agent.tlsName);
    },
  );

  test("on its own monitor gets in", async () => {
    const body = JSON.stringify({ monId: OWN });
    const { status } = await askAsAgent({ url: agentsUrl, rootPem, pair, body });
    expect(status).toBe(200);
  });
});

describe("a JWT that is not ours", () => {
  const now = Math.floor(Date.now() / 1_000);
  const good = {
    iss: server.url,
    aud: "monitor-api",
    sub: agent.tlsName,
    scope: "monitor:data",
    exp: now + 600,
  };
  const header = JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()) as {
    readonly kid: string;
  };
  const signed = async (alg: string, claims: Record<string, unknown> = {}): Promise<string> => {
    const key = alg.startsWith("HS")
      ? new TextEncoder().encode("k".repeat(64))
      : (await generateKeyPair(alg, { extractable: true })).privateKey;
    return new SignJWT({ ...good, ...claims })
      .setProtectedHeader({ alg, kid: header.kid })
      .sign(key);
  };
  test.each([
    { name: "signed with another key", forge: () => signed("ES384") },
    { name: "of another algorithm (ES256)", forge: () => signed("ES256") },
    { name: "of another algorithm (RS256)", forge: () => signed("RS256") },
    { name: "of another algorithm (HS384)", forge: () => signed("HS384") },
    { name: "for another audience", forge: () => signed("ES384", { aud: "mqtt" }) },
    {
      name: "with no algorithm",
      forge: () => {
        const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
        return Promise.resolve(`${part({ alg: "none", kid: header.kid })}.${part(good)}.`);
      },
    },
    {
      name: "whose key comes along with it",
      forge: async () => {
        const { privateKey, publicKey } = await generateKeyPair("ES384", { extractable: true });
        return new SignJWT(good)
          .setProtectedHeader({ alg: "ES384", jwk: await exportJWK(publicKey) })
          .sign(privateKey);
      },
    },
    { name: "cut short", forge: () => Promise.resolve(token.slice(0, -10)) },
    { name: "of 3,000 dots", forge: () => Promise.resolve(".".repeat(3_000)) },
  ])("$name", async ({ forge }) => {
    const secret = await forge();
    await refusedWithoutTrace(world, async () => {
      for (const { path } of proceduresOf(monitorV2.MonitorService)) {
        expect(await call(path, bearer(secret))).toEqual(STRANGER);
      }
    });
  });
});
