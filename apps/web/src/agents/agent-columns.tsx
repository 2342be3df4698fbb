// The columns of the agents table: heading with its definition, cell, and what an export writes.

import type { ReactNode } from "react";
import { msOf } from "../api/message.ts";
import { formatShare } from "../format/number.ts";
import type { ExportedField } from "../parts/csv.ts";
import type { Comparable } from "../parts/sort.ts";
import { Nothing, TimeAgo } from "../parts/values.tsx";
import { TERMS } from "../parts/words.ts";
import { paths } from "../url/paths.ts";
import type { AgentFacts } from "./agent-facts.ts";
import { Agreement, FamilyList, OnlineWord, OwnClock } from "./agent-values.tsx";
import { CertificateBar } from "./certificate-bar.tsx";

export interface AgentColumn {
  readonly key: string;
  readonly title: string;
  readonly definition: string;
  readonly number: boolean;
  readonly value: (agent: AgentFacts) => Comparable;
  readonly cell: (agent: AgentFacts) => ReactNode;
  readonly exported: readonly ExportedField<AgentFacts>[];
}

export const AGENT_COLUMNS: readonly AgentColumn[] = [
  {
    key: "state",
    title: "State",
    definition: `${TERMS.agentOnline} ${TERMS.transport}`,
    number: false,
    value: (agent) => Number(agent.online),
    cell: (agent) => <OnlineWord agent={agent} />,
    exported: [
      ["online", (agent) => String(agent.online)],
      ["transport", (agent) => agent.transport],
    ],
  },
  {
    key: "name",
    title: "Agent",
    definition: "As its operator named it; below, the first part of the name in its certificate.",
    number: false,
    value: (agent) => agent.name,
    cell: (agent) => <AgentName agent={agent} />,
    exported: [
      ["id", (agent) => agent.id],
      ["name", (agent) => agent.name],
      ["tls_name", (agent) => agent.tlsName],
      ["lab", (agent) => String(agent.lab)],
    ],
  },
  {
    key: "families",
    title: "Families",
    definition: "One monitor for each IP family, with its status. A ring: not heard of lately.",
    number: false,
    value: (agent) => agent.families.map(({ status }) => status).join(" "),
    cell: (agent) => <FamilyList families={agent.families} />,
    exported: (["IPv4", "IPv6"] as const).flatMap((family) => [
      [
        `${family.toLowerCase()}_address`,
        (agent) => familyOf(agent, family)?.address ?? "",
      ] as const,
      [`${family.toLowerCase()}_status`, (agent) => familyOf(agent, family)?.status ?? ""] as const,
    ]),
  },
  {
    key: "clock",
    title: "Own clock ± bound",
    definition: `${TERMS.ownClock} Sorts by size.`,
    number: true,
    value: (agent) =>
      agent.ownClock === undefined ? undefined : Math.abs(Number(agent.ownClock.valueNs)),
    cell: (agent) => <OwnClock offset={agent.ownClock} columns />,
    exported: [
      ["own_clock_ns", (agent) => agent.ownClock?.valueNs.toString() ?? ""],
      ["own_clock_bound_ns", (agent) => agent.ownClock?.boundNs?.toString() ?? ""],
    ],
  },
  {
    key: "agreement",
    title: "Agrees",
    definition: TERMS.agreement,
    number: true,
    value: (agent) => (agent.judged === 0 ? undefined : agent.agreed / agent.judged),
    cell: (agent) => <Agreement agent={agent} />,
    exported: [
      ["servers_judged", (agent) => String(agent.judged)],
      ["servers_agreed", (agent) => String(agent.agreed)],
    ],
  },
  {
    key: "loss",
    title: "No answer, 1 h",
    definition: TERMS.lossLastHour,
    number: true,
    value: (agent) => agent.loss,
    cell: (agent) =>
      agent.loss === undefined ? (
        <Nothing why="no checks in the last hour" />
      ) : (
        formatShare(agent.loss)
      ),
    exported: [
      ["checks_last_hour", (agent) => String(agent.checks)],
      ["loss_last_hour", (agent) => agent.loss?.toString() ?? ""],
    ],
  },
  {
    key: "certificate",
    title: "Certificate",
    definition: TERMS.certificate,
    number: false,
    value: (agent) => msOf(agent.certificate?.notAfter),
    cell: (agent) => <CertificateBar certificate={agent.certificate} />,
    exported: [
      ["certificate_serial", (agent) => agent.certificate?.serial ?? ""],
      ["certificate_not_after", (agent) => isoOf(msOf(agent.certificate?.notAfter))],
    ],
  },
  {
    key: "batch",
    title: "Last batch",
    definition: TERMS.lastBatch,
    number: true,
    value: (agent) => agent.lastSubmitAtMs,
    cell: (agent) => <TimeAgo atMs={agent.lastSubmitAtMs} never="no results yet" />,
    exported: [["last_submit_at", (agent) => isoOf(agent.lastSubmitAtMs)]],
  },
  {
    key: "place",
    title: "Place, network",
    definition: "As it was written when the agent was let in.",
    number: false,
    value: (agent) => placeOf(agent) || undefined,
    cell: (agent) => {
      const place = placeOf(agent);
      const where = placeOf({ ...agent, network: "" });
      if (place === "") return <Nothing why="nobody wrote it down" />;
      return (
        <span className="place" title={place}>
          {where}
          <span className="place-network">{agent.network}</span>
        </span>
      );
    },
    exported: [
      ["location", (agent) => agent.location],
      ["country", (agent) => agent.country],
      ["network", (agent) => agent.network],
    ],
  },
  {
    key: "version",
    title: "Version",
    definition: "What the agent calls itself.",
    number: false,
    value: (agent) => agent.version || undefined,
    cell: (agent) =>
      agent.version === "" ? <Nothing /> : <span title={agent.version}>{agent.version}</span>,
    exported: [["version", (agent) => agent.version]],
  },
];

/** "Zürich, CH, AS64500 Example"; a country that stands in the location already is not said twice. */
export function placeOf(agent: Pick<AgentFacts, "location" | "country" | "network">): string {
  const country = agent.location.endsWith(agent.country) ? "" : agent.country;
  return [agent.location, country, agent.network].filter((part) => part !== "").join(", ");
}

function AgentName(props: { readonly agent: AgentFacts }): ReactNode {
  const { agent } = props;
  return (
    <span className="agent-name">
      <a href={paths.agent(agent.id)}>{agent.name}</a>
      {agent.tlsName === "" ? null : (
        <span className="agent-tls-name" title={`In its certificate: ${agent.tlsName}`}>
          {agent.tlsName.split(".")[0]}
        </span>
      )}
    </span>
  );
}

function familyOf(
  agent: AgentFacts,
  family: "IPv4" | "IPv6",
): AgentFacts["families"][number] | undefined {
  return agent.families.find((one) => one.family === family);
}

function isoOf(atMs: number | undefined): string {
  return atMs === undefined ? "" : new Date(atMs).toISOString();
}
