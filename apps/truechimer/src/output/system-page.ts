// What runs in the control plane. As JSON: a line for the whole, one for each process, one for each loop.

import type { adminV1 } from "@truechimer/api";
import { type Clock, unixMsFromNs } from "@truechimer/base";
import type { Printer } from "../cli-context.ts";
import { isoOf, loopClassWord, msOf } from "./api-words.ts";
import { printable } from "./style.ts";
import type { Column } from "./table.ts";
import { agoText } from "./time-text.ts";

export async function printSystem(
  printer: Printer,
  system: adminV1.GetSystemResponse,
  clock: Clock,
): Promise<void> {
  const nowMs = unixMsFromNs(clock.nowNs());
  const ago = (at: Parameters<typeof msOf>[0]): string => {
    const atMs = msOf(at);
    return atMs === undefined ? "never" : agoText(atMs, nowMs);
  };
  printer.line(
    `Truechimer ${system.version} on PostgreSQL ${system.databaseVersion}, schema ${system.schemaVersion}`,
  );
  printer.line(queueText(system));
  printer.json({ kind: "system", ...systemJson(system) });
  printer.line("");
  await printer.table({
    columns: replicaColumns(ago),
    rows: system.replicas,
    json: replicaJson,
    empty: "no process has said that it lives",
  });
  printer.line("");
  await printer.table({
    columns: loopColumns(ago),
    rows: system.loops,
    json: loopJson,
    empty: "there are no loops",
  });
}

function queueText({ scorerQueueRows, jobQueue }: adminV1.GetSystemResponse): string {
  const jobs =
    jobQueue === undefined ? "" : `, ${jobQueue.due} jobs due, ${jobQueue.failed} given up`;
  return `${scorerQueueRows} results wait to be scored${jobs}`;
}

type Ago = (at: adminV1.Loop["lastRunAt"]) => string;

function replicaColumns(ago: Ago): readonly Column<adminV1.Replica>[] {
  return [
    { title: "process", text: ({ host, processId }) => `${printable(host)} ${processId}` },
    { title: "roles", text: ({ roles }) => roles.join(", ") },
    { title: "state", text: ({ alive, self }) => (self ? "answers" : alive ? "alive" : "gone") },
    { title: "started", text: ({ startedAt }) => ago(startedAt) },
    { title: "seen", text: ({ seenAt }) => ago(seenAt) },
    { title: "version", text: ({ version }) => version },
  ];
}

function loopColumns(ago: Ago): readonly Column<adminV1.Loop>[] {
  return [
    { title: "loop", text: ({ name }) => name },
    { title: "outcome", text: outcomeText },
    { title: "last run", text: ({ lastRunAt }) => ago(lastRunAt) },
    { title: "took", align: "right", text: ({ lastTook }) => millisecondsText(lastTook) },
    { title: "next", text: ({ nextRunAt }) => ago(nextRunAt) },
    {
      title: "class",
      text: ({ class: loopClass }) => loopClassWord(loopClass).replaceAll("_", " "),
    },
    { title: "", text: ({ purpose }) => purpose },
  ];
}

function outcomeText({ lastOutcome, failures, runningSince }: adminV1.Loop): string {
  if (lastOutcome === "") return runningSince === undefined ? "not run yet" : "running";
  return failures > 1 ? `${lastOutcome} (${failures} times)` : lastOutcome;
}

function millisecondsText(duration: adminV1.Loop["lastTook"]): string {
  const ms = millisecondsOf(duration);
  return ms === null ? "" : `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}

function millisecondsOf(duration: adminV1.Loop["lastTook"]): number | null {
  return duration === undefined ? null : Number(duration.seconds) * 1_000 + duration.nanos / 1e6;
}

function systemJson(system: adminV1.GetSystemResponse): Record<string, unknown> {
  const { jobQueue } = system;
  return {
    version: system.version,
    database_version: system.databaseVersion,
    schema_version: system.schemaVersion,
    started_at: isoOf(system.startedAt),
    results_total: Number(system.resultsTotal),
    scorer_queue_rows: Number(system.scorerQueueRows),
    jobs_waiting: Number(jobQueue?.waiting ?? 0),
    jobs_due: Number(jobQueue?.due ?? 0),
    jobs_running: Number(jobQueue?.running ?? 0),
    jobs_failed: Number(jobQueue?.failed ?? 0),
    oldest_due_ms: millisecondsOf(jobQueue?.oldestDue),
  };
}

function replicaJson(replica: adminV1.Replica): Record<string, unknown> {
  return {
    kind: "replica",
    id: replica.id,
    roles: replica.roles,
    host: replica.host,
    process_id: replica.processId,
    version: replica.version,
    started_at: isoOf(replica.startedAt),
    seen_at: isoOf(replica.seenAt),
    alive: replica.alive,
    self: replica.self,
  };
}

function loopJson(loop: adminV1.Loop): Record<string, unknown> {
  return {
    kind: "loop",
    name: loop.name,
    class: loopClassWord(loop.class),
    period_ms: millisecondsOf(loop.period),
    last_run_at: isoOf(loop.lastRunAt),
    last_outcome: loop.lastOutcome === "" ? null : loop.lastOutcome,
    last_took_ms: millisecondsOf(loop.lastTook),
    next_run_at: isoOf(loop.nextRunAt),
    running_since: isoOf(loop.runningSince),
    failures: loop.failures,
    periods_total: Number(loop.periodsTotal),
    replica_id: loop.replicaId === "" ? null : loop.replicaId,
    purpose: loop.purpose,
  };
}
