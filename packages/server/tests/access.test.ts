// The door: which requests get in, by Host, Origin, session and key.

import { type IncomingHttpHeaders, request } from "node:http";
import { useDatabase } from "@truechimer/testing-postgres";
import { describe, expect, test } from "vitest";
import { refusalOf } from "./_results.ts";
import { ip, startServer, useServer } from "./_test-server.ts";

const database = await useDatabase();
const { server, adminKey, monitorClient } = await useServer(database, {
  allowedHosts: ["clocks.example"],
});
const { port } = new URL(server.url);
const OWN = `127.0.0.1:${port}`;
const LIST = "/truechimer.admin.v1.AdminService/ListServers";

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Raw, because fetch sets Host and Origin by itself. */
function ask(
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = "GET",
  url = server.url,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    sent.on("error", reject);
    sent.end(method === "POST" ? "{}" : undefined);
  });
}

function call(headers: Readonly<Record<string, string>>): Promise<Answer> {
  return ask(LIST, { "content-type": "application/json", ...headers }, "POST");
}

async function openSession(): Promise<string> {
  const { url } = await server.createLoginUrl();
  const answer = await ask(url.slice(server.url.length));
  return (answer.headers["set-cookie"]?.[0] ?? "").split(";")[0] ?? "";
}

const cookie = await openSession();
const bearer = `Bearer ${adminKey}`;

describe("the admin API", () => {
  test.each([
    {
      name: "a session from our page",
      headers: { host: OWN, origin: `http://${OWN}`, cookie },
      status: 200,
    },
    { name: "a session without an Origin", headers: { host: OWN, cookie }, status: 200 },
    { name: "a key from a program", headers: { host: OWN, authorization: bearer }, status: 200 },
    {
      name: "a key under an allowed name",
      headers: { host: "clocks.example", authorization: bearer },
      status: 200,
    },
    {
      name: "localhost with a session",
      headers: { host: `localhost:${port}`, cookie },
      status: 200,
    },
    { name: "nothing", headers: { host: OWN }, status: 401 },
    { name: "a wrong key", headers: { host: OWN, authorization: "Bearer tca_wrong" }, status: 401 },
    {
      name: "a wrong key beside a good session",
      headers: { host: OWN, authorization: "Bearer x", cookie },
      status: 401,
    },
    { name: "a made-up session", headers: { host: OWN, cookie: `${cookie}x` }, status: 401 },
    {
      name: "a rebound name with a session",
      headers: { host: `evil.example:${port}`, cookie },
      status: 403,
    },
    {
      name: "a rebound name with a key",
      headers: { host: "evil.example", authorization: bearer },
      status: 403,
    },
    {
      name: "another site's page with our cookie",
      headers: { host: OWN, origin: "http://evil.example", cookie },
      status: 403,
    },
    {
      name: "another port's page with our cookie",
      headers: { host: OWN, origin: "http://127.0.0.1:3000", cookie },
      status: 403,
    },
    {
      name: "a sandboxed page with our cookie",
      headers: { host: OWN, origin: "null", cookie },
      status: 403,
    },
    {
      name: "a cross-site fetch",
      headers: { host: OWN, "sec-fetch-site": "cross-site", cookie },
      status: 403,
    },
  ])("$name: $status", async ({ headers, status }) => {
    const answer = await call(headers);
    expect(answer.status).toBe(status);
    if (status === 200) return;
    const code = status === 401 ? "unauthenticated" : "permission_denied";
    expect(JSON.parse(answer.body)).toMatchObject({ code });
    expect(answer.headers["truechimer-error-code"]).toBe(
      status === 401 ? "unauthenticated" : "forbidden",
    );
  });

  test("an agent's token opens none of it", async () => {
    const { token } = await server.createMonitor({ name: "zurich", address: ip("10.0.0.1") });
    expect((await call({ host: OWN, authorization: `Bearer ${token}` })).status).toBe(401);
    expect(await refusalOf(monitorClient(token).getConfig({ monId: "10.0.0.1" }))).toBe("accepted");
  });

  test("a key from the database works until it is revoked", async () => {
    const key = await server.issueAdminKey("grafana");
    const headers = { host: OWN, authorization: `Bearer ${key}` };
    expect((await call(headers)).status).toBe(200);
    await database.kysely
      .updateTable("api_keys")
      .set((now) => ({ revoked_at: now.fn("now") }))
      .execute();
    expect((await call(headers)).status).toBe(401);
  });

  test("a browser cannot make further logins", async () => {
    const path = "/truechimer.admin.v1.AdminService/CreateLogin";
    const json = { "content-type": "application/json", host: OWN };
    expect((await ask(path, { ...json, cookie }, "POST")).status).toBe(403);
    const made = await ask(path, { ...json, authorization: bearer }, "POST");
    expect(JSON.parse(made.body)).toMatchObject({ url: expect.stringMatching(/\/\?key=tco_/) });
  });
});

describe("open to everyone, with neither session nor our name", () => {
  test.each(["/", "/healthz/live", "/healthz/ready", "/healthz/startup"])("%s", async (path) => {
    const answer = await ask(path, { host: "evil.example", origin: "http://evil.example" });
    expect(answer.status).toBe(200);
    expect(answer.headers["set-cookie"]).toBeUndefined();
    expect(answer.headers["content-security-policy"]).toContain("default-src 'none'");
    expect(answer.headers["x-content-type-options"]).toBe("nosniff");
    expect((await ask(path, { host: OWN })).status).toBe(200);
  });

  test.each(["/metrics", "/servers/1", "/assets/index.js"])("but not %s", async (path) => {
    expect((await ask(path, { host: "evil.example", accept: "text/html" })).status).toBe(403);
  });
});

describe("a one-time key", () => {
  test("becomes a session, and leaves the address", async () => {
    const { url } = await server.createLoginUrl();
    const answer = await ask(`/servers/3?sort=name&key=${new URL(url).searchParams.get("key")}`);
    expect(answer.status).toBe(303);
    expect(answer.headers.location).toBe("/servers/3?sort=name");
    expect(answer.headers["set-cookie"]?.[0]).toMatch(
      /^truechimer_[0-9a-f]{8}=tcs_[A-Za-z0-9_-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/,
    );
    expect(answer.headers["cache-control"]).toBe("no-store");
  });

  test("is good once; a session outranks a spent one, and leaves an unspent one alone", async () => {
    const path = (await server.createLoginUrl()).url.slice(server.url.length);
    expect((await ask(path, { host: OWN, cookie })).headers.location).toBe("/");
    expect((await ask(path, { host: OWN })).headers["set-cookie"]).toHaveLength(1);
    expect((await ask(path, { host: OWN })).headers.location).toBe("/?key_refused=1");
    const again = await ask(path, { host: OWN, cookie });
    expect([again.status, again.headers.location]).toEqual([303, "/"]);
    expect(again.headers["set-cookie"]).toBeUndefined();
  });

  test("twenty at once make one session", async () => {
    const path = (await server.createLoginUrl()).url.slice(server.url.length);
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(path, { host: OWN })));
    expect(answers.filter(({ headers }) => headers["set-cookie"] !== undefined)).toHaveLength(1);
  });

  test("is not spent by a prefetch, a HEAD request, or under a rebound name", async () => {
    const path = (await server.createLoginUrl()).url.slice(server.url.length);
    await ask(path, { host: OWN, "sec-purpose": "prefetch" });
    await ask(path, { host: OWN }, "HEAD");
    expect((await ask(path, { host: "evil.example" })).status).toBe(403);
    expect((await ask(path, { host: OWN })).headers["set-cookie"]).toHaveLength(1);
  });

  test("that is too old is refused", async () => {
    const path = (await server.createLoginUrl()).url.slice(server.url.length);
    await database.pool.query(
      "update one_time_keys set expires_at = now() - interval '1 second' where spent_at is null",
    );
    expect((await ask(path, { host: OWN })).headers.location).toBe("/?key_refused=1");
  });

  test.each(["//evil.example/?key=", "/\\evil.example/?key="])(
    "never sends to another host: %s",
    async (path) => {
      const { url } = await server.createLoginUrl();
      const answer = await ask(`${path}${new URL(url).searchParams.get("key")}`, { host: OWN });
      expect(answer.headers.location ?? "/").toMatch(/^\/(?![/\\])/);
    },
  );
});

describe("a session", () => {
  test("survives a restart and holds at every replica", async () => {
    const replica = await startServer(database);
    const headers = { "content-type": "application/json", cookie };
    const answer = await ask(LIST, headers, "POST", replica.server.url);
    await replica.server[Symbol.asyncDispose]();
    expect(answer.status).toBe(200);
  });

  test("that ended is none", async () => {
    const own = await openSession();
    expect((await call({ host: OWN, cookie: own })).status).toBe(200);
    await database.pool.query("update admin_sessions set expires_at = now() - interval '1 second'");
    expect((await call({ host: OWN, cookie: own })).status).toBe(401);
  });

  test("is known to the database by its hash alone", async () => {
    const secret = (await openSession()).split("=")[1] ?? "";
    const { rows } = await database.pool.query("select * from admin_sessions");
    const text = JSON.stringify(rows, (_key, value) =>
      typeof value === "bigint" ? String(value) : (value as unknown),
    );
    expect(text).not.toContain(secret);
  });
});
