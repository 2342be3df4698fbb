import { expect, test } from "vitest";
import { createMetrics } from "./metrics.ts";

test("a scrape holds what was counted, and the build", async () => {
  const metrics = createMetrics({ version: "1.2.3", processMetrics: false });
  metrics
    .counter({ name: "calls_total", help: "Calls.", labelNames: ["code"] })
    .inc({ code: "ok" }, 2);
  metrics.histogram({ name: "call_seconds", help: "Time." }).observe(0.003);
  const { contentType, text } = await metrics.scrape();
  expect(contentType).toContain("text/plain");
  expect(text).toContain('truechimer_build_info{version="1.2.3"} 1');
  expect(text).toContain('calls_total{code="ok"} 2');
  expect(text).toContain('call_seconds_bucket{le="0.005"} 1');
});

test("a gauge that costs a query is read when somebody asks", async () => {
  const metrics = createMetrics({ version: "0", processMetrics: false });
  let asked = 0;
  metrics.gauge({
    name: "queue_rows",
    help: "Rows.",
    collect: async (gauge) => {
      asked += 1;
      await Promise.resolve();
      gauge.set(asked * 10);
    },
  });
  expect(asked).toBe(0);
  expect((await metrics.scrape()).text).toContain("queue_rows 10");
  expect((await metrics.scrape()).text).toContain("queue_rows 20");
});

test("one name is one metric, whoever asks for it", () => {
  const metrics = createMetrics({ version: "0", processMetrics: false });
  const description = { name: "calls_total", help: "Calls." };
  expect(metrics.counter(description)).toBe(metrics.counter(description));
});

test("the process tells of itself unless asked not to", async () => {
  const { text } = await createMetrics({ version: "0" }).scrape();
  expect(text).toContain("process_cpu_seconds_total");
});
