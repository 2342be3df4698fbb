import { createMetrics } from "@truechimer/telemetry";
import { expect, test } from "vitest";
import { serveMetrics } from "./metrics-endpoint.ts";

const metrics = createMetrics({ version: "0.1.0", processMetrics: false });
const listen = { host: "127.0.0.1", port: 0 };

test("Prometheus gets the metrics, and nothing else is there", async () => {
  await using endpoint = await serveMetrics({ listen, metrics });
  const scraped = await fetch(endpoint.url);
  expect(scraped.headers.get("content-type")).toMatch(/^text\/plain/);
  expect(await scraped.text()).toContain('truechimer_build_info{version="0.1.0"} 1');
  expect((await fetch(new URL("/", endpoint.url))).status).toBe(404);
  expect((await fetch(endpoint.url, { method: "POST", body: "x" })).status).toBe(405);
});

test("a port that is taken is told with the remedy", async () => {
  await using first = await serveMetrics({ listen, metrics });
  const port = Number(new URL(first.url).port);
  const second = serveMetrics({ listen: { ...listen, port }, metrics });
  await expect(second).rejects.toMatchObject({ code: "port_in_use" });
});

test("an address that is not this host's is told with the remedy", async () => {
  const elsewhere = serveMetrics({ listen: { host: "192.0.2.1", port: 0 }, metrics });
  await expect(elsewhere).rejects.toThrow(/^metrics: this host does not let us listen on 192/);
});
