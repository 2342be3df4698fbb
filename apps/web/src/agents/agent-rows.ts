// Which agents the table shows, and in which order: what the address says.

import { compareKnown, parseSortOrder, type SortOrder } from "../parts/sort.ts";
import { listOf, type Search } from "../url/search.ts";
import { AGENT_COLUMNS } from "./agent-columns.tsx";
import type { AgentFacts } from "./agent-facts.ts";

export const AGENT_SORT_INITIAL: SortOrder<string> = { key: "name", descending: false };

/** The order that an address asks for. */
export function agentSort(search: Search): SortOrder<string> {
  const keys = AGENT_COLUMNS.map(({ key }) => key);
  return parseSortOrder(search["sort"], keys, AGENT_SORT_INITIAL);
}

/** What remains of `agents` under the address's `status` and `online`, in its `sort`. */
export function shownAgents(agents: readonly AgentFacts[], search: Search): readonly AgentFacts[] {
  const statuses = listOf(search["status"]);
  const online = search["online"];
  const sort = agentSort(search);
  const column = AGENT_COLUMNS.find(({ key }) => key === sort.key);
  return agents
    .filter(
      ({ families }) =>
        statuses.length === 0 || families.some(({ status }) => statuses.includes(status)),
    )
    .filter((agent) => online === undefined || agent.online === (online === "yes"))
    .toSorted(
      (one, other) =>
        compareKnown(column?.value(one), column?.value(other), sort.descending) ||
        compareKnown(one.name, other.name, false) ||
        compareKnown(one.id, other.id, false),
    );
}
