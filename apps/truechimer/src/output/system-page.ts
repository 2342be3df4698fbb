// What runs in the control plane. As JSON: a line for the whole, one for each process, scorer, part of the scorers' work,
// archive, and loop, and one for the dashboard's certificate where there is TLS.

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
  const { dashboardCertificate: certificate } = system;
  if (certificate !== undefined) printer.line(certificateText(certificate, ago));
  printer.json({ kind: "system", ...systemJson(system) });
  if (certificate !== undefined) printer.json(certificateJson(certificate));
  printer.line("");
  await printer.table({
    columns: replicaColumns(ago),
    rows: system.replicas,
    json: replicaJson,
    empty: "no process has said that it lives",
  });
  printer.line("");
  await printer.table({
    columns: SCORER_COLUMNS,
    rows: system.scorers,
    json: scorerJson,
    empty: "no process has the role scorer yet",
  });
  for (const shard of system.scorerShards) printer.json(shardJson(shard));
  printer.line(shardsText(system));
  printer.line("");
  if (system.archives.length > 0) {
    await printer.table({
      columns: archiveColumns(ago),
      rows: system.archives,
      json: archiveJson,
      empty: "there is no archive",
    });
    printer.line("");
  }
  await printer.table({
    columns: loopColumns(ago),
    rows: system.loops,
    json: loopJson,
    empty: "there are no loops",
  });
}

/** "dashboard certificate (acme) of R11 for clocks.example.net ends in 60 d". */
function certificateText(certificate: adminV1.DashboardCertificate, ago: Ago): string {
  const { source, issuer, names, notAfter, lastError, failedAt, nextAttemptAt } = certificate;
  const of = issuer === "" ? "" : ` of ${printable(issuer)}`;
  const failed =
    lastError === ""
      ? ""
      : `; the last attempt failed ${ago(failedAt)}, the next is ${ago(nextAttemptAt)}: ${printable(lastError)}`;
  return `dashboard certificate (${source})${of} for ${names.map(printable).join(", ")} ends ${ago(notAfter)}${failed}`;
}

function certificateJson(certificate: adminV1.DashboardCertificate): Record<string, unknown> {
  return {
    kind: "dashboard_certificate",
    source: certificate.source,
    names: certificate.names,
    issuer: certificate.issuer,
    not_after: isoOf(certificate.notAfter),
    renew_at: isoOf(certificate.renewAt),
    last_error: certificate.lastError === "" ? null : certificate.lastError,
    failed_at: isoOf(certificate.failedAt),
    next_attempt_at: isoOf(certificate.nextAttemptAt),
  };
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

const SCORER_COLUMNS: readonly Column<adminV1.Scorer>[] = [
  { title: "scorer", text: ({ name }) => name },
  { title: "state", text: ({ active }) => (active ? "active" : "paused") },
  { title: "waiting", align: "right", text: ({ resultsWaiting }) => String(resultsWaiting) },
  { title: "lag", align: "right", text: ({ lag }) => millisecondsText(lag) },
];

function archiveColumns(ago: Ago): readonly Column<adminV1.Archive>[] {
  return [
    { title: "archive", text: ({ kind, target }) => `${kind} ${printable(target)}` },
    {
      title: "state",
      text: ({ lastError }) => (lastError === "" ? "ok" : printable(lastError)),
    },
    { title: "waiting", align: "right", text: ({ resultsWaiting }) => String(resultsWaiting) },
    { title: "lag", align: "right", text: ({ lag }) => millisecondsText(lag) },
    { title: "older ones from", text: ({ olderFrom }) => isoOf(olderFrom) ?? "" },
    { title: "acknowledged", text: ({ sentAt }) => ago(sentAt) },
  ];
}

/** "16 parts of the scorers' work, 2 of them free; 1 server set aside". */
function shardsText({ scorerShards, serversSetAside }: adminV1.GetSystemResponse): string {
  const free = scorerShards.filter(({ replicaId }) => replicaId === "").length;
  const aside = serversSetAside === 0 ? "" : `; ${serversSetAside} servers set aside`;
  return `${scorerShards.length} parts of the scorers' work, ${free === 0 ? "none" : free} of them without a process${aside}`;
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
    servers_set_aside: system.serversSetAside,
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

function scorerJson(scorer: adminV1.Scorer): Record<string, unknown> {
  return {
    kind: "scorer",
    name: scorer.name,
    active: scorer.active,
    results_waiting: Number(scorer.resultsWaiting),
    lag_ms: millisecondsOf(scorer.lag),
  };
}

function shardJson(shard: adminV1.ScorerShard): Record<string, unknown> {
  return {
    kind: "scorer_shard",
    shard: shard.shard,
    replica_id: shard.replicaId === "" ? null : shard.replicaId,
    leased_until: isoOf(shard.leasedUntil),
    results_waiting: Number(shard.resultsWaiting),
    lag_ms: millisecondsOf(shard.lag),
  };
}

function archiveJson(archive: adminV1.Archive): Record<string, unknown> {
  return {
    kind: "archive",
    archive: archive.kind,
    target: archive.target,
    results_waiting: Number(archive.resultsWaiting),
    traceroutes_waiting: Number(archive.traceroutesWaiting),
    events_waiting: Number(archive.eventsWaiting),
    lag_ms: millisecondsOf(archive.lag),
    older_from: isoOf(archive.olderFrom),
    older_to: isoOf(archive.olderTo),
    results_sent: Number(archive.resultsSent),
    traceroutes_sent: Number(archive.traceroutesSent),
    events_sent: Number(archive.eventsSent),
    sent_at: isoOf(archive.sentAt),
    failing_since: isoOf(archive.failingSince),
    last_error: archive.lastError === "" ? null : archive.lastError,
    lost_before: isoOf(archive.lostBefore),
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
