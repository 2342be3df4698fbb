// What of an agent's log goes to a collector, by what the control plane says and by --debug.

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { systemClock } from "@truechimer/base";
import { silentLogger } from "@truechimer/telemetry";
import { expect, onTestFinished, test } from "vitest";
import { publishLogs } from "./publish-logs.ts";

async function useCollector() {
  const texts: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.once("end", () => {
      for (const record of JSON.parse(body).resourceLogs[0].scopeLogs[0].logRecords)
        texts.push(`${request.url} ${record.severityText} ${record.body.stringValue}`);
      response.end("{}");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { texts, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

async function publish(otlpEndpoint: string | undefined, debug: boolean) {
  const stack = new AsyncDisposableStack();
  const logs = await publishLogs(stack, {
    logger: silentLogger,
    otlpEndpoint,
    environment: "test",
    debug,
    clock: systemClock,
  });
  return { ...logs, close: () => stack.disposeAsync() };
}

test("an agent's log goes to the collector from the level up that the control plane named last", async () => {
  const { texts, endpoint } = await useCollector();
  const { logger, setLevel, close } = await publish(endpoint, false);
  logger.debug({}, "one");
  logger.info({}, "two");
  setLevel("debug");
  setLevel("debug");
  logger.debug({}, "three");
  setLevel("error");
  logger.warn({}, "four");
  await close();
  expect(texts).toEqual([
    "/v1/logs INFO two",
    "/v1/logs INFO the log is copied to the collector from another level up",
    "/v1/logs DEBUG three",
  ]);
});

test("with --debug goes to the collector whole, whatever the control plane says", async () => {
  const { texts, endpoint } = await useCollector();
  const { logger, setLevel, close } = await publish(endpoint, true);
  setLevel("error");
  logger.debug({}, "one");
  await close();
  expect(texts).toEqual(["/v1/logs DEBUG one"]);
});

test("without a collector the log is as it was", async () => {
  const { logger, setLevel, close } = await publish(undefined, true);
  setLevel("debug");
  expect(logger).toBe(silentLogger);
  await close();
});
