// The vantage points: who is watching, from where, and how far each can itself be believed. Those that wait to be let in
// stand first.

import { useQuery } from "@tanstack/react-query";
import type { adminV1 } from "@truechimer/api";
import { monitorReaders } from "@truechimer/filter";
import { type ReactNode, useMemo } from "react";
import { agentsQuery, registrationsQuery } from "../api/queries.ts";
import { WaitingRegistrations } from "../enrolment/waiting-registrations.tsx";
import { passes, useReadFilter } from "../filter/use-filter.ts";
import { countOf } from "../format/number.ts";
import { serverNowMs } from "../parts/now.ts";
import { Command, EmptyState, PageSkeleton, ProblemNote } from "../parts/states.tsx";
import { useTitle } from "../shell/use-title.ts";
import { paths } from "../url/paths.ts";
import type { Search } from "../url/search.ts";
import { type ChangeSearch, useSearchState } from "../url/use-search.ts";
import { agentFacts } from "./agent-facts.ts";
import { shownAgents } from "./agent-rows.ts";
import { AgentsTable } from "./agents-table.tsx";
import { AgentsTools } from "./agents-tools.tsx";

export function AgentsPage(): ReactNode {
  useTitle("Agents");
  const [search, change] = useSearchState();
  const agents = useQuery(agentsQuery());
  if (agents.data !== undefined) {
    return <Agents messages={agents.data.agents} search={search} change={change} />;
  }
  if (agents.isError) {
    return (
      <ProblemNote
        error={agents.error}
        title="The agents could not be loaded"
        onRetry={() => void agents.refetch()}
      />
    );
  }
  return <PageSkeleton what="the agents" rows={12} />;
}

interface AgentsProps {
  readonly messages: readonly adminV1.Agent[];
  readonly search: Search;
  readonly change: ChangeSearch;
}

function Agents(props: AgentsProps): ReactNode {
  const { messages, search, change } = props;
  const agents = useMemo(() => messages.map(agentFacts), [messages]);
  // Ages are counted from when the rows came.
  const filterNowMs = useMemo(() => serverNowMs(), [messages]);
  const filter = useReadFilter("monitors", search["q"] ?? "", filterNowMs);
  const passing = useMemo(() => {
    const monitorPasses = passes(filter, monitorReaders);
    // An agent without monitors passes where nothing is asked for.
    const found = messages.filter(
      ({ monitors }) => filter.condition === undefined || monitors.some(monitorPasses),
    );
    return new Set(found.map(({ id }) => id));
  }, [messages, filter]);
  const own = agents.filter((agent) => !agent.lab);
  const lab = agents.filter((agent) => agent.lab);
  // The lab's are folded away once others have something to tell.
  const folds = lab.length > 0 && own.some(({ checks, tlsName }) => checks > 0 || tlsName !== "");
  const labShown = !folds || search["lab"] === "shown";
  const shown = shownAgents(
    (labShown ? agents : own).filter(({ id }) => passing.has(id)),
    search,
  );
  const online = agents.filter((agent) => agent.online).length;
  return (
    <>
      <header className="page-head is-row">
        <h1>
          Agents{" "}
          <span className="soft number">
            {online} of {agents.length} online
          </span>
        </h1>
        <div className="button-row">
          <a className="button" href={paths.coverage()}>
            Coverage and load
          </a>
          <a className="button is-main" href={paths.addAgent()}>
            Add an agent
          </a>
        </div>
      </header>
      <WaitingSection />
      {folds || (own.length > 0 && lab.length === 0) ? null : <FirstAgent lab={lab.length} />}
      {agents.length === 0 ? null : (
        <>
          <AgentsTools
            search={search}
            change={change}
            shown={shown}
            agents={agents}
            problem={filter.problem}
          />
          {shown.length === 0 ? (
            <EmptyState title="No agent is like that">
              <p>The search and the filters leave none of {countOf(agents.length, "agent")}.</p>
              <button
                type="button"
                className="button"
                onClick={() => change({ q: undefined, status: undefined, online: undefined })}
              >
                Show all
              </button>
            </EmptyState>
          ) : (
            <AgentsTable agents={shown} search={search} change={change} />
          )}
          {!folds ? null : (
            <p className="lab-fold">
              <button
                type="button"
                className="button is-small"
                aria-expanded={labShown}
                onClick={() => change({ lab: labShown ? undefined : "shown" })}
              >
                {labShown ? "Hide" : "Show"} the {countOf(lab.length, "virtual agent")} of the
                built-in lab
              </button>
            </p>
          )}
        </>
      )}
    </>
  );
}

function WaitingSection(): ReactNode {
  const registrations = useQuery(registrationsQuery(false));
  const waiting = registrations.data?.registrations ?? [];
  if (registrations.isError && registrations.data === undefined) {
    return (
      <ProblemNote
        error={registrations.error}
        title="Who waits for approval could not be loaded"
        onRetry={() => void registrations.refetch()}
      />
    );
  }
  if (waiting.length === 0) return null;
  return (
    <section className="waiting" aria-labelledby="waiting-title">
      <h2 id="waiting-title">{countOf(waiting.length, "agent")} waiting for approval</h2>
      <WaitingRegistrations registrations={waiting} />
    </section>
  );
}

/** Nobody watches from outside yet: how that changes. */
function FirstAgent(props: { readonly lab: number }): ReactNode {
  return (
    <div className={props.lab > 0 ? "lab-note" : "empty"}>
      {props.lab > 0 ? (
        <p>
          Most of these are the built-in lab's: virtual vantage points on this machine. An agent of
          your own watches from where it stands.
        </p>
      ) : (
        <>
          <h2>Nobody is watching yet</h2>
          <p>
            An agent is a program at a vantage point; it has one monitor for each IP family.
            Verdicts need three of them that see the same.
          </p>
        </>
      )}
      <p>
        <a href={paths.addAgent()}>Add an agent</a> makes a one-time token and the command for its
        host: <Command text="truechimer agent enroll --server … --token …" />
      </p>
    </div>
  );
}
