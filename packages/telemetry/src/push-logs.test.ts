// The copy of a log to a collector that is really there, and to one that is not.

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Clock, systemClock } from "@truechimer/base";
import { expect, onTestFinished, test } from "vitest";
import { silentLogger } from "./logger.ts";
import { type LogsPushOptions, startLogsPush } from "./push-logs.ts";

interface PushedRecord {
  readonly timeUnixNano: string;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly body: { readonly stringValue: string };
  readonly attributes: readonly unknown[];
}

/** Keeps the records of what it took, and answers with `status`. */
async function useCollector(status = (): number => 200) {
  const taken: PushedRecord[] = [];
  const resources: unknown[] = [];
  let asked = 0;
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.once("end", () => {
      asked += 1;
      const { resourceLogs } = JSON.parse(body);
      resources.push(resourceLogs[0].resource.attributes);
      if (status() === 200) taken.push(...resourceLogs[0].scopeLogs[0].logRecords);
      response.writeHead(status()).end("{}");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const texts = (): readonly string[] => taken.map(({ body }) => body.stringValue);
  return {
    taken,
    texts,
    resources,
    asked: () => asked,
    endpoint: `http://127.0.0.1:${port}/v1/logs`,
  };
}

/** The time to push again comes when `tick` is called. */
function manualClock() {
  const due = new Set<() => void>();
  const clock: Clock = {
    ...systemClock,
    nowNs: () => 1_700_000_000_000_000_001n,
    setTimer: (delayMs, callback) => {
      if (delayMs !== 5_000) return () => {};
      due.add(callback);
      return () => due.delete(callback);
    },
  };
  const tick = (): void => {
    for (const callback of Array.from(due)) {
      due.delete(callback);
      callback();
    }
  };
  return { clock, tick, waiting: () => due.size };
}

function start(endpoint: string, more: Partial<LogsPushOptions> = {}) {
  const { clock, tick, waiting } = manualClock();
  const attributes = { "service.name": "truechimer-agent" };
  const push = startLogsPush({ endpoint, attributes, clock, ...more });
  onTestFinished(() => push[Symbol.asyncDispose]());
  return { push, logger: push.copyOf(silentLogger), tick, waiting };
}

test("lines reach the collector with level, time and fields, and without secrets", async () => {
  const { taken, resources, endpoint } = await useCollector();
  const { push, logger } = start(endpoint);
  const apiKey = `tcm_${"a".repeat(43)}`;
  logger.debug({}, "too talkative");
  logger.child({ part: "config" }).warn({ tries: 3, apiKey, at: { x: 1 } }, "not received");
  await push[Symbol.asyncDispose]();
  expect(taken).toMatchObject([
    {
      timeUnixNano: "1700000000000000001",
      severityNumber: 13,
      severityText: "WARN",
      body: { stringValue: "not received" },
    },
  ]);
  expect(taken[0]?.attributes).toContainEqual({ key: "part", value: { stringValue: "config" } });
  expect(taken[0]?.attributes).toContainEqual({ key: "tries", value: { stringValue: "3" } });
  expect(taken[0]?.attributes).toContainEqual({ key: "at", value: { stringValue: '{"x":1}' } });
  expect(JSON.stringify(taken)).not.toContain(apiKey);
  expect(resources).toEqual([
    [{ key: "service.name", value: { stringValue: "truechimer-agent" } }],
  ]);
});

test("the level may change at any time, and counts from the next line on", async () => {
  const { texts, endpoint } = await useCollector();
  const { push, logger } = start(endpoint, { level: "warn" });
  logger.info({}, "one");
  push.setLevel("debug");
  logger.debug({}, "two");
  push.setLevel("error");
  logger.warn({}, "three");
  expect(push.level).toBe("error");
  await push[Symbol.asyncDispose]();
  expect(texts()).toEqual(["two"]);
});

test("nothing is sent before its time, nor while there is nothing; then all in parts", async () => {
  const { texts, asked, endpoint } = await useCollector();
  const { logger, tick, waiting } = start(endpoint);
  expect(waiting()).toBe(0);
  for (let line = 0; line < 600; line += 1) logger.info({}, `line ${line}`);
  expect([asked(), waiting()]).toEqual([0, 1]);
  tick();
  await expect.poll(() => texts().length, { timeout: 30_000 }).toBe(600);
  expect([asked(), texts()[599]]).toEqual([2, "line 599"]);
});

test("what a collector cannot take now waits, the newest when there are too many; told once", async () => {
  let status = 503;
  const { texts, asked, endpoint } = await useCollector(() => status);
  const failures: unknown[] = [];
  const { push, logger, tick, waiting } = start(endpoint, {
    onFailure: (error) => failures.push(error),
  });
  for (let line = 0; line < 5_000; line += 1) logger.info({}, `line ${line}`);
  for (const tries of [1, 2]) {
    tick();
    await expect.poll(asked, { timeout: 30_000 }).toBe(tries);
    await expect.poll(waiting, { timeout: 30_000 }).toBe(1);
  }
  status = 200;
  await push[Symbol.asyncDispose]();
  expect(texts()).toHaveLength(4_096);
  expect([texts()[0], texts().at(-1)]).toEqual(["line 904", "line 4999"]);
  expect(failures).toMatchObject([{ status: 503 }]);
});

test("what a collector refuses for good is dropped, and the next lines are tried", async () => {
  let status = 400;
  const { texts, asked, endpoint } = await useCollector(() => status);
  const { push, logger, tick } = start(endpoint);
  logger.info({}, "bad");
  tick();
  await expect.poll(asked, { timeout: 30_000 }).toBe(1);
  status = 200;
  logger.info({}, "good");
  await push[Symbol.asyncDispose]();
  expect(texts()).toEqual(["good"]);
});

test("a collector that is not there is no failure of the program, and does not hold up its end", async () => {
  const failures: unknown[] = [];
  const { push, logger } = start("http://127.0.0.1:9/v1/logs", {
    onFailure: (error) => failures.push(error),
  });
  logger.error({}, "alone");
  await push[Symbol.asyncDispose]();
  expect(failures).toHaveLength(1);
});
