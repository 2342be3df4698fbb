// The fake as a server on loopback: API, built page, health, and the security headers of the real one. It can go away
// and come back under the same address.

import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { extname, join, normalize } from "node:path";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { adminV1, alertsV1, analyticsV1, peopleV1, rulesV1, signInV1 } from "@truechimer/api";
import { createFakeAdmin, type FakeAdmin, type FakeAdminOptions } from "./fake-admin.ts";
import { createFakeAlerts } from "./fake-alerts.ts";
import { fakeExport } from "./fake-export.ts";
import { createFakePeople, type FakePeople } from "./fake-people.ts";

export interface FakeServer extends AsyncDisposable {
  readonly url: string;
  readonly admin: FakeAdmin;
  readonly people: FakePeople;
  /** Cuts every connection and refuses new ones. */
  readonly goAway: () => Promise<void>;
  readonly comeBack: () => Promise<void>;
}

export interface FakeServerOptions extends Partial<FakeAdminOptions> {
  readonly webRoot: string;
  readonly port?: number;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".csv": "text/csv; charset=utf-8",
  ".ndjson": "application/x-ndjson; charset=utf-8",
};

const HEADERS = {
  "content-security-policy":
    "default-src 'self'; style-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};

/** Starts it on a free port. */
export async function startFakeServer(options: FakeServerOptions): Promise<FakeServer> {
  const admin = createFakeAdmin({ nowMs: Date.now, ...options });
  const people = createFakePeople({ nowMs: Date.now, admin });
  const alerts = createFakeAlerts({ nowMs: Date.now });
  const api = connectNodeAdapter({
    routes: (router) => {
      router.service(adminV1.AdminService, admin.service);
      router.service(analyticsV1.AnalyticsService, admin.analytics);
      router.service(rulesV1.RulesService, admin.rules);
      router.service(peopleV1.PeopleService, people.service);
      router.service(alertsV1.AlertService, alerts);
      router.service(signInV1.SignInService, people.signIn);
    },
    fallback: (request, response) => {
      void answer(request as IncomingMessage, response as ServerResponse, options.webRoot, admin);
    },
  });
  const sockets = new Set<Socket>();
  let server: Server;
  let port = options.port ?? 0;
  const listen = async (): Promise<void> => {
    server = createServer(api);
    server.on("connection", (socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
    await promise;
    port = (server.address() as AddressInfo).port;
  };
  const close = async (): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
    await promise;
  };
  await listen();
  return {
    url: `http://127.0.0.1:${port}`,
    admin,
    people,
    goAway: close,
    comeBack: listen,
    [Symbol.asyncDispose]: close,
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  webRoot: string,
  admin: FakeAdmin,
): Promise<void> {
  const url = new URL(request.url ?? "/", "http://localhost");
  if (url.pathname.startsWith("/healthz/")) {
    response.writeHead(200, HEADERS).end("ok");
    return;
  }
  if (url.pathname.startsWith("/export/checks.")) {
    response.writeHead(200, {
      ...HEADERS,
      "content-type": TYPES[extname(url.pathname)] ?? "application/octet-stream",
      "content-disposition": `attachment; filename="checks${extname(url.pathname)}"`,
    });
    for await (const part of fakeExport(admin.service, url)) response.write(part);
    response.end();
    return;
  }
  // A good key opens the session, as the real server's cookie does.
  if (url.searchParams.get("key") === "right-key-0123") {
    admin.sessionNeeded = false;
    response.writeHead(303, { ...HEADERS, location: "/" }).end();
    return;
  }
  const wanted = extname(url.pathname) === "" ? "/index.html" : url.pathname;
  try {
    const body = await readFile(join(webRoot, normalize(wanted)));
    response.writeHead(200, {
      ...HEADERS,
      "content-type": TYPES[extname(wanted)] ?? "application/octet-stream",
    });
    response.end(body);
  } catch {
    response.writeHead(404, HEADERS).end("not found");
  }
}
