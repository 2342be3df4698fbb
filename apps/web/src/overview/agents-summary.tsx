// The agents in a few lines: how many are online, and those that are not or that stand apart.

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import { type AgentFacts, agentFacts } from "../agents/agent-facts.ts";
import { OwnClock } from "../agents/agent-values.tsx";
import { agentsQuery } from "../api/queries.ts";
import { countOf, formatShare } from "../format/number.ts";
import { AfterWait, ProblemNote } from "../parts/states.tsx";
import { TimeAgo } from "../parts/values.tsx";
import { TERMS } from "../parts/words.ts";
import { paths } from "../url/paths.ts";

const SHOWN_MAX = 6;

export function AgentsSummary(): ReactNode {
  const agents = useQuery(agentsQuery());
  const facts = useMemo(() => agents.data?.agents.map(agentFacts), [agents.data]);
  if (facts !== undefined) return <Summary agents={facts} />;
  if (agents.isError) {
    return (
      <ProblemNote
        error={agents.error}
        title="The agents could not be loaded"
        onRetry={() => void agents.refetch()}
      />
    );
  }
  return (
    <AfterWait>
      <div className="skeleton-row" />
    </AfterWait>
  );
}

function Summary(props: { readonly agents: readonly AgentFacts[] }): ReactNode {
  const { agents } = props;
  if (agents.length === 0) {
    return (
      <p>
        None yet: nobody is watching. <a href={paths.addAgent()}>Add an agent</a>
      </p>
    );
  }
  const online = agents.filter((agent) => agent.online).length;
  const checks = agents.reduce((sum, agent) => sum + agent.checks, 0);
  const failed = agents.reduce((sum, agent) => sum + agent.checks * (agent.loss ?? 0), 0);
  return (
    <>
      <p>
        <strong className="number">
          {online} of {agents.length}
        </strong>{" "}
        online, {countOf(checks, "check")} in the last hour
        {checks === 0 ? "" : `, ${formatShare(failed / checks)} without an answer`}.
      </p>
      <table className="table is-compact">
        <thead>
          <tr>
            <th scope="col">Agent</th>
            <th scope="col" className="is-number" title={TERMS.ownClock}>
              Own clock
            </th>
            <th scope="col" className="is-number">
              Seen
            </th>
          </tr>
        </thead>
        <tbody>
          {mostTelling(agents).map((agent) => (
            <tr key={agent.id} className={agent.online ? "" : "is-stale"}>
              <th scope="row">
                <a href={paths.agent(agent.id)}>{agent.name}</a>
                {agent.online ? null : <span className="soft"> offline</span>}
              </th>
              <td className="is-number">
                <OwnClock offset={agent.ownClock} columns />
              </td>
              <td className="is-number">
                <TimeAgo atMs={agent.lastSeenAtMs} bare />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

/** Offline ones first, then those farthest from the fleet. */
function mostTelling(agents: readonly AgentFacts[]): readonly AgentFacts[] {
  const distance = ({ ownClock }: AgentFacts): number => Math.abs(Number(ownClock?.valueNs ?? 0n));
  return agents
    .toSorted(
      (one, other) => Number(one.online) - Number(other.online) || distance(other) - distance(one),
    )
    .slice(0, SHOWN_MAX);
}
