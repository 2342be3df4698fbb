// One server: what is held of it and why, its witnesses on the axis, its history, the checks behind it.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import type { adminV1 } from "@truechimer/api";
import { lazy, type ReactNode, Suspense, useMemo, useState } from "react";
import { msOf, nsOf, offsetOf } from "../api/message.ts";
import { problemOf } from "../api/problem.ts";
import { serverQuery } from "../api/queries.ts";
import { type AxisItem, OffsetAxis } from "../axis/offset-axis.tsx";
import { countOf, formatShare, keepQuantities } from "../format/number.ts";
import { formatLong } from "../format/relative-time.ts";
import { HistoryCharts } from "../history/history-charts.tsx";
import { EventList } from "../parts/event-list.tsx";
import { useNow } from "../parts/now.ts";
import { freshness, type ServerFacts, serverFacts } from "../parts/server-facts.ts";
import { PageSkeleton, ProblemNote } from "../parts/states.tsx";
import { Instant, Nothing, OffsetText, Score, TimeAgo } from "../parts/values.tsx";
import { VerdictWord } from "../parts/verdict.tsx";
import { reasonWords, TERMS } from "../parts/words.ts";
import { act, SERVER_ACTIONS } from "../servers/server-actions.ts";
import { NotFoundPage } from "../shell/not-found-page.tsx";
import { useTitle } from "../shell/use-title.ts";
import { parseId, paths } from "../url/paths.ts";
import { Assignments } from "./assignments.tsx";
import { Checks } from "./checks.tsx";
import { FaultSection } from "./fault-section.tsx";
import { leapNotice } from "./leap-notice.ts";
import { WitnessCard } from "./witness-card.tsx";

const CheckNowSection = lazy(async () => ({
  default: (await import("../check-now/check-now-section.tsx")).CheckNowSection,
}));

const KeptPathsSection = lazy(async () => ({
  default: (await import("../check-now/kept-paths-section.tsx")).KeptPathsSection,
}));

const LIMIT_DEFAULT_NS = 25_000_000n;

export function ServerPage(): ReactNode {
  const parameters: Readonly<Record<string, string>> = useParams({ strict: false });
  const id = parseId(parameters["serverId"]);
  return id === undefined ? (
    <NotFoundPage what="That is no server's address" />
  ) : (
    <LoadedServer id={id} />
  );
}

function LoadedServer(props: { readonly id: bigint }): ReactNode {
  const server = useQuery(serverQuery(props.id));
  if (server.data?.server !== undefined) {
    return (
      <ServerReport
        key={props.id.toString()}
        data={server.data}
        server={serverFacts(server.data.server)}
      />
    );
  }
  if (server.isError) {
    if (problemOf(server.error).code === "not_found")
      return <NotFoundPage what="There is no such server" />;
    return (
      <ProblemNote
        error={server.error}
        title="The server could not be loaded"
        onRetry={() => void server.refetch()}
      />
    );
  }
  return <PageSkeleton what="the server" />;
}

function LeapNotice(props: { readonly assignments: readonly adminV1.Assignment[] }): ReactNode {
  const text = leapNotice(props.assignments);
  return text === undefined ? null : <p className="leap-notice">{text}</p>;
}

interface ServerReportProps {
  readonly data: adminV1.GetServerResponse;
  readonly server: ServerFacts;
}

function ServerReport(props: ServerReportProps): ReactNode {
  const { data, server } = props;
  useTitle(server.name);
  const limitNs = Number(nsOf(data.offsetLimit) ?? LIMIT_DEFAULT_NS);
  return (
    <article className="server-page">
      <ServerHead server={server} />
      <ServerFactsList server={server} />
      <LeapNotice assignments={data.assignments} />
      <FaultSection data={data} />
      <section aria-labelledby="witnesses-title">
        <h2 id="witnesses-title">Witnesses</h2>
        <WitnessAxis data={data} server={server} limitNs={limitNs} />
      </section>
      {server.state === "removed" ? null : (
        <section aria-labelledby="check-now-title" className="check-now-section">
          <h2 id="check-now-title">Check now</h2>
          <Suspense>
            <CheckNowSection server={server} limitNs={limitNs} />
          </Suspense>
        </section>
      )}
      <section aria-labelledby="paths-title">
        <h2 id="paths-title">Paths</h2>
        <Suspense>
          <KeptPathsSection server={server} />
        </Suspense>
      </section>
      <section aria-labelledby="history-title">
        <h2 id="history-title">History</h2>
        <HistoryCharts
          serverId={server.id}
          intervalMs={server.intervalMs}
          limitNs={limitNs}
          addedAtMs={server.addedAtMs}
        />
      </section>
      <div className="columns">
        <section aria-labelledby="checks-title">
          <h2 id="checks-title">Checks</h2>
          <Checks serverId={server.id} assignments={data.assignments} />
        </section>
        <div className="column-stack">
          <section aria-labelledby="assignments-title">
            <h2 id="assignments-title">Who watches it</h2>
            <Assignments assignments={data.assignments} />
            {data.assignments.length === 0 ? null : (
              <p className="soft">
                <a href={paths.selection(server.id)}>Why these monitors</a>,{" "}
                <a href={paths.distribution(server.id)}>distribution and stability</a>
              </p>
            )}
          </section>
          <section aria-labelledby="ledger-title">
            <h2 id="ledger-title">What changed</h2>
            <EventList events={data.events} showsRules />
          </section>
        </div>
      </div>
    </article>
  );
}

function ServerHead(props: { readonly server: ServerFacts }): ReactNode {
  const { server } = props;
  return (
    <header className="page-head server-head">
      <p className="crumbs">
        <a href={paths.servers()}>Servers</a>
      </p>
      <div className="page-head is-row">
        <h1>
          {server.name}
          {server.endpoint === server.name ? null : (
            <span className="soft name-beside"> {server.endpoint}</span>
          )}
        </h1>
        <ServerActions server={server} />
      </div>
      <p className={`verdict-line is-${server.verdict}`}>
        {server.state === "watched" ? (
          <VerdictWord verdict={server.verdict} />
        ) : (
          <strong>{server.state}</strong>
        )}
        {server.verdictSinceMs === undefined ? null : (
          <span className="soft">
            since <Instant atMs={server.verdictSinceMs} />
          </span>
        )}
        {server.stale && server.state === "watched" ? (
          <span className="stale-word">stale</span>
        ) : null}
      </p>
      {server.verdictText === "" ? null : (
        <p className="page-sentence">{keepQuantities(server.verdictText)}</p>
      )}
      {server.verdictRuleSet === "" ? null : (
        <p className="soft">
          Reached by the rule set {server.verdictRuleSet};{" "}
          <a href={paths.whatIf()}>what another one would say</a>
        </p>
      )}
    </header>
  );
}

function ServerActions(props: { readonly server: ServerFacts }): ReactNode {
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  return (
    <div className="button-row">
      <button
        type="button"
        className="button"
        onClick={() => globalThis.print()}
        title="This page as a report to be filed"
      >
        Print
      </button>
      {SERVER_ACTIONS.filter((action) => action.applies(props.server)).map((action) => (
        <button
          key={action.name}
          type="button"
          className="button"
          title={action.promise}
          disabled={busy}
          onClick={() => {
            setBusy(true);
            void act(action, [props.server], queries).finally(() => setBusy(false));
          }}
        >
          {action.name}
        </button>
      ))}
    </div>
  );
}

function ServerFactsList(props: { readonly server: ServerFacts }): ReactNode {
  const { server } = props;
  return (
    <dl className="facts">
      <Fact name="Offset" definition={TERMS.offset} value={<OffsetText offset={server.offset} />} />
      <Fact
        name="Score, age"
        definition={TERMS.score}
        value={
          <>
            <Score score={server.score} atMs={server.scoreAtMs} />{" "}
            <a className="soft" href={paths.score(server.id)} aria-label="why this score">
              why
            </a>
          </>
        }
      />
      <Fact
        name="Witnesses"
        definition={TERMS.witnesses}
        value={
          server.witnessesAgainst === 0
            ? server.witnessesFresh
            : `${server.witnessesFresh}, ${server.witnessesAgainst} against`
        }
      />
      <Fact name="Stratum" definition={TERMS.stratum} value={server.stratum ?? <Nothing />} />
      <Fact
        name="Reference"
        definition={TERMS.reference}
        value={server.reference === "" ? <Nothing /> : server.reference}
      />
      <Fact
        name="Loss, 24 h"
        definition={TERMS.loss}
        value={server.loss === undefined ? <Nothing why="no samples" /> : formatShare(server.loss)}
      />
      <Fact
        name="Last seen"
        definition={TERMS.lastSeen}
        value={<TimeAgo atMs={server.lastSeenAtMs} never="never answered" />}
      />
      <Fact
        name="Checked every"
        definition="Longest time between two checks by one monitor. Data older than three of them are stale."
        value={formatLong(server.intervalMs)}
      />
    </dl>
  );
}

function Fact(props: {
  readonly name: string;
  readonly definition: string;
  readonly value: ReactNode;
}): ReactNode {
  return (
    <div>
      <dt title={props.definition}>{props.name}</dt>
      <dd className="number">{props.value}</dd>
    </div>
  );
}

function WitnessAxis(props: ServerReportProps & { readonly limitNs: number }): ReactNode {
  const { data, server, limitNs } = props;
  const nowMs = useNow();
  const items = useMemo(
    () => data.assignments.map((assignment) => toAxisItem(assignment, nowMs, server.intervalMs)),
    [data.assignments, nowMs, server.intervalMs],
  );
  if (items.length === 0)
    return <p className="soft">No monitor is assigned yet. Assignments follow within seconds.</p>;
  const summary =
    server.witnessesFresh === 0
      ? "No monitor has fresh data."
      : `${countOf(server.witnessesFresh, "monitor")} with fresh data, ${server.witnessesAgainst} of them hold the clock to be wrong.`;
  return <OffsetAxis items={items} limitNs={limitNs} noun="monitors" summary={summary} />;
}

function toAxisItem(assignment: adminV1.Assignment, nowMs: number, intervalMs: number): AxisItem {
  const checkedAtMs = msOf(assignment.lastCheckAt);
  const failed = assignment.reason !== "";
  const offset = offsetOf(assignment.offset);
  return {
    key: assignment.monitorId.toString(),
    name: assignment.monitorName,
    href:
      assignment.lastCheckId === undefined ? "#history-title" : paths.check(assignment.lastCheckId),
    offset,
    shape: assignment.against
      ? "falseticker"
      : failed
        ? offset === undefined
          ? "unreachable"
          : "unsure"
        : "truechimer",
    freshness: assignment.fresh ? Math.max(0.2, freshness(checkedAtMs, nowMs, intervalMs)) : 0,
    named: false,
    note:
      checkedAtMs === undefined
        ? "not checked yet"
        : failed
          ? reasonWords(assignment.reason)
          : "no offset",
    card: <WitnessCard assignment={assignment} />,
  };
}
