// Series of each server, within their limit, and the Grafana dashboard whose queries a real Prometheus answers.

import { readFile } from "node:fs/promises";
import { createMetrics } from "@truechimer/telemetry";
import { useDatabase } from "@truechimer/testing-postgres";
import { programAvailable } from "@truechimer/testing-programs";
import { sql } from "kysely";
import { expect, test, vi } from "vitest";
import { createServerMetrics } from "../src/server-metrics.ts";
import { HOSTILE, insertFilterRows } from "./_filter-rows.ts";
import { usePrometheus } from "./_prometheus.ts";
import { useServer } from "./_test-server.ts";

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

const DASHBOARD = new URL("../../../deploy/grafana/truechimer.json", import.meta.url);

const database = await useDatabase();
const { kysely } = database;
await insertFilterRows(database);
await sql`
  insert into monitors (id_token, type, hostname, status) values ('s1', 'score', 'recentmedian', 'active')`.execute(
  kysely,
);
await sql`update servers set witnesses_against = 1, bound_ns = 1500000, last_answer_ts = last_check_ts`.execute(
  kysely,
);

const scrape = async (url: string): Promise<string> => (await fetch(`${url}/metrics`)).text();

test("without the option no series names a server", async () => {
  const { server } = await useServer(database);
  const text = await scrape(server.url);
  expect(text).toContain("\ntruechimer_servers{");
  expect(text).not.toContain("truechimer_server_");
});

test("with it each watched server has its own, unknown values have none, and beyond the limit there is a number alone", async () => {
  const { server } = await useServer(database, { serverSeries: { serversMax: 3 } });
  const lines = (await scrape(server.url)).split("\n");
  const of = (name: string): readonly string[] =>
    lines.filter((line) => line.startsWith(`truechimer_server_${name}{`));
  const quoted = HOSTILE.map((name) => name.replaceAll("\\", "\\\\").replaceAll('"', '\\"'));
  // The third has no offset.
  expect(of("offset_seconds")).toEqual([
    `truechimer_server_offset_seconds{server="${quoted[0]}",server_id="1"} -0.006`,
    `truechimer_server_offset_seconds{server="${quoted[1]}",server_id="2"} -0.004`,
  ]);
  expect(of("verdict")).toHaveLength(3);
  expect(of("verdict")[0]).toContain('verdict="falseticker"} 1');
  expect(of("score")).toHaveLength(3);
  expect(Number(of("last_check_timestamp_seconds")[0]?.split("} ")[1])).toBeCloseTo(
    Date.now() / 1_000 - 600,
    -2,
  );
  // Of eight, one is removed.
  expect(lines).toContain("truechimer_servers_without_series 4");
});

test.skipIf(!programAvailable("prometheus", "prometheus"))(
  "every query of the Grafana dashboard is answered by a real Prometheus",
  async () => {
    const metrics = createMetrics({ version: "0.0.0-test" });
    const { server, admin } = await useServer(database, {
      metrics,
      serverSeries: { serversMax: 100 },
    });
    const { testsCompleted } = createServerMetrics(metrics);
    testsCompleted.inc({ monitor: "m1", ip_version: "v4", result: "ok", version: "0.1.0" });
    await admin.listServers({});
    const prometheus = await usePrometheus(new URL(server.url));
    const { panels } = JSON.parse(await readFile(DASHBOARD, "utf8")) as {
      readonly panels: readonly Panel[];
    };
    const targets = panels.flatMap(({ title, targets: asked = [] }) =>
      asked.map(({ expr }) => ({ title, expression: withVariables(expr) })),
    );
    expect(targets.length).toBeGreaterThan(14);
    for (const { title, expression } of targets) {
      // A rate needs two looks.
      const samples = await vi.waitFor(
        async () => {
          const found = await prometheus.query(expression);
          expect({ title, samples: found.length }).not.toEqual({ title, samples: 0 });
          return found;
        },
        { timeout: 30_000, interval: 100 },
      );
      for (const { value } of samples)
        expect(Number.isFinite(Number(value[1])) || value[1] === "NaN").toBe(true);
    }
    const chosen = await prometheus.query('truechimer_server_verdict{server=~"100%_done"}');
    expect(chosen.map(({ metric }) => [metric["server_id"], metric["verdict"]])).toEqual([
      ["3", "unsure"],
    ]);
  },
  60_000,
);

/** As Grafana fills them in: all servers, and four scrapes. */
function withVariables(expression: string): string {
  return expression.replaceAll("$server", ".*").replaceAll("$__rate_interval", "1m");
}
