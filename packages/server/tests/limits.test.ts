// What the listener puts up with, and how it stops.

import { connect, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { useDatabase } from "@truechimer/testing-postgres";
import { describe, expect, test, vi } from "vitest";
import { goodStatus, newSubmissionId, refusalOf } from "./_results.ts";
import { ip, startServer, useServer } from "./_test-server.ts";

const database = await useDatabase({ poolSize: 20 });
const MON = "10.0.0.1";
const SUBMIT = "/monitor.v2.MonitorService/SubmitResults";

describe("limits", () => {
  test("a body over the limit is refused, also one that unpacks to more", async () => {
    const { server, admin, adminKey } = await useServer(database, {
      limits: { monitorBodyBytesMax: 100_000, adminBodyBytesMax: 10_000 },
    });
    const tooMany = admin.addServers({
      targets: Array.from({ length: 1_000 }, () => "x".repeat(100)),
    });
    expect(await refusalOf(tooMany)).toBe("limit_exceeded");
    const { token } = await server.createMonitor({ name: "zurich", address: ip(MON) });
    const bomb = gzipSync(Buffer.alloc(10_000_000, 0x20));
    expect(bomb.length).toBeLessThan(100_000);
    const answer = await fetch(`${server.url}${SUBMIT}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "content-encoding": "gzip",
        authorization: `Bearer ${token}`,
      },
      body: bomb,
    });
    expect(answer.status).toBe(429);
    expect(await answer.json()).toMatchObject({ code: "resource_exhausted" });
    expect(answer.headers.get("truechimer-error-code")).toBe("limit_exceeded");
    expect(adminKey).toMatch(/^tca_/);
  });

  test("a request that trickles in is cut off", async () => {
    const { server } = await useServer(database, {
      limits: { headersTimeoutMs: 200, requestTimeoutMs: 400 },
    });
    const socket = await openSocket(server.url);
    socket.write("POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ");
    const answer = await everythingFrom(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 408/);
    expect(answer).toContain("truechimer-error-code: limit_exceeded");
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toContain('truechimer_access_refused_total{reason="slow"} 1');
  });

  test("a hundred whose bodies trickle in keep no agent out, and are cut off", async () => {
    const { server, monitorClient } = await useServer(database, {
      limits: { requestTimeoutMs: 1_500, headersTimeoutMs: 1_000 },
    });
    const { token } = await server.createMonitor({ name: "zurich", address: ip(MON) });
    const client = monitorClient(token);
    const head = `POST ${SUBMIT} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAuthorization: Bearer ${token}\r\nContent-Length: 1000\r\n\r\n{`;
    const sockets = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const socket = await openSocket(server.url);
        socket.write(head);
        return socket;
      }),
    );
    expect(await refusalOf(client.getConfig({ monId: MON }))).toBe("accepted");
    const answers = await Promise.all(sockets.map(everythingFrom));
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 4\d\d/);
    await vi.waitFor(async () => {
      const metrics = await (await fetch(`${server.url}/metrics`)).text();
      expect(metrics).toMatch(/rpc_in_flight\{[^}]*monitor\.v2[^}]*\} 0/);
    }, 20_000);
    expect(await database.kysely.selectFrom("submissions").selectAll().execute()).toEqual([]);
  });

  test("what is no HTTP, or has a head without end, is told so with a code", async () => {
    const { server } = await useServer(database);
    const ask = async (text: string): Promise<string> => {
      const socket = await openSocket(server.url);
      socket.write(text);
      return everythingFrom(socket);
    };
    expect(await ask("\x16\x03\x01\x02\x00\r\n\r\n")).toMatch(
      /400[^]*truechimer-error-code: bad_request/,
    );
    const head = `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: ${"a".repeat(20_000)}\r\n\r\n`;
    expect(await ask(head)).toMatch(/431[^]*truechimer-error-code: limit_exceeded/);
  });

  test("more calls at once than allowed are told to come back", async () => {
    const { server, monitorClient } = await useServer(database, {
      rateLimits: { calls_in_flight: { max: 2 } },
    });
    const { token } = await server.createMonitor({ name: "zurich", address: ip(MON) });
    const client = monitorClient(token);
    const blocker = await database.pool.connect();
    try {
      await blocker.query("begin");
      await blocker.query("lock table system_settings in access exclusive mode");
      const held = [client.getConfig({ monId: MON }), client.getConfig({ monId: MON })];
      await vi.waitFor(async () => {
        const metrics = await (await fetch(`${server.url}/metrics`)).text();
        expect(metrics).toMatch(/rpc_in_flight\{[^}]*monitor\.v2[^}]*\} 2/);
      }, 20_000);
      expect(await refusalOf(client.getConfig({ monId: MON }))).toBe("limit_exceeded");
      await blocker.query("rollback");
      await Promise.all(held);
    } finally {
      blocker.release();
    }
    expect(await refusalOf(client.getConfig({ monId: MON }))).toBe("accepted");
  });

  test("callers without a token of ours take no place and no body of theirs is read", async () => {
    const { server, monitorClient } = await useServer(database, {
      rateLimits: { calls_in_flight: { max: 2 } },
    });
    const { token } = await server.createMonitor({ name: "zurich", address: ip(MON) });
    const client = monitorClient(token);
    const head = (authorization: string): string =>
      `POST ${SUBMIT} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n${authorization}Content-Length: 1000\r\n\r\n{`;
    const strangers = await Promise.all(
      ["", "", "", "Authorization: Bearer tcm_wrong\r\n"].map(async (authorization) => {
        const socket = await openSocket(server.url);
        const answer = new Promise<string>((resolve) => {
          socket.once("data", (chunk: Buffer) => resolve(chunk.toString()));
        });
        socket.write(head(authorization));
        return { socket, answer: await answer };
      }),
    );
    for (const { answer } of strangers) expect(answer).toMatch(/^HTTP\/1\.1 401/);
    expect(await refusalOf(client.getConfig({ monId: MON }))).toBe("accepted");
    for (const { socket } of strangers) socket.destroy();
  });

  test("a place is free again when the work is done, not when the caller hangs up", async () => {
    const { server, monitorClient } = await useServer(database, {
      rateLimits: { calls_in_flight: { max: 1 } },
    });
    const { token } = await server.createMonitor({ name: "zurich", address: ip(MON) });
    const client = monitorClient(token);
    const blocker = await database.pool.connect();
    try {
      await blocker.query("begin");
      await blocker.query("lock table system_settings in access exclusive mode");
      const patience = new AbortController();
      const call = refusalOf(client.getConfig({ monId: MON }, { signal: patience.signal }));
      await vi.waitFor(async () => expect(await waitingSessions()).toBe(1), 20_000);
      patience.abort();
      await call;
      await vi.waitFor(async () => {
        const metrics = await (await fetch(`${server.url}/metrics`)).text();
        expect(metrics).toMatch(/rpc_in_flight\{[^}]*monitor\.v2[^}]*\} 1/);
      }, 20_000);
      expect(await refusalOf(client.getConfig({ monId: MON }))).toBe("limit_exceeded");
      await blocker.query("rollback");
    } finally {
      blocker.release();
    }
    await vi.waitFor(
      async () => expect(await refusalOf(client.getConfig({ monId: MON }))).toBe("accepted"),
      20_000,
    );
  });

  test.each([
    {
      name: "an unknown procedure",
      path: "/monitor.v2.MonitorService/Nope",
      method: "POST",
      status: 404,
    },
    { name: "GET of a procedure", path: SUBMIT, method: "GET", status: 405 },
    { name: "an unknown path", path: "/nope.js", method: "GET", status: 404 },
    { name: "a path that climbs", path: "/../../etc/passwd", method: "GET", status: 404 },
    {
      name: "a path that climbs, encoded",
      path: "/%2e%2e%2fetc/passwd",
      method: "GET",
      status: 404,
    },
    { name: "a broken escape", path: "/%zz", method: "GET", status: 400 },
    { name: "a body that is no JSON", path: SUBMIT, method: "POST", body: "{", status: 400 },
  ])("$name: $status", async ({ path, method, body, status }) => {
    const { server } = await useServer(database);
    const { token } = await server.createMonitor({ name: "zurich", address: ip(MON) });
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const answer = await fetch(`${server.url}${path}`, {
      method,
      ...(method === "POST" ? { body: body ?? "{}", headers } : { headers }),
    });
    expect(answer.status).toBe(status);
    expect(await answer.text()).not.toContain("root:");
  });
});

describe("stopping", () => {
  test("calls in flight are finished, new ones find nobody, readiness goes first", async () => {
    const { server, admin, monitorClient } = await startServer(database, {
      roles: ["api", "scorer", "worker"],
    });
    const { token } = await server.createMonitor({ name: "zurich", address: ip(MON) });
    await admin.addServers({ targets: ["10.1.0.1"] });
    const client = monitorClient(token);
    await database.pool.query("update check_turns set queue_ts = '-infinity'");
    const batch = await client.getServers({ monId: MON, submissionVersionMax: 5 });
    const blocker = await database.pool.connect();
    let stopped: Promise<void> = Promise.resolve();
    try {
      await blocker.query("begin");
      await blocker.query("select 1 from server_scores for update");
      const call = client.submitResults({
        version: 5,
        monId: MON,
        batchId: batch.batchId,
        submissionId: newSubmissionId(),
        list: batch.servers.map((each) => goodStatus(each)),
      });
      await vi.waitFor(async () => expect(await waitingSessions()).toBeGreaterThan(0), 20_000);
      stopped = Promise.resolve(server[Symbol.asyncDispose]());
      expect((await server.health.ready()).ok).toBe(false);
      await blocker.query("rollback");
      expect((await call).ok).toBe(true);
    } finally {
      blocker.release();
      await stopped;
    }
    await expect(fetch(`${server.url}/healthz/live`)).rejects.toThrow();
  });

  test("a call whose caller has hung up is waited for, so that nothing is asked of a closed database", async () => {
    const { server, monitorClient } = await startServer(database);
    const { token } = await server.createMonitor({ name: "zurich", address: ip(MON) });
    const client = monitorClient(token);
    const blocker = await database.pool.connect();
    let stopped = false;
    try {
      await blocker.query("begin");
      await blocker.query("lock table system_settings in access exclusive mode");
      const patience = new AbortController();
      const call = refusalOf(client.getServers({ monId: MON }, { signal: patience.signal }));
      await vi.waitFor(async () => expect(await waitingSessions()).toBe(1), 20_000);
      patience.abort();
      await call;
      const stopping = Promise.resolve(server[Symbol.asyncDispose]()).then(() => {
        stopped = true;
      });
      await expect(fetch(server.url)).rejects.toThrow();
      expect(stopped).toBe(false);
      await blocker.query("rollback");
      await stopping;
    } finally {
      blocker.release();
    }
    expect(await waitingSessions()).toBe(0);
  });

  test("idle connections do not hold it up", async () => {
    const { server } = await startServer(database);
    const socket = await openSocket(server.url);
    await server[Symbol.asyncDispose]();
    socket.destroy();
  });

  test("a port in use is named, with the remedy", async () => {
    const { server } = await useServer(database);
    const port = Number(new URL(server.url).port);
    await expect(
      startServer(database, { listen: { host: "127.0.0.1", port } }),
    ).rejects.toMatchObject({
      code: "port_in_use",
      message: expect.stringContaining("--port"),
    });
  });

  test("a port in use is let be where any other will do", async () => {
    const { server } = await useServer(database);
    const port = Number(new URL(server.url).port);
    const listen = { host: "127.0.0.1", port, orFreePort: true };
    const second = await startServer(database, { listen });
    expect((await fetch(`${second.server.url}/healthz/live`)).status).toBe(200);
    expect(second.server.url).not.toBe(server.url);
    await second.server[Symbol.asyncDispose]();
  });
});

describe("health", () => {
  test("a database that does not answer makes it unready, not dead", async () => {
    const { server } = await useServer(database);
    expect((await fetch(`${server.url}/healthz/ready`)).status).toBe(200);
    server.health.addCheck("database", () => Promise.reject(new Error("the database is away")));
    await vi.waitFor(async () => {
      const answer = await fetch(`${server.url}/healthz/ready`);
      expect(answer.status).toBe(503);
      expect(await answer.json()).toEqual({
        status: "failing",
        roles: ["api"],
        checks: { database: "failed" },
      });
    }, 20_000);
    expect((await fetch(`${server.url}/healthz/live`)).status).toBe(200);
  });

  test("metrics carry calls, lag and verdicts", async () => {
    const { server } = await useServer(database);
    const text = await (await fetch(`${server.url}/metrics`)).text();
    for (const name of [
      "truechimer_build_info",
      "truechimer_rpc_duration_seconds",
      "truechimer_scorer_lag_seconds",
      "truechimer_scorer_lag_rows",
      "tests_completed_total",
    ]) {
      expect(text).toContain(name);
    }
  });
});

async function waitingSessions(): Promise<number> {
  const { rowCount } = await database.pool.query(
    "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
  );
  return rowCount ?? 0;
}

function openSocket(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => resolve(socket));
    socket.once("error", reject);
  });
}

function everythingFrom(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.once("close", () => resolve(Buffer.concat(chunks).toString()));
    socket.once("error", () => resolve(Buffer.concat(chunks).toString()));
  });
}
