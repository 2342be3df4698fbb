// One agent: is it there, is its own clock right, is its certificate alive, does it agree; then what it watches.

import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import type { adminV1 } from "@truechimer/api";
import { type ReactNode, useMemo, useState } from "react";
import { placeOf } from "../agents/agent-columns.tsx";
import { type AgentFacts, agentFacts } from "../agents/agent-facts.ts";
import { Agreement, OnlineWord, OwnClock } from "../agents/agent-values.tsx";
import { CertificateBar } from "../agents/certificate-bar.tsx";
import { EditAgent } from "../agents/edit-agent.tsx";
import { RemoveAgent } from "../agents/remove-agent.tsx";
import { msOf } from "../api/message.ts";
import { problemOf } from "../api/problem.ts";
import { agentQuery } from "../api/queries.ts";
import { countOf, formatShare } from "../format/number.ts";
import { EventList } from "../parts/event-list.tsx";
import { PageSkeleton, ProblemNote } from "../parts/states.tsx";
import { Instant, Nothing, TimeAgo } from "../parts/values.tsx";
import { TERMS } from "../parts/words.ts";
import { NotFoundPage } from "../shell/not-found-page.tsx";
import { useTitle } from "../shell/use-title.ts";
import { paths } from "../url/paths.ts";
import { AgentFamilies } from "./agent-families.tsx";
import { Certificates } from "./certificates.tsx";
import { WatchedServers } from "./watched-servers.tsx";

export function AgentPage(): ReactNode {
  const parameters: Readonly<Record<string, string>> = useParams({ strict: false });
  const agent = useQuery(agentQuery(parameters["agentId"] ?? ""));
  if (agent.data?.agent !== undefined && !isGone(agent.error)) {
    return <AgentReport key={agent.data.agent.id} data={agent.data} wire={agent.data.agent} />;
  }
  if (agent.isError) {
    if (isGone(agent.error)) return <NotFoundPage what="There is no such agent" />;
    return (
      <ProblemNote
        error={agent.error}
        title="The agent could not be loaded"
        onRetry={() => void agent.refetch()}
      />
    );
  }
  return <PageSkeleton what="the agent" />;
}

function isGone(error: Error | null): boolean {
  return error !== null && problemOf(error).code === "not_found";
}

interface AgentReportProps {
  readonly data: adminV1.GetAgentResponse;
  readonly wire: adminV1.Agent;
}

function AgentReport(props: AgentReportProps): ReactNode {
  const { data, wire } = props;
  const agent = useMemo(() => agentFacts(wire), [wire]);
  useTitle(agent.name);
  return (
    <article className="agent-page">
      <AgentHead agent={agent} />
      <AgentGlance agent={agent} />
      <OwnFaults monitors={wire.monitors} />
      <section aria-labelledby="families-title">
        <h2 id="families-title">Families and their status</h2>
        <AgentFamilies agent={agent} monitors={wire.monitors} />
      </section>
      <section aria-labelledby="watched-title">
        <h2 id="watched-title">What it watches</h2>
        <WatchedServers assignments={data.assignments} families={agent.families} />
      </section>
      <div className="columns">
        <section aria-labelledby="certificates-title">
          <h2 id="certificates-title">Certificates</h2>
          <Certificates certificates={data.certificates} tlsName={agent.tlsName} />
        </section>
        <div className="column-stack">
          <section aria-labelledby="ledger-title">
            <h2 id="ledger-title">What changed</h2>
            <EventList events={data.events} />
          </section>
        </div>
      </div>
    </article>
  );
}

/** What is wrong with the agent itself, by what others see of the same servers. */
function OwnFaults(props: { readonly monitors: readonly adminV1.Monitor[] }): ReactNode {
  return props.monitors
    .filter(({ faultText }) => faultText !== "")
    .map(({ id, faultText, faultSince }) => {
      const sinceMs = msOf(faultSince);
      return (
        <p key={id.toString()} className="page-sentence own-fault">
          {faultText}
          {sinceMs === undefined ? null : (
            <span className="soft">
              {" "}
              since <Instant atMs={sinceMs} />
            </span>
          )}
        </p>
      );
    });
}

function AgentHead(props: { readonly agent: AgentFacts }): ReactNode {
  const { agent } = props;
  const navigate = useNavigate();
  const [asked, setAsked] = useState<AgentFacts>();
  const [edited, setEdited] = useState<AgentFacts>();
  return (
    <header className="page-head">
      <p className="crumbs">
        <a href={paths.agents()}>Agents</a>
      </p>
      <div className="page-head is-row">
        <h1>
          {agent.name}
          {agent.tlsName === "" ? null : <span className="soft name-beside"> {agent.tlsName}</span>}
        </h1>
        <div className="button-row">
          {agent.lab ? null : (
            <button
              type="button"
              className="button"
              title="Its name, and where it stands."
              onClick={() => setEdited(agent)}
            >
              Edit…
            </button>
          )}
          <button
            type="button"
            className="button"
            title="Its certificate and keys are void at once. Asks first."
            onClick={() => setAsked(agent)}
          >
            Remove…
          </button>
        </div>
      </div>
      <p className="verdict-line">
        <OnlineWord agent={agent} />
        <span className="soft">
          heard <TimeAgo atMs={agent.lastSeenAtMs} never="never" />
        </span>
        {agent.lab ? <span className="soft">a virtual agent of the built-in lab</span> : null}
      </p>
      <EditAgent agent={edited} onClose={() => setEdited(undefined)} />
      <RemoveAgent
        agent={asked}
        onClose={() => setAsked(undefined)}
        onRemoved={() => void navigate({ to: paths.agents() })}
      />
    </header>
  );
}

function AgentGlance(props: { readonly agent: AgentFacts }): ReactNode {
  const { agent } = props;
  const place = placeOf(agent);
  return (
    <dl className="facts">
      <Fact
        name="Own clock"
        definition={TERMS.ownClock}
        value={<OwnClock offset={agent.ownClock} />}
      />
      <Fact
        name="Certificate"
        definition={TERMS.certificate}
        value={<CertificateBar certificate={agent.certificate} wide />}
      />
      <Fact name="Agrees" definition={TERMS.agreement} value={<Agreement agent={agent} />} />
      <Fact
        name="No answer, 1 h"
        definition={TERMS.lossLastHour}
        value={
          agent.loss === undefined ? (
            <Nothing why="no checks in the last hour" />
          ) : (
            <span title={`of ${countOf(agent.checks, "check")}`}>{formatShare(agent.loss)}</span>
          )
        }
      />
      <Fact
        name="Last batch"
        definition={TERMS.lastBatch}
        value={<TimeAgo atMs={agent.lastSubmitAtMs} never="no results yet" />}
      />
      <Fact
        name="Place, network"
        definition="As people wrote it down: who watches which server depends on it."
        value={place === "" ? <Nothing why="nobody wrote it down" /> : place}
      />
      <Fact
        name="Account"
        definition="To whom it belongs."
        value={agent.account === "" ? <Nothing /> : agent.account}
      />
      <Fact
        name="Version"
        definition="What the agent calls itself."
        value={agent.version === "" ? <Nothing /> : agent.version}
      />
      <Fact
        name="Enrolled"
        definition="When it was let in."
        value={
          agent.enrolledAtMs === undefined ? <Nothing /> : <Instant atMs={agent.enrolledAtMs} />
        }
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
