// The table of scenario agent-fleet.

import type { AgentFleetRow } from "./agent-fleet.ts";

export function reportAgentFleet(rows: readonly AgentFleetRow[]): string {
  return [
    "Two API replicas, PostgreSQL and the fleet share the cores; each agent has a certificate of its own, and both sides'",
    "handshakes are done here. An agent whose try fails tries the other replica after 1 s to 2 s, later each time. *Connected* is",
    "from the instant at which all begin to an agent's first event. ECONNRESET: the handshake was not done in time, or too many",
    "connections were open; ABORT_ERR: no answer within 30 s.",
    "",
    "| | agents | took s | connected s, p50 / p99 / last | tries that failed | present at the end | server cores | server MB | transactions/s |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ...rows.map(rowText),
    "",
    "✗ marks an agent that is not there at the end.",
    "",
  ].join("\n");
}

function rowText(row: AgentFleetRow): string {
  const { title, agents, tookMs, connectMs, failedTries, present } = row;
  const missing = present < agents ? " ✗" : "";
  return [
    `| **${title}** `,
    ` ${agents.toLocaleString("en")} `,
    ` ${seconds(tookMs)} `,
    connectMs === undefined
      ? "  "
      : ` ${seconds(connectMs.p50)} / ${seconds(connectMs.p99)} / ${seconds(connectMs.max)} `,
    ` ${failedTries}${failuresText(row)} `,
    ` ${present.toLocaleString("en")}${missing} `,
    ` ${row.serverCores.toFixed(2)} `,
    ` ${row.residentMb.map((each) => each.toFixed(0)).join(" + ")} `,
    ` ${Math.round(row.transactionsPerSecond).toLocaleString("en")} |`,
  ].join("|");
}

/** " (12 ECONNRESET, 3 ABORT_ERR)" */
function failuresText({ failures }: AgentFleetRow): string {
  const each = Object.entries(failures).map(([code, times]) => `${times} ${code}`);
  return each.length === 0 ? "" : ` (${each.join(", ")})`;
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}
