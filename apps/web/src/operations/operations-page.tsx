// The system itself: what runs in it, when it last ran and how that ended.

import { useQuery } from "@tanstack/react-query";
import { adminV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { msOf, nsOf } from "../api/message.ts";
import { callerQuery, systemQuery } from "../api/queries.ts";
import { formatCount } from "../format/number.ts";
import { formatSpan } from "../format/offset.ts";
import { formatLong } from "../format/relative-time.ts";
import { PageSkeleton, ProblemNote } from "../parts/states.tsx";
import { Nothing, TimeAgo } from "../parts/values.tsx";
import { INGEST_WORDS } from "../shell/ingest-note.ts";
import { useTitle } from "../shell/use-title.ts";
import { paths } from "../url/paths.ts";
import { Archives } from "./archives.tsx";
import { DashboardCertificate } from "./dashboard-certificate.tsx";
import { RateLimits } from "./rate-limits.tsx";
import { Replicas } from "./replicas.tsx";
import { RunLoopButton } from "./run-loop-button.tsx";
import { Scorers } from "./scorers.tsx";

export function OperationsPage(): ReactNode {
  useTitle("Operations");
  const system = useQuery(systemQuery());
  if (system.data !== undefined) return <Operations system={system.data} />;
  if (system.isError) {
    return (
      <ProblemNote
        error={system.error}
        title="The system could not be read"
        onRetry={() => void system.refetch()}
      />
    );
  }
  return <PageSkeleton what="the system's state" />;
}

function Operations(props: { readonly system: adminV1.GetSystemResponse }): ReactNode {
  const { system } = props;
  const retentionNs = nsOf(system.retention);
  const lagNs = nsOf(system.scorerLag);
  return (
    <>
      <header className="page-head">
        <h1>Operations</h1>
        <p className="page-sentence">{sentenceOf(system)}</p>
        <AuditLink />
      </header>
      <dl className="facts">
        <Fact name="Version" value={system.version} />
        <Fact name="Up since" value={<TimeAgo atMs={msOf(system.startedAt)} />} />
        <Fact name="Database" value={databaseText(system.databaseVersion)} />
        <Fact name="Schema" value={system.schemaVersion} />
        <Fact name="Results" value={INGEST_WORDS[system.ingest?.state ?? 0]} />
        <Fact
          name="Last one stored"
          value={<TimeAgo atMs={msOf(system.ingest?.lastStoredAt)} never="not within an hour" />}
        />
        <Fact
          name="An agent was heard of"
          value={<TimeAgo atMs={msOf(system.ingest?.lastReceivedAt)} />}
        />
        <Fact name="In memory" value={memoryText(system.history)} />
        <Fact name="Results kept" value={formatCount(system.resultsTotal)} />
        <Fact name="Waiting to be scored" value={formatCount(system.scorerQueueRows)} />
        <Fact
          name="Oldest of them"
          value={
            lagNs === undefined || system.scorerQueueRows === 0n ? (
              <Nothing why="none waits" />
            ) : (
              formatSpan(lagNs)
            )
          }
        />
        <Fact name="Jobs that wait" value={jobsText(system.jobQueue)} />
        <Fact
          name="History is kept"
          value={retentionNs === undefined ? <Nothing /> : formatLong(Number(retentionNs) / 1e6)}
        />
      </dl>
      <DashboardCertificate certificate={system.dashboardCertificate} />
      <Replicas replicas={system.replicas} />
      <Scorers system={system} />
      <Archives archives={system.archives} />
      <section aria-labelledby="loops-title">
        <h2 id="loops-title">Loops</h2>
        <div className="table-scroll">
          <table className="table is-facts loops-table">
            <thead>
              <tr>
                <th scope="col">Loop</th>
                <th scope="col">Last outcome</th>
                <th scope="col" className="is-number">
                  Last run
                </th>
                <th scope="col" className="is-number is-minor">
                  Took
                </th>
                <th scope="col" className="is-number is-minor">
                  Every
                </th>
                <th scope="col" className="is-number is-minor">
                  Next
                </th>
                <th scope="col">
                  <span className="visually-hidden">Run</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {system.loops.map((loop) => (
                <LoopRow key={loop.name} loop={loop} />
              ))}
            </tbody>
          </table>
        </div>
      </section>
      <RateLimits />
    </>
  );
}

/** For those who may read it. */
function AuditLink(): ReactNode {
  const caller = useQuery(callerQuery());
  if (caller.data?.procedures.includes("ListAuditEntries") !== true) return null;
  return (
    <div className="button-row">
      <a className="button" href={paths.audit()}>
        Audit trail
      </a>
    </div>
  );
}

/** "1,200,000 results, 1,100,000 of them from the checkpoint". */
function memoryText(load: adminV1.HistoryLoad | undefined): string {
  if (load === undefined) return "none";
  const restored =
    load.rowsRestored === 0n ? "" : `, ${formatCount(load.rowsRestored)} of them from a checkpoint`;
  return `${formatCount(load.rowsHeld)} results${restored}`;
}

/** What needs somebody's attention first. */
function sentenceOf({ loops, replicas }: adminV1.GetSystemResponse): string {
  const failed = loops.filter(({ lastOutcome }) => lastOutcome !== "" && lastOutcome !== "ok");
  if (failed.length > 0) {
    return `${failed.map(({ name }) => name.replaceAll("_", " ")).join(", ")} failed at the last run.`;
  }
  const working = replicas.some(({ alive, roles }) => alive && roles.includes("worker"));
  if (!working) return "No process has the role worker: the loops stand still.";
  return "Every loop's last run went well.";
}

function Fact(props: { readonly name: string; readonly value: ReactNode }): ReactNode {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd className="number">{props.value}</dd>
    </div>
  );
}

/** "12, 3 of them due", with those that were given up. */
function jobsText(queue: adminV1.JobQueue | undefined): string {
  if (queue === undefined) return "";
  const due = queue.due === 0n ? "" : `, ${formatCount(queue.due)} of them due`;
  const failed = queue.failed === 0n ? "" : `, ${formatCount(queue.failed)} given up`;
  return `${formatCount(queue.waiting + queue.due)}${due}${failed}`;
}

/** A bare version says whose it is. */
function databaseText(version: string): string {
  return /^\d/.test(version) ? `PostgreSQL ${version}` : version;
}

function formatPeriod(periodNs: bigint): string {
  return periodNs < 1_000_000_000n ? formatSpan(periodNs) : formatLong(Number(periodNs) / 1e6);
}

function LoopRow(props: { readonly loop: adminV1.Loop }): ReactNode {
  const { loop } = props;
  const took = nsOf(loop.lastTook);
  const period = nsOf(loop.period);
  return (
    <tr>
      <th scope="row">
        {loop.name.replaceAll("_", " ")}
        <span className="loop-purpose">
          {loop.purpose}
          {loop.class === adminV1.LoopClass.ONCE_PER_PERIOD &&
            "; once in each period, whatever dies"}
        </span>
      </th>
      <td>
        {loop.runningSince !== undefined && <span className="soft">running </span>}
        {loop.lastOutcome === "" ? (
          <span className="soft">not run yet</span>
        ) : loop.lastOutcome === "ok" ? (
          "ok"
        ) : (
          <a className="bad" href={paths.help("errors", loop.lastOutcome)}>
            {loop.lastOutcome}
            {loop.failures > 1 && ` ${loop.failures} times`}
          </a>
        )}
      </td>
      <td className="is-number">
        <TimeAgo atMs={msOf(loop.lastRunAt)} />
      </td>
      <td className="is-number is-minor">{took === undefined ? <Nothing /> : formatSpan(took)}</td>
      <td className="is-number is-minor">
        {period === undefined ? <Nothing /> : formatPeriod(period)}
      </td>
      <td className="is-number is-minor">
        <TimeAgo atMs={msOf(loop.nextRunAt)} never="not planned" />
      </td>
      <td>
        <RunLoopButton loop={loop} />
      </td>
    </tr>
  );
}
