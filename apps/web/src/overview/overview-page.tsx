// The first page: one sentence, the offset axis, what changed, and what is about to break.

import { useQuery } from "@tanstack/react-query";
import type { adminV1 } from "@truechimer/api";
import { type ReactNode, useMemo, useState } from "react";
import { agentFacts } from "../agents/agent-facts.ts";
import { nsOf } from "../api/message.ts";
import { agentsQuery, overviewQuery, registrationsQuery } from "../api/queries.ts";
import { type AxisItem, OffsetAxis } from "../axis/offset-axis.tsx";
import { countOf, keepQuantities } from "../format/number.ts";
import { EventList } from "../parts/event-list.tsx";
import { useNow } from "../parts/now.ts";
import { freshness, type ServerFacts, serverFacts } from "../parts/server-facts.ts";
import { Command, EmptyState, PageSkeleton, ProblemNote } from "../parts/states.tsx";
import { VerdictShape } from "../parts/verdict.tsx";
import { type VerdictName, verdictDefinition } from "../parts/words.ts";
import { AddServers } from "../servers/add-servers.tsx";
import { useTitle } from "../shell/use-title.ts";
import { paths } from "../url/paths.ts";
import { agentsOutlook } from "./agents-outlook.ts";
import { AgentsSummary } from "./agents-summary.tsx";
import { outlook } from "./outlook.ts";
import { ServerCard, trayNote } from "./server-card.tsx";

const COUNT_ORDER: readonly VerdictName[] = ["truechimer", "falseticker", "unreachable", "unsure"];
/** So few that every mark can carry its name. */
const NAMED_ALL_MAX = 16;
/** The verdict's limit when the server does not tell its own. */
const LIMIT_DEFAULT_NS = 25_000_000n;

export function OverviewPage(): ReactNode {
  useTitle("Overview");
  const overview = useQuery(overviewQuery());
  if (overview.data !== undefined) return <Overview data={overview.data} />;
  if (overview.isError) {
    return (
      <ProblemNote
        error={overview.error}
        title="The overview could not be loaded"
        onRetry={() => void overview.refetch()}
      />
    );
  }
  return <PageSkeleton what="the overview" />;
}

function Overview(props: { readonly data: adminV1.GetOverviewResponse }): ReactNode {
  const { data } = props;
  const limitNs = Number(nsOf(data.offsetLimit) ?? LIMIT_DEFAULT_NS);
  const servers = useMemo(() => data.servers.map(serverFacts), [data]);
  if (data.empty || servers.length === 0) return <NoServers />;
  return (
    <>
      <header className="page-head">
        <h1 className="sentence">{keepQuantities(data.sentence)}</h1>
        <VerdictCounts data={data} />
        <WaitingNotice />
      </header>
      <ServersAxis servers={servers} limitNs={limitNs} summary={data.sentence} />
      {data.lab ? <LabNote /> : null}
      <div className="columns">
        <section aria-labelledby="changes-title">
          <h2 id="changes-title">What changed</h2>
          <EventList events={data.events} />
        </section>
        <div className="column-stack">
          <Outlook servers={servers} limitNs={limitNs} />
          <section aria-labelledby="agents-title">
            <h2 id="agents-title">
              <a href={paths.agents()}>Agents</a>
            </h2>
            <AgentsSummary />
          </section>
        </div>
      </div>
    </>
  );
}

function VerdictCounts(props: { readonly data: adminV1.GetOverviewResponse }): ReactNode {
  const { data } = props;
  const counts: Readonly<Record<VerdictName, number>> = {
    truechimer: data.truechimers,
    falseticker: data.falsetickers,
    unreachable: data.unreachable,
    unsure: data.unsure,
  };
  return (
    <ul className="verdict-counts" aria-label="Servers by verdict">
      {COUNT_ORDER.map((verdict) => (
        <li key={verdict}>
          <a
            href={paths.servers(`?verdict=${verdict}`)}
            className={counts[verdict] === 0 ? "is-none" : ""}
            title={verdictDefinition(verdict)}
          >
            <VerdictShape verdict={verdict} />
            <strong className="number">{counts[verdict]}</strong> {verdict}
            {verdict.endsWith("er") && counts[verdict] !== 1 ? "s" : ""}
          </a>
        </li>
      ))}
    </ul>
  );
}

function ServersAxis(props: {
  readonly servers: readonly ServerFacts[];
  readonly limitNs: number;
  readonly summary: string;
}): ReactNode {
  const nowMs = useNow();
  const items = useMemo(
    () =>
      props.servers
        .filter((server) => server.state !== "removed")
        .map(
          (server): AxisItem => ({
            key: server.key,
            name: server.name,
            href: paths.server(server.id),
            offset: server.offset,
            shape: server.verdict,
            freshness: server.stale ? 0 : freshness(server.lastCheckAtMs, nowMs, server.intervalMs),
            named: server.verdict !== "truechimer" || props.servers.length <= NAMED_ALL_MAX,
            note: trayNote(server),
            card: <ServerCard server={server} />,
          }),
        ),
    [props.servers, nowMs],
  );
  return (
    <OffsetAxis items={items} limitNs={props.limitNs} noun="servers" summary={props.summary} />
  );
}

/** Somebody stands at the door. */
function WaitingNotice(): ReactNode {
  const registrations = useQuery(registrationsQuery(false));
  const waiting = registrations.data?.registrations ?? [];
  const [first] = waiting;
  if (first === undefined) return null;
  const href = waiting.length === 1 ? paths.registration(first.id) : paths.agents();
  return (
    <p className="waiting-notice" role="status">
      <a href={href}>
        {countOf(waiting.length, "agent")} {waiting.length === 1 ? "waits" : "wait"} for approval
      </a>
    </p>
  );
}

function Outlook(props: {
  readonly servers: readonly ServerFacts[];
  readonly limitNs: number;
}): ReactNode {
  const nowMs = useNow();
  const agents = useQuery(agentsQuery());
  const facts = useMemo(() => (agents.data?.agents ?? []).map(agentFacts), [agents.data]);
  const warnings = [...agentsOutlook(facts, nowMs), ...outlook(props.servers, props.limitNs)];
  return (
    <section aria-labelledby="outlook-title">
      <h2 id="outlook-title">About to break</h2>
      {warnings.length === 0 ? (
        <p className="soft">
          Nothing: every agent is there with a living certificate, enough witnesses everywhere, no
          clock near the limit, no leap second announced, no shared upstream.
        </p>
      ) : (
        <ul className="plain-list">
          {warnings.map((warning) => (
            <li key={warning.key}>
              <a href={warning.href}>{warning.text}</a>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function LabNote(): ReactNode {
  const [adding, setAdding] = useState(false);
  return (
    <aside className="lab-note">
      <p>
        These servers are the built-in lab: simulated clocks on this machine, most of them with a
        known fault. Watch your own instead:{" "}
        <button type="button" className="button is-small" onClick={() => setAdding(true)}>
          Add servers
        </button>{" "}
        or <Command text="truechimer servers add ntp.example.net" />
      </p>
      <AddServers open={adding} onClose={() => setAdding(false)} />
    </aside>
  );
}

function NoServers(): ReactNode {
  const [adding, setAdding] = useState(false);
  return (
    <EmptyState title="No clock is being watched yet" alone>
      <p>
        Add the time servers that you run or depend on, by name or by address. Every monitor that
        can reach them begins to check them within seconds; the first verdicts follow with the first
        answers.
      </p>
      <p>
        <button type="button" className="button is-main" onClick={() => setAdding(true)}>
          Add servers
        </button>
      </p>
      <p className="soft">
        Or on the command line: <Command text="truechimer servers add ntp.example.net" />
      </p>
      <AddServers open={adding} onClose={() => setAdding(false)} />
    </EmptyState>
  );
}
