// Gauges that cost a query, read when somebody scrapes. A database that is away leaves them out, and the scrape whole.

import type { Database } from "@truechimer/database";
import type { Metrics } from "@truechimer/telemetry";
import { sql } from "kysely";
import type { ServerContext } from "./context.ts";
import { addJobGauges } from "./jobs/job-gauges.ts";
import { createReadRows, type ReadRows } from "./read-rows.ts";

export function addServerGauges(
  metrics: Metrics,
  { database, loops, jobTiming }: Pick<ServerContext, "database" | "loops" | "jobTiming">,
): void {
  const read = createReadRows(database);
  addQueueGauges(metrics, read);
  addSetAsideGauge(metrics, read);
  addFleetGauges(metrics, read);
  addPoolGauge(metrics, database);
  addJobGauges(metrics, { read, database, loops, jobTiming });
}

function addQueueGauges(metrics: Metrics, read: ReadRows): void {
  metrics.gauge({
    name: "truechimer_scorer_queue_rows",
    help: "Results that wait for the overall score.",
    collect: async (gauge) => {
      gauge.reset();
      const [row] = await read<{ readonly rows: bigint }>(
        sql`select count(*) as rows from score_queue where retry_at is null`,
      );
      if (row !== undefined) gauge.set(Number(row.rows));
    },
  });
  metrics.gauge({
    name: "truechimer_scorer_lag_seconds",
    help: "Age of the oldest result that waits for the overall score.",
    collect: async (gauge) => {
      gauge.reset();
      const [row] = await read<{ readonly lag: number }>(
        sql`select coalesce(extract(epoch from now() - min(queued_at)), 0)::float8 as lag
            from score_queue where retry_at is null`,
      );
      if (row !== undefined) gauge.set(row.lag);
    },
  });
}

/** Servers that cannot be scored; somebody has to look why. */
function addSetAsideGauge(metrics: Metrics, read: ReadRows): void {
  metrics.gauge({
    name: "truechimer_scorer_servers_set_aside",
    help: "Servers whose results could not be scored and wait for another try.",
    collect: async (gauge) => {
      gauge.reset();
      const [row] = await read<{ readonly servers: bigint }>(
        sql`select count(distinct server_id) as servers from score_queue where retry_at is not null`,
      );
      if (row !== undefined) gauge.set(Number(row.servers));
    },
  });
}

function addFleetGauges(metrics: Metrics, read: ReadRows): void {
  metrics.gauge<"verdict">({
    name: "truechimer_servers",
    help: "Watched servers by verdict.",
    labelNames: ["verdict"],
    collect: async (gauge) => {
      gauge.reset();
      const rows = await read<{ readonly verdict: string; readonly servers: bigint }>(
        sql`select verdict, count(*) as servers from servers where state = 'watched' group by verdict`,
      );
      for (const { verdict, servers } of rows) gauge.set({ verdict }, Number(servers));
    },
  });
  metrics.gauge<"status" | "online">({
    name: "truechimer_monitors",
    help: "Monitors by status and presence.",
    labelNames: ["status", "online"],
    collect: async (gauge) => {
      gauge.reset();
      const rows = await read<MonitorsRow>(
        sql`select status, online, count(*) as monitors from monitors
            where type = 'monitor' and is_current and deleted_on is null group by status, online`,
      );
      for (const { status, online, monitors } of rows) {
        gauge.set({ status, online: String(online) }, Number(monitors));
      }
    },
  });
}

interface MonitorsRow {
  readonly status: string;
  readonly online: boolean;
  readonly monitors: bigint;
}

function addPoolGauge(metrics: Metrics, { pool }: Database): void {
  metrics.gauge<"state">({
    name: "truechimer_database_connections",
    help: "Connections of this process's pool.",
    labelNames: ["state"],
    collect: (gauge) => {
      gauge.set({ state: "open" }, pool.totalCount);
      gauge.set({ state: "idle" }, pool.idleCount);
      gauge.set({ state: "waited_for" }, pool.waitingCount);
    },
  });
}
