// A control plane in memory over real HTTP: hands out each server when it is due, under a lease, and counts what comes
// back. Nothing is kept and nothing is scored.

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { monitorV2 } from "@truechimer/api";
import { createUlid, systemClock, systemRandom } from "@truechimer/base";

export interface StubControlPlane extends AsyncDisposable {
  readonly url: string;
  /** Results so far, and how many of them were successes. */
  readonly results: number;
  readonly successes: number;
}

export interface StubOptions {
  readonly ports: readonly number[];
  readonly intervalMs: number;
  /** All at once, rather than spread over the interval. */
  readonly atOnce: boolean;
}

const BATCH = 100;
const LOOPBACK = Uint8Array.of(127, 0, 0, 1);

export async function startStubControlPlane(options: StubOptions): Promise<StubControlPlane> {
  const { ports, intervalMs, atOnce } = options;
  const startedMs = performance.now();
  /** In the order of their being due; each goes to the end as it is handed out. */
  let due = ports.map((port, index) => ({
    port,
    atMs: startedMs + (atOnce ? 0 : (index * intervalMs) / ports.length),
  }));
  let results = 0;
  let successes = 0;
  const config = {
    samples: 3,
    sampleInterval: durationFromMs(2_000),
    sampleTimeout: durationFromMs(3_000),
    privateTargetsAllowed: true,
    idlePollInterval: durationFromMs(1_000),
  };
  const takeDue = (): number[] => {
    const nowMs = performance.now();
    const taken = due.slice(0, BATCH).filter(({ atMs }) => atMs <= nowMs);
    due = [
      ...due.slice(taken.length),
      ...taken.map(({ port, atMs }) => ({ port, atMs: atMs + intervalMs })),
    ];
    return taken.map(({ port }) => port);
  };
  const routes = (router: ConnectRouter): void => {
    router.service(monitorV2.MonitorService, {
      getConfig: () => create(monitorV2.GetConfigResponseSchema, config),
      getServers: () =>
        create(monitorV2.GetServersResponseSchema, {
          batchId: new TextEncoder().encode(createUlid(systemClock, systemRandom)),
          config,
          lease: durationFromMs(24 * 3_600_000),
          servers: takeDue().map((port) => ({
            ipBytes: LOOPBACK,
            port,
            ticket: new Uint8Array(46),
            checkInterval: durationFromMs(intervalMs),
          })),
        }),
      submitResults: ({ list }) => {
        results += list.length;
        successes += list.filter(({ reason }) => reason === "").length;
        return create(monitorV2.SubmitResultsResponseSchema, { ok: true });
      },
    });
  };
  const http = createServer(connectNodeAdapter({ routes }));
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    get results() {
      return results;
    },
    get successes() {
      return successes;
    },
    [Symbol.asyncDispose]: async () => {
      http.closeAllConnections();
      http.close();
      await once(http, "close");
    },
  };
}
