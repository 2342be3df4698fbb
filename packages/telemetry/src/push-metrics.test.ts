import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Clock, systemClock } from "@truechimer/base";
import { expect, onTestFinished, test } from "vitest";
import { createMetrics, type Metrics } from "./metrics.ts";
import { startMetricsPush } from "./push-metrics.ts";

interface Point {
  readonly attributes: readonly unknown[];
  readonly asDouble: number;
  readonly startTimeUnixNano: string;
  readonly timeUnixNano: string;
}

interface Pushed {
  readonly resource: readonly unknown[];
  readonly metrics: readonly {
    readonly name: string;
    readonly sum?: { readonly isMonotonic: boolean; readonly dataPoints: readonly Point[] };
    readonly gauge?: { readonly dataPoints: readonly Point[] };
  }[];
}

/** A collector that keeps what it is sent, and answers with `status`. */
async function useCollector(status = (): number => 200) {
  const pushed: Pushed[] = [];
  const server: Server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.once("end", () => {
      const { resourceMetrics } = JSON.parse(body);
      pushed.push({
        resource: resourceMetrics[0].resource.attributes,
        metrics: resourceMetrics[0].scopeMetrics[0].metrics,
      });
      response.writeHead(status()).end(status() === 200 ? "{}" : "full");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { pushed, endpoint: `http://127.0.0.1:${port}/v1/metrics` };
}

/** Timers fire when `tick` is called. */
function manualClock(): {
  readonly clock: Clock;
  readonly tick: () => void;
  readonly waiting: () => number;
} {
  const callbacks = new Set<() => void>();
  const clock: Clock = {
    ...systemClock,
    setTimer: (delayMs, callback) => {
      if (delayMs !== 60_000) return () => {};
      callbacks.add(callback);
      return () => callbacks.delete(callback);
    },
  };
  const tick = (): void => {
    for (const callback of Array.from(callbacks)) {
      callbacks.delete(callback);
      callback();
    }
  };
  return { clock, tick, waiting: () => callbacks.size };
}

function countedMetrics(): Metrics {
  const metrics = createMetrics({ version: "0.1.0", processMetrics: false });
  metrics
    .counter<"ip_version">({
      name: "monitor_checks_total",
      openTelemetryName: "monitor.checks_total",
      help: "Checks.",
      labelNames: ["ip_version"],
    })
    .inc({ ip_version: "v4" }, 3);
  metrics.histogram({ name: "waits_seconds", help: "Waits." }).observe(1);
  return metrics;
}

const attributes = { "service.name": "truechimer-agent" };

test("counters and gauges reach the collector under OpenTelemetry's names, with the resource", async () => {
  const { pushed, endpoint } = await useCollector();
  const { clock } = manualClock();
  const push = startMetricsPush({ metrics: countedMetrics(), endpoint, attributes, clock });
  await push[Symbol.asyncDispose]();
  expect(pushed).toHaveLength(1);
  expect(pushed[0]?.resource).toEqual([
    { key: "service.name", value: { stringValue: "truechimer-agent" } },
  ]);
  const byName = new Map(pushed[0]?.metrics.map((metric) => [metric.name, metric]));
  expect([...byName.keys()].toSorted()).toEqual(["monitor.checks_total", "truechimer_build_info"]);
  const sum = byName.get("monitor.checks_total")?.sum;
  expect(sum?.isMonotonic).toBe(true);
  expect(sum?.dataPoints[0]).toMatchObject({
    asDouble: 3,
    attributes: [{ key: "ip_version", value: { stringValue: "v4" } }],
  });
  const { startTimeUnixNano, timeUnixNano } = sum?.dataPoints[0] ?? {};
  expect(BigInt(timeUnixNano ?? 0) >= BigInt(startTimeUnixNano ?? 1)).toBe(true);
});

test("it pushes once an interval, and a last time at the end", async () => {
  const { pushed, endpoint } = await useCollector();
  const { clock, tick } = manualClock();
  const push = startMetricsPush({ metrics: countedMetrics(), endpoint, attributes, clock });
  expect(pushed).toHaveLength(0);
  tick();
  await expect.poll(() => pushed.length).toBe(1);
  await push[Symbol.asyncDispose]();
  expect(pushed).toHaveLength(2);
  tick();
  expect(pushed).toHaveLength(2);
});

test("a collector that refuses is told of once, until it took something again", async () => {
  let status = 503;
  const { pushed, endpoint } = await useCollector(() => status);
  const { clock, tick, waiting } = manualClock();
  const failures: string[] = [];
  const onFailure = (error: unknown): void => void failures.push((error as Error).message);
  const options = { metrics: countedMetrics(), endpoint, attributes, clock, onFailure };
  const push = startMetricsPush(options);
  const next = async (answer: number): Promise<void> => {
    const before = pushed.length;
    status = answer;
    tick();
    await expect.poll(() => pushed.length).toBe(before + 1);
    // The timer of the next push is set when this one has ended.
    await expect.poll(waiting).toBe(1);
  };
  await next(503);
  await next(503);
  await next(200);
  status = 503;
  await push[Symbol.asyncDispose]();
  expect(failures).toEqual([`${endpoint} answered 503: full`, `${endpoint} answered 503: full`]);
});

test("a collector that is not there is no failure of the program", async () => {
  const { clock } = manualClock();
  const failures: unknown[] = [];
  const push = startMetricsPush({
    metrics: countedMetrics(),
    endpoint: "http://127.0.0.1:9/v1/metrics",
    attributes,
    clock,
    onFailure: (error) => failures.push(error),
  });
  await push[Symbol.asyncDispose]();
  expect(failures).toHaveLength(1);
});
