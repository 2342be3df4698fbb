// Gauges that cost a query, read when somebody scrapes. A database that is away leaves them out, and the scrape whole.

import type { Database } from "@truechimer/database";
import type { Gauge, Metrics } from "@truechimer/telemetry";
import { sql } from "kysely";
import { type ArchiveLag, archiveLags } from "./archive/archive-lag.ts";
import type { ServerContext } from "./context.ts";
import { addJobGauges } from "./jobs/job-gauges.ts";
import { createReadRows, type ReadRows } from "./read-rows.ts";
import { type ScorerLag, scorerLag } from "./scorer/scorer-lag.ts";
import { shardLags } from "./scorer/shard-lags.ts";

export function addServerGauges(
  metrics: Metrics,
  { database, loops, jobTiming }: Pick<ServerContext, "database" | "loops" | "jobTiming">,
): void {
  const read = createReadRows(database);
  addLagGauges(metrics, read, database);
  addShardLagGauge(metrics, database);
  addShardsGauge(metrics, read);
  addSetAsideGauge(metrics, read);
  addArchiveGauges(metrics, database);
  addFleetGauges(metrics, read);
  addCoverageGauge(metrics, read);
  addPoolGauge(metrics, database);
  addJobGauges(metrics, { read, database, loops, jobTiming });
}

/** The scorers go through the results together, so those that are active are as far as each other. */
function addLagGauges(metrics: Metrics, read: ReadRows, database: Database): void {
  const setAll = async (
    gauge: Gauge<"scorer">,
    valueOf: (lag: ScorerLag) => number,
  ): Promise<void> => {
    gauge.reset();
    const lag = await scorerLag(database.kysely).catch(() => undefined);
    if (lag === undefined) return;
    const scorers = await read<{ readonly hostname: string }>(
      sql`select hostname from monitors where type = 'score' and status = 'active'`,
    );
    for (const { hostname: scorer } of scorers) gauge.set({ scorer }, valueOf(lag));
  };
  metrics.gauge<"scorer">({
    name: "truechimer_scorer_lag_rows",
    help: "Results that a scorer has not read yet.",
    labelNames: ["scorer"],
    collect: (gauge) => setAll(gauge, ({ results }) => Number(results)),
  });
  metrics.gauge<"scorer">({
    name: "truechimer_scorer_lag_seconds",
    help: "Age of the oldest result that a scorer has not read yet.",
    labelNames: ["scorer"],
    collect: (gauge) => setAll(gauge, ({ seconds }) => seconds),
  });
}

/** One shard that is behind while the others are not has servers that take long, or nobody who scores them. */
function addShardLagGauge(metrics: Metrics, database: Database): void {
  metrics.gauge<"shard">({
    name: "truechimer_scorer_shard_lag_seconds",
    help: "Age of the oldest result that the scorers have not read yet, by part of their work.",
    labelNames: ["shard"],
    collect: async (gauge) => {
      gauge.reset();
      const lags = await shardLags(database.kysely).catch(() => []);
      for (const { shard, seconds } of lags) gauge.set({ shard: String(shard) }, seconds);
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
        sql`select count(*) as servers from scorer_set_aside where failures > 0`,
      );
      if (row !== undefined) gauge.set(Number(row.servers));
    },
  });
}

/** Nothing without an archive. */
function addArchiveGauges(metrics: Metrics, database: Database): void {
  const add = (name: string, help: string, valueOf: (lag: ArchiveLag) => number): void => {
    metrics.gauge<"target">({
      name: `truechimer_archive_${name}`,
      help,
      labelNames: ["target"],
      collect: async (gauge) => {
        gauge.reset();
        const lags = await archiveLags(database.kysely).catch(() => []);
        for (const lag of lags) gauge.set({ target: lag.target }, valueOf(lag));
      },
    });
  };
  add(
    "lag_seconds",
    "Age of the oldest result that the archive has not acknowledged.",
    ({ seconds }) => seconds,
  );
  add(
    "results_waiting",
    "New results that the archive has not acknowledged; without older ones that are sent by their time.",
    ({ results }) => Number(results),
  );
  add(
    "older_seconds",
    "Length of the range of older results that the archive is still to be sent.",
    ({ olderSeconds }) => olderSeconds,
  );
  add(
    "results_sent",
    "Results that the archive has acknowledged, each time that they were sent.",
    ({ resultsSent }) => Number(resultsSent),
  );
}

/** Work that nobody does: shards without a holder, or of one that has died a moment ago. */
function addShardsGauge(metrics: Metrics, read: ReadRows): void {
  metrics.gauge({
    name: "truechimer_scorer_shards_free",
    help: "Parts of the scorers' work that no process has leased.",
    collect: async (gauge) => {
      gauge.reset();
      const [row] = await read<{ readonly shards: bigint }>(
        sql`select count(*) as shards from scorer_shards where holder is null or leased_until < now()`,
      );
      if (row !== undefined) gauge.set(Number(row.shards));
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

/** Two results make no median: a server with fewer than three is short of monitors. */
function addCoverageGauge(metrics: Metrics, read: ReadRows): void {
  metrics.gauge({
    name: "truechimer_servers_short_of_monitors",
    help: "Watched servers with fewer than three usable active monitors at their last review, by reason.",
    labelNames: ["reason"],
    collect: async (gauge) => {
      gauge.reset();
      const rows = await read<{ readonly shortage: string; readonly servers: bigint }>(
        sql`select r.shortage, count(*) as servers
            from servers_monitor_review r join servers s on s.id = r.server_id
            where s.state = 'watched' and r.shortage is not null group by r.shortage`,
      );
      for (const { shortage, servers } of rows) gauge.set({ reason: shortage }, Number(servers));
    },
  });
}
