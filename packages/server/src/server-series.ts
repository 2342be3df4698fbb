// Series of each server, for whoever asks for them: what its clock is worth, by the names that Prometheus' users expect. As many
// as the limit allows and no more, because each of them is kept by Prometheus for ever.

import type { Database, Timestamptz, VerdictName } from "@truechimer/database";
import { nsFromTimestamptz } from "@truechimer/database";
import type { Gauge, Metrics } from "@truechimer/telemetry";
import { sql } from "kysely";
import { createReadRows } from "./read-rows.ts";

export interface ServerSeriesSettings {
  /** So many servers have series, those that were added first; of the others their number. */
  readonly serversMax: number;
}

interface ServerRow {
  readonly id: bigint;
  readonly name: string;
  readonly score: number | null;
  readonly verdict: VerdictName;
  readonly offset_ns: bigint | null;
  readonly bound_ns: bigint | null;
  readonly stratum: number | null;
  readonly witnesses: number;
  readonly against: number;
  readonly last_check: Timestamptz | null;
  readonly last_answer: Timestamptz | null;
  /** Of all servers. */
  readonly servers: bigint;
}

type Labels = "server" | "server_id";
const LABELS: readonly Labels[] = ["server", "server_id"];
const SECONDS_PER_NS = 1e-9;

export function addServerSeries(
  metrics: Metrics,
  database: Database,
  { serversMax }: ServerSeriesSettings,
): void {
  const read = createReadRows(database);
  const rows = sharedBy(() =>
    read<ServerRow>(sql`
      select id, name, score_raw as score, verdict, offset_ns, bound_ns, stratum, witnesses_fresh as witnesses,
        witnesses_against as against, last_check_ts as last_check, last_answer_ts as last_answer, count(*) over () as servers
      from servers where state = 'watched' order by id limit ${serversMax}`),
  );
  const series = (name: string, help: string, valueOf: (row: ServerRow) => number | null): void => {
    metrics.gauge<Labels>({
      name: `truechimer_server_${name}`,
      help,
      labelNames: LABELS,
      collect: async (gauge) => {
        gauge.reset();
        for (const row of await rows()) {
          const value = valueOf(row);
          // What is not known has no sample: 0 would be a value.
          if (value !== null) gauge.set(labelsOf(row), value);
        }
      },
    });
  };
  series("score", "Overall score of the server, -100 to 20.", ({ score }) => score);
  series("offset_seconds", "Median offset of the server's clock over its fresh monitors.", (row) =>
    inSeconds(row.offset_ns),
  );
  series("offset_bound_seconds", "Bound on the error of the offset.", (row) =>
    inSeconds(row.bound_ns),
  );
  series("stratum", "Stratum of the last result that had one.", ({ stratum }) => stratum);
  series("witnesses", "Monitors with a fresh result.", ({ witnesses }) => witnesses);
  series(
    "witnesses_against",
    "Of the monitors with a fresh result, those that hold the clock to be wrong.",
    ({ against }) => against,
  );
  series("last_check_timestamp_seconds", "Time of the newest result.", (row) =>
    unixSeconds(row.last_check),
  );
  series(
    "last_answer_timestamp_seconds",
    "Time of the newest result that came from an answer.",
    (row) => unixSeconds(row.last_answer),
  );
  metrics.gauge<Labels | "verdict">({
    name: "truechimer_server_verdict",
    help: "Always 1; the verdict is in the label: truechimer, falseticker, unreachable, unsure.",
    labelNames: [...LABELS, "verdict"],
    collect: async (gauge) => {
      gauge.reset();
      for (const row of await rows()) gauge.set({ ...labelsOf(row), verdict: row.verdict }, 1);
    },
  });
  metrics.gauge({
    name: "truechimer_servers_without_series",
    help: "Watched servers beyond the limit of those that have series of their own.",
    collect: async (gauge: Gauge) => {
      const all = await rows();
      gauge.set(Number(all[0]?.servers ?? 0n) - all.length);
    },
  });
}

/** Gauges of one scrape are asked at once: one query answers them all. */
function sharedBy<Value>(ask: () => Promise<Value>): () => Promise<Value> {
  let asked: Promise<Value> | undefined;
  return () => {
    asked ??= ask().finally(() => {
      asked = undefined;
    });
    return asked;
  };
}

function labelsOf({ id, name }: ServerRow): Record<Labels, string> {
  return { server: name, server_id: String(id) };
}

function inSeconds(ns: bigint | null): number | null {
  return ns === null ? null : Number(ns) * SECONDS_PER_NS;
}

function unixSeconds(at: Timestamptz | null): number | null {
  return at === null ? null : Number(nsFromTimestamptz(at)) * SECONDS_PER_NS;
}
