// The system itself: what runs in it, when it last ran and how that ended.

import { useQuery } from "@tanstack/react-query";
import type { adminV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { msOf, nsOf } from "../api/message.ts";
import { systemQuery } from "../api/queries.ts";
import { formatCount } from "../format/number.ts";
import { formatSpan } from "../format/offset.ts";
import { formatLong } from "../format/relative-time.ts";
import { PageSkeleton, ProblemNote } from "../parts/states.tsx";
import { Nothing, TimeAgo } from "../parts/values.tsx";
import { useTitle } from "../shell/use-title.ts";
import { paths } from "../url/paths.ts";
import { RateLimits } from "./rate-limits.tsx";

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
  const failed = system.loops.filter(
    (loop) => loop.lastOutcome !== "" && loop.lastOutcome !== "ok",
  );
  const retentionNs = nsOf(system.retention);
  const lagNs = nsOf(system.scorerLag);
  return (
    <>
      <header className="page-head">
        <h1>Operations</h1>
        <p className="page-sentence">
          {failed.length === 0
            ? "Every loop's last run went well."
            : `${failed.map((loop) => loop.name).join(", ")} failed at the last run.`}
        </p>
      </header>
      <dl className="facts">
        <Fact name="Version" value={system.version} />
        <Fact name="Up since" value={<TimeAgo atMs={msOf(system.startedAt)} />} />
        <Fact name="Database" value={databaseText(system.databaseVersion)} />
        <Fact name="Schema" value={system.schemaVersion} />
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
        <Fact
          name="History is kept"
          value={retentionNs === undefined ? <Nothing /> : formatLong(Number(retentionNs) / 1e6)}
        />
      </dl>
      <section aria-labelledby="loops-title">
        <h2 id="loops-title">Loops</h2>
        <div className="table-scroll">
          <table className="table loops-table">
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

function Fact(props: { readonly name: string; readonly value: ReactNode }): ReactNode {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd className="number">{props.value}</dd>
    </div>
  );
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
        <span className="loop-purpose">{loop.purpose}</span>
      </th>
      <td>
        {loop.lastOutcome === "" ? (
          <span className="soft">not run yet</span>
        ) : loop.lastOutcome === "ok" ? (
          "ok"
        ) : (
          <a className="bad" href={paths.help("errors", loop.lastOutcome)}>
            {loop.lastOutcome}
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
    </tr>
  );
}
