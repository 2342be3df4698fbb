// A control plane over real HTTP on a real database, and the clients that talk to it.

import { type Client, createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { adminV1, agentV1, monitorV2 } from "@truechimer/api";
import { type IpAddress, parseIpAddress, systemClock, systemRandom } from "@truechimer/base";
import type { Database } from "@truechimer/database";
import { afterAll, onTestFinished, TestRunner } from "vitest";
import {
  createServer,
  createToken,
  LOCAL_POLICY,
  type Server,
  type ServerOptions,
} from "../src/index.ts";

export interface TestServer {
  readonly server: Server;
  /** With an API key. */
  readonly admin: Client<typeof adminV1.AdminService>;
  readonly adminKey: string;
  readonly monitorClient: (token: string) => Client<typeof monitorV2.MonitorService>;
  readonly agentClient: (token: string) => Client<typeof agentV1.AgentService>;
}

/** Started, and stopped at the end of the test, or after the last one of the file. */
export async function useServer(
  database: Database,
  options: Partial<ServerOptions> = {},
): Promise<TestServer> {
  const started = await startServer(database, options);
  const stop = async (): Promise<void> => await started.server[Symbol.asyncDispose]();
  if (TestRunner.getCurrentTest() === undefined) afterAll(stop);
  else onTestFinished(stop);
  return started;
}

export async function startServer(
  database: Database,
  options: Partial<ServerOptions> = {},
): Promise<TestServer> {
  const adminKey = createToken("tca_", systemRandom);
  const server = await createServer({
    database,
    clock: systemClock,
    random: systemRandom,
    version: "0.0.0-test",
    listen: { host: "127.0.0.1", port: 0 },
    policy: LOCAL_POLICY,
    adminKeys: [adminKey],
    roles: ["api"],
    ...options,
  });
  await server.start();
  // A process without the API has nobody to talk to; its clients then lead nowhere.
  const url = options.roles?.includes("api") === false ? "http://127.0.0.1:9" : server.url;
  return {
    server,
    adminKey,
    admin: adminClient(url, adminKey),
    agentClient: (token) => createClient(agentV1.AgentService, transportTo(url, token)),
    monitorClient: (token) => createClient(monitorV2.MonitorService, transportTo(url, token)),
  };
}

/** With a key of other rights. */
export function adminClient(url: string, key: string): Client<typeof adminV1.AdminService> {
  return createClient(adminV1.AdminService, transportTo(url, key));
}

function transportTo(
  baseUrl: string,
  token: string,
  headers: Readonly<Record<string, string>> = {},
): ReturnType<typeof createConnectTransport> {
  const authorize: Interceptor = (next) => (request) => {
    request.header.set("authorization", `Bearer ${token}`);
    for (const [name, value] of Object.entries(headers)) request.header.set(name, value);
    return next(request);
  };
  return createConnectTransport({ baseUrl, httpVersion: "1.1", interceptors: [authorize] });
}

export function ip(text: string): IpAddress {
  const parsed = parseIpAddress(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}
