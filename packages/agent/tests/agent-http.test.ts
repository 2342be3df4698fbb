// Over a real HTTP connection: what the calls look like to a control plane, and that one trace runs through all.

import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { createAgent } from "@truechimer/agent";
import { parseIpAddress, systemClock, systemRandom } from "@truechimer/base";
import { type FinishedSpan, silentLogger, startTracing } from "@truechimer/telemetry";
import { createProbeSocket, type ProbeSocket } from "@truechimer/udp";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createFakeControlPlane, type FakeControlPlane } from "./_fake-control-plane.ts";

/** Starts are spread over a second, and results gather for half of one. */
const PATIENTLY = { timeout: 20_000, interval: 50 };

interface SeenCall {
  readonly path: string | undefined;
  readonly method: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

let socket: ProbeSocket;
let plane: FakeControlPlane;
let http: Server;
let apiUrl: string;
const calls: SeenCall[] = [];

beforeAll(async () => {
  socket = await createProbeSocket({ clock: systemClock, random: systemRandom });
});

afterAll(() => socket[Symbol.asyncDispose]());

beforeEach(async () => {
  plane = createFakeControlPlane();
  plane.config = {
    samples: 1,
    privateTargetsAllowed: true,
    sampleTimeout: durationFromMs(100),
    idlePollInterval: durationFromMs(100),
  };
  const handle = connectNodeAdapter({ routes: plane.routes });
  calls.length = 0;
  http = createServer((request, response) => {
    calls.push({ path: request.url, method: request.method, headers: request.headers });
    handle(request, response);
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  apiUrl = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return async () => {
    const closed = once(http, "close");
    http.close();
    await closed;
  };
});

function startAgent(): AsyncDisposable {
  const address = parseIpAddress("127.0.1.1");
  if (!address.ok) throw new Error(address.error);
  const agent = createAgent({
    apiUrl,
    monitors: [{ address: address.value, token: "tcm_secret" }],
    probeSocket: socket,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    version: "0.1.0",
    allowPrivateTargets: true,
  });
  agent.start();
  return agent;
}

async function withAgent(work: () => Promise<void>): Promise<void> {
  const agent = startAgent();
  try {
    await work();
  } finally {
    await agent[Symbol.asyncDispose]();
  }
}

/** Nobody answers at the discard port. */
const NOBODY = { ipBytes: Uint8Array.of(127, 0, 0, 1), port: 9 };

describe("over HTTP", () => {
  test("each call is a Connect call in binary, with the token and a name that the NTP Pool takes", async () => {
    plane.due.push([NOBODY]);
    await withAgent(() => vi.waitFor(() => expect(plane.counted).toHaveLength(1), PATIENTLY));
    for (const procedure of ["GetConfig", "GetServers", "SubmitResults"]) {
      const call = calls.find(({ path }) => path === `/monitor.v2.MonitorService/${procedure}`);
      expect(call?.method).toBe("POST");
      expect(call?.headers).toMatchObject({
        "content-type": "application/proto",
        "connect-protocol-version": "1",
        authorization: "Bearer tcm_secret",
        "user-agent": `ntppool-agent/v4.1.5/truechimer-0.1.0 (node ${process.version})`,
      });
      expect(Number(call?.headers["connect-timeout-ms"])).toBeGreaterThan(30_000);
      expect(call?.headers["traceparent"]).toBeUndefined();
    }
  });

  test("a control plane that comes up late finds the agent waiting", async () => {
    plane.due.push([NOBODY]);
    const { port } = http.address() as AddressInfo;
    const closed = once(http, "close");
    http.close();
    await closed;
    const agent = startAgent();
    http.listen(port, "127.0.0.1");
    await once(http, "listening");
    await agent[Symbol.asyncDispose]();
    expect(plane.calls.getServers).toBe(0);
  });

  test("one trace runs from the batch to its submission", async () => {
    const spans: FinishedSpan[] = [];
    const tracing = await startTracing({
      serviceName: "agent",
      version: "0.1.0",
      onSpanEnd: (span) => spans.push(span),
    });
    plane.due.push([NOBODY]);
    await withAgent(() =>
      vi.waitFor(
        () => expect(spans.some(({ name }) => name === "agent.batch")).toBe(true),
        PATIENTLY,
      ),
    );
    await tracing[Symbol.asyncDispose]();
    const batch = spans.find(({ name }) => name === "agent.batch");
    const submit = spans.find(({ name }) => name === "monitor.v2/SubmitResults");
    expect(batch?.attributes).toMatchObject({ servers: 1 });
    expect(submit).toMatchObject({ traceId: batch?.traceId, parentSpanId: batch?.spanId });
    const call = calls.find(({ path }) => path?.endsWith("/SubmitResults"));
    expect(call?.headers["traceparent"]).toBe(`00-${submit?.traceId}-${submit?.spanId}-01`);
  });
});

test("an address that is none is refused with what is expected", () => {
  apiUrl = "ftp://pool.example";
  expect(startAgent).toThrow(/expected the form https:\/\/host/);
  apiUrl = "pool.example";
  expect(startAgent).toThrow(/expected the form https:\/\/host/);
});
