// Runs once per test run, in Vitest's own process, and owns the run's PostgreSQL. It starts when the first test file
// asks for a database (over a loopback address that only this run's processes are told), so that a run of pure tests
// pays nothing for it.

import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createTestCluster, type TestCluster } from "./test-cluster.ts";

/** Where a test process asks; set before the first of them starts. */
export const BROKER_VARIABLE = "TRUECHIMER_TEST_POSTGRES_BROKER";

/** Vitest's hook. Returns what to do after the last test. */
export async function setup(): Promise<() => Promise<void>> {
  const path = `/${randomUUID()}`;
  let started: Promise<TestCluster> | undefined;
  const broker = createServer((request, response) => {
    if (request.url !== path) {
      response.writeHead(404).end();
      return;
    }
    started ??= createTestCluster();
    started.then(
      ({ url }) => response.end(url),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  const port = await listen(broker);
  process.env[BROKER_VARIABLE] = `http://127.0.0.1:${port}${path}`;
  return async () => {
    delete process.env[BROKER_VARIABLE];
    broker.close();
    broker.closeAllConnections();
    const cluster = await started?.catch(() => undefined);
    await cluster?.[Symbol.asyncDispose]();
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}
