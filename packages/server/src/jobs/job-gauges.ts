// What the cluster's loops and jobs are about, from the database: every replica tells the same.

import type { Metrics } from "@truechimer/telemetry";
import { sql } from "kysely";
import type { ServerContext } from "../context.ts";
import type { ReadRows } from "../read-rows.ts";
import { readJobCounts } from "./job-counts.ts";

interface JobGaugesWorld extends Pick<ServerContext, "database" | "loops" | "jobTiming"> {
  readonly read: ReadRows;
}

export function addJobGauges(metrics: Metrics, world: JobGaugesWorld): void {
  addLoopGauges(metrics, world);
  addQueueGauge(metrics, world);
  addReplicaGauge(metrics, world);
}

interface LoopRow {
  readonly name: string;
  readonly last_run: number | null;
  readonly next_run: number;
  readonly overdue: number;
  readonly failures: number;
}

function addLoopGauges(metrics: Metrics, { read, loops }: JobGaugesWorld): void {
  const names = loops.map(({ name }) => name);
  const rows = (): Promise<readonly LoopRow[]> =>
    read<LoopRow>(sql`
      select name, extract(epoch from last_run_at)::float8 as last_run, extract(epoch from next_run_at)::float8 as next_run,
        greatest(0, extract(epoch from now() - next_run_at))::float8 as overdue, failures
      from loop_runs where name = any(${names}::text[])`);
  const gauge = (name: string, help: string, valueOf: (row: LoopRow) => number | null): void => {
    metrics.gauge<"loop">({
      name,
      help,
      labelNames: ["loop"],
      collect: async (each) => {
        each.reset();
        for (const row of await rows()) {
          const value = valueOf(row);
          if (value !== null) each.set({ loop: row.name }, value);
        }
      },
    });
  };
  gauge(
    "truechimer_loop_last_run_timestamp_seconds",
    "When a background loop's last run began.",
    (row) => row.last_run,
  );
  gauge(
    "truechimer_loop_next_run_timestamp_seconds",
    "When a background loop is due.",
    (row) => row.next_run,
  );
  gauge(
    "truechimer_loop_overdue_seconds",
    "For how long a background loop has been due. More than a few seconds: nobody does it.",
    (row) => row.overdue,
  );
  gauge(
    "truechimer_loop_failures",
    "Runs in a row of a background loop that failed.",
    (row) => row.failures,
  );
}

function addQueueGauge(metrics: Metrics, { database }: JobGaugesWorld): void {
  metrics.gauge<"state">({
    name: "truechimer_jobs",
    help: "Jobs in the queue: waiting for their instant, due, running, failed for good.",
    labelNames: ["state"],
    collect: async (gauge) => {
      gauge.reset();
      const counts = await readJobCounts(database).catch(() => undefined);
      if (counts === undefined) return;
      for (const state of ["waiting", "due", "running", "failed"] as const) {
        gauge.set({ state }, counts[state]);
      }
    },
  });
}

function addReplicaGauge(metrics: Metrics, { read, jobTiming }: JobGaugesWorld): void {
  metrics.gauge<"role">({
    name: "truechimer_replicas",
    help: "Processes of the control plane that live, by role.",
    labelNames: ["role"],
    collect: async (gauge) => {
      gauge.reset();
      const rows = await read<{ readonly role: string; readonly replicas: number }>(sql`
        select role, count(*)::int as replicas from replicas, unnest(roles) as role
        where seen_at >= now() - make_interval(secs => ${jobTiming.deadAfterMs / 1_000}::float8) group by role`);
      for (const { role, replicas } of rows) gauge.set({ role }, replicas);
    },
  });
}
