// What an agent is told for its key: its configuration, a certificate, a token; and the keys that tokens are checked with.

import { X509Certificate } from "node:crypto";
import { systemRandom } from "@truechimer/base";
import { useDatabase } from "@truechimer/testing-postgres";
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify, SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { createSigningKeys } from "../src/ca/signing-keys.ts";
import { askHttp, type HttpAnswer } from "./_agents.ts";
import { enrolledAgent, registeredAgent } from "./_enrolled.ts";
import { MASTER_KEY } from "./_master-key.ts";
import { refusalOf } from "./_results.ts";
import { ip, startServer, useServer } from "./_test-server.ts";

const database = await useDatabase();
const { server, admin, monitorClient } = await useServer(database, {
  masterKey: MASTER_KEY,
  publicUrl: "https://clocks.example",
  agents: { serverMadeKeys: true },
});
const { url } = server;
const active = await registeredAgent(admin, url, { name: "active" });
const pending = await registeredAgent(admin, url, { name: "pending", status: 1 });

function config(key: string, query = "", headers = {}, at = url): Promise<HttpAnswer> {
  return askHttp(`${at}/monitor/api/config${query}`, {
    headers: { authorization: `Bearer ${key}`, ...headers },
  });
}

function token(key: string, body: string | undefined = '{"expires_in":3600}'): Promise<HttpAnswer> {
  return askHttp(`${url}/api/oidc/token`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body }),
  });
}

async function tokenOf(key: string): Promise<string> {
  const answer = await token(key);
  expect(answer.status).toBe(200);
  return (JSON.parse(answer.body) as { readonly access_token: string }).access_token;
}

describe("the configuration", () => {
  test("is the agent's name and the state of each family, and nothing more", async () => {
    const answer = await config(active.key);
    expect(answer.headers["content-type"]).toMatch(/^application\/json/);
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(JSON.parse(answer.body)).toEqual({
      name: "active",
      tls_name: active.tlsName,
      ipv4: { status: "active", ip: "127.0.0.1" },
      ipv6: { status: "", ip: "" },
    });
  });

  test.each([
    { name: "without a key", headers: {} },
    { name: "with an unknown key", headers: { authorization: "Bearer tcm_unknown" } },
    { name: "with an endless key", headers: { authorization: `Bearer ${"x".repeat(5_000)}` } },
    { name: "with a key of the admin API", headers: { authorization: "Bearer tca_x" } },
    { name: "with another scheme", headers: { authorization: "Basic dXNlcjpwYXNz" } },
  ])("$name is 401", async ({ headers }) => {
    const answer = await askHttp(`${url}/monitor/api/config`, { headers });
    expect(answer.status).toBe(401);
    expect(answer.headers["truechimer-error-code"]).toBe("unauthenticated");
  });

  test("follows a changed status", async () => {
    const agent = await registeredAgent(admin, url, { name: "changing" });
    const { agents } = await admin.listAgents({});
    const ids = agents.find(({ id }) => id === agent.id)?.monitors.map(({ id }) => id) ?? [];
    await admin.setMonitorStatus({ ids, status: 4 });
    expect(JSON.parse((await config(agent.key)).body)).toMatchObject({
      ipv4: { status: "paused" },
    });
  });
});

describe("a certificate with a key of our making", () => {
  test("is given to an active agent that asks, and is its own", async () => {
    const answer = await config(active.key, "?request_certificate=true");
    const { tls } = JSON.parse(answer.body) as { readonly tls: { key: string; cert: string } };
    expect(Object.keys(tls).toSorted()).toEqual(["cert", "key"]);
    const certificate = new X509Certificate(tls.cert);
    expect(certificate.subjectAltName).toBe(`DNS:${active.tlsName}`);
    const { createPrivateKey } = await import("node:crypto");
    expect(certificate.checkPrivateKey(createPrivateKey(tls.key))).toBe(true);
    expect(tls.cert.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    const stored = await database.pool.query("select c::text as row from certificates c");
    expect(JSON.stringify(stored.rows)).not.toContain("PRIVATE");
  });

  test.each([
    { name: "an agent that does not ask", key: active.key, query: "" },
    { name: "a pending agent", key: pending.key, query: "?request_certificate=true" },
    { name: "one that asks otherwise", key: active.key, query: "?request_certificate=1" },
    {
      name: "an agent of ours, which makes its own key",
      key: active.key,
      query: "?request_certificate=true",
      headers: { "user-agent": "ntppool-agent/v4.1.5/truechimer-0.1.0 (node v26.10.0)" },
    },
  ])("is not given to $name", async ({ key, query, headers = {} }) => {
    const answer = await config(key, query, headers);
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).not.toHaveProperty("tls");
  });

  test("is given to nobody by default", async () => {
    const byDefault = await startServer(database, { masterKey: MASTER_KEY });
    const answer = await config(active.key, "?request_certificate=true", {}, byDefault.server.url);
    await byDefault.server[Symbol.asyncDispose]();
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).not.toHaveProperty("tls");
  });

  test("is given no more than 120 times an hour", async () => {
    const agent = await registeredAgent(admin, url, { name: "looping" });
    await config(agent.key, "?request_certificate=true");
    const spent = await database.pool.query(
      `update rate_limit_windows set used = used + 119
       where limit_name = 'certificates' and used = 1 and cap = 120 and ends_at > now()`,
    );
    expect(spent.rowCount).toBeGreaterThan(0);
    const answer = await config(agent.key, "?request_certificate=true");
    expect(answer.status).toBe(429);
    expect(Number(answer.headers["retry-after"])).toBeGreaterThan(3_500);
    expect(answer.headers["ratelimit-policy"]).toBe('"certificates";q=120;w=3600');
    expect((await config(agent.key)).status).toBe(200);
  });
});

describe("a token", () => {
  test("is a JWT that says who calls, for how long, and by whose word", async () => {
    const answer = await token(active.key);
    expect(answer.headers["cache-control"]).toBe("no-store");
    const body = JSON.parse(answer.body) as { readonly access_token: string };
    expect(body).toEqual({
      access_token: expect.any(String),
      token_type: "Bearer",
      expires_in: 3600,
    });
    expect(body.access_token.length).toBeLessThan(3_072);
    expect(decodeProtectedHeader(body.access_token)).toMatchObject({ alg: "ES384", typ: "JWT" });
    const claims = decodeJwt(body.access_token);
    expect(claims).toMatchObject({
      iss: "https://clocks.example",
      aud: "monitor-api",
      sub: active.tlsName,
      scope: "monitor:read monitor:data",
    });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(3_600);
  });

  test("can be checked by anybody with the published keys", async () => {
    const keys = await askHttp(`${url}/.well-known/jwks.json`);
    expect(keys.headers["content-type"]).toMatch(/^application\/json/);
    const set = JSON.parse(keys.body) as { readonly keys: readonly Record<string, unknown>[] };
    for (const key of set.keys) {
      expect(Object.keys(key).toSorted()).toEqual(["alg", "crv", "kid", "kty", "use", "x", "y"]);
    }
    const { payload } = await jwtVerify(
      await tokenOf(active.key),
      createLocalJWKSet(set as Parameters<typeof createLocalJWKSet>[0]),
      { audience: "monitor-api", issuer: "https://clocks.example" },
    );
    expect(payload.sub).toBe(active.tlsName);
  });

  test.each([
    { body: '{"expires_in":3600}', seconds: 3_600 },
    { body: "{}", seconds: 3_600 },
    { body: '{"expires_in":0}', seconds: 3_600 },
    { body: '{"expires_in":1}', seconds: 600 },
    { body: '{"expires_in":300}', seconds: 600 },
    { body: '{"expires_in":7200}', seconds: 7_200 },
    { body: '{"expires_in":99999999}', seconds: 21_600 },
  ])("for $body lives $seconds s, and says so", async ({ body, seconds }) => {
    expect(JSON.parse((await token(active.key, body)).body)).toMatchObject({ expires_in: seconds });
  });

  test.each(['{"expires_in":"1h"}', '{"expires_in":-1}', '{"expires_in":1.5}', "{", "null{"])(
    "is refused for %s",
    async (body) => {
      const answer = await token(active.key, body);
      expect(answer.status).toBe(400);
      expect(answer.headers["content-type"]).toMatch(/^text\/plain/);
    },
  );

  test("is 401 without a key that holds", async () => {
    expect((await token("tcm_unknown")).status).toBe(401);
  });

  test("does not get another token", async () => {
    const answer = await token(await tokenOf(active.key));
    expect([answer.status, answer.body]).toEqual([401, expect.stringMatching(/another/)]);
  });

  test("is not for a monitor without a name in a certificate", async () => {
    const { token: key } = await server.createMonitor({ name: "bearer", address: ip("10.9.9.9") });
    expect((await token(key)).status).toBe(403);
  });
});

describe("a call with a token", () => {
  const MON = "127.0.0.1";
  const now = Math.floor(Date.now() / 1_000);
  const good = {
    iss: "https://clocks.example",
    aud: "monitor-api",
    sub: active.tlsName,
    scope: "monitor:read monitor:data",
    exp: now + 600,
  };

  function signed(claims: Record<string, unknown>): Promise<string> {
    return createSigningKeys({ database, random: systemRandom, masterKey: MASTER_KEY }).signToken(
      claims,
    );
  }

  function outcome(bearer: string): Promise<string> {
    return refusalOf(monitorClient(bearer).getConfig({ monId: MON }));
  }

  test("is the agent's", async () => {
    expect(await outcome(await tokenOf(active.key))).toBe("accepted");
    expect(await outcome(await signed(good))).toBe("accepted");
    expect(await outcome(await signed({ ...good, sub: active.tlsName.toUpperCase() }))).toBe(
      "accepted",
    );
  });

  test("of a pending agent is known and not let to work", async () => {
    expect(await outcome(await tokenOf(pending.key))).toBe("monitor_not_live");
  });

  test.each([
    { name: "of another issuer", claims: { iss: "https://evil.example" } },
    { name: "for another audience", claims: { aud: "mqtt" } },
    { name: "that has ended", claims: { exp: now - 1 } },
    { name: "that has not begun", claims: { nbf: now + 600 } },
    { name: "without an end", claims: { exp: undefined } },
    { name: "without a subject", claims: { sub: undefined } },
    { name: "with an empty subject", claims: { sub: "" } },
    { name: "without a scope", claims: { scope: undefined } },
    { name: "with another scope", claims: { scope: "monitor:database" } },
    { name: "with a subject that nobody has", claims: { sub: "x.prod.mon.truechimer.internal" } },
  ])("$name is refused", async ({ claims }) => {
    expect(await outcome(await signed({ ...good, ...claims }))).toBe("unauthenticated");
  });

  test("that somebody else signed, or nobody, is refused", async () => {
    const { generateKeyPair } = await import("jose");
    const { privateKey } = await generateKeyPair("ES384");
    const kid = decodeProtectedHeader(await signed(good)).kid ?? "";
    const forged = await new SignJWT(good)
      .setProtectedHeader({ alg: "ES384", kid })
      .sign(privateKey);
    expect(await outcome(forged)).toBe("unauthenticated");
    const [, body = ""] = forged.split(".");
    const none = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${body}.`;
    expect(await outcome(none)).toBe("unauthenticated");
    const hmac = await new SignJWT(good)
      .setProtectedHeader({ alg: "HS256", kid })
      .sign(new TextEncoder().encode(kid.padEnd(32)));
    expect(await outcome(hmac)).toBe("unauthenticated");
    expect(await outcome(`${(await signed(good)).slice(0, -4)}AAAA`)).toBe("unauthenticated");
    expect(await outcome(`a.${"b".repeat(4_000)}.c`)).toBe("unauthenticated");
  });

  test("never acts for another agent's monitor", async () => {
    const other = await enrolledAgent(admin, url);
    const client = monitorClient(await tokenOf(other.key));
    expect(await refusalOf(client.getConfig({ monId: "192.0.2.10" }))).toBe("accepted");
    expect(await refusalOf(client.getConfig({ monId: MON }))).toBe("not_found");
    expect(await refusalOf(client.getServers({ monId: MON }))).toBe("not_found");
    expect(await refusalOf(client.submitResults({ version: 5, monId: MON }))).toBe("not_found");
  });

  test("of an agent that was removed is nobody's at once", async () => {
    const agent = await registeredAgent(admin, url, { name: "gone" });
    const bearer = await tokenOf(agent.key);
    expect(await outcome(bearer)).toBe("accepted");
    await admin.removeAgent({ id: agent.id });
    expect(await outcome(bearer)).toBe("unauthenticated");
    expect(await outcome(agent.key)).toBe("unauthenticated");
    expect((await config(agent.key)).status).toBe(401);
    expect((await token(agent.key)).status).toBe(401);
  });
});
