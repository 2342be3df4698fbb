// One agent: who it is, then what its monitors hold of each server.

import type { adminV1 } from "@truechimer/api";
import { formatOffset, unixMsFromNs } from "@truechimer/base";
import type { Printer } from "../cli-context.ts";
import { agentJson, certificateJson } from "./agent-rows.ts";
import {
  apiOffsetText,
  assignmentStatusWord,
  familyWord,
  isoOf,
  monitorStatusWord,
  msOf,
  verdictWord,
} from "./api-words.ts";
import { agoCell } from "./server-rows.ts";
import { printable } from "./style.ts";
import type { Column } from "./table.ts";
import { verdictText } from "./verdict-style.ts";

const NOTHING_WATCHED = "  it watches nothing yet";

export async function printAgent(
  printer: Printer,
  answer: adminV1.GetAgentResponse,
  nowNs: bigint,
): Promise<void> {
  const { agent, assignments, certificates } = answer;
  if (agent === undefined) return;
  printer.json({
    ...agentJson(agent),
    certificates: certificates.map(certificateJson),
    assignments: assignments.map(assignmentJson),
  });
  if (printer.format === "json") return;
  const nowMs = unixMsFromNs(nowNs);
  for (const line of factLines(agent, printer, nowMs)) printer.line(line);
  printer.line("");
  const columns = assignmentColumns(printer, nowMs);
  await printer.table({
    columns,
    rows: assignments,
    json: assignmentJson,
    empty: NOTHING_WATCHED,
  });
}

/** "Zurich, rack 4, CH, AS64500 Example" */
export function placeText({ location, country, network }: adminV1.Agent): string {
  const known = [location, country, network].map(printable).filter((words) => words !== "");
  return known.length === 0 ? "nobody said where it stands" : known.join(", ");
}

function factLines(agent: adminV1.Agent, printer: Printer, nowMs: number): readonly string[] {
  const { bold, dim, green, red } = printer.style;
  const { certificate, monitors, online, transport } = agent;
  const facts: readonly (readonly [string, string])[] = [
    ["online", online ? green(`yes${transport === "" ? "" : `, by ${transport}`}`) : red("no")],
    ["last seen", agoCell(msOf(agent.lastSeenAt), nowMs)],
    ["last result", agoCell(msOf(agent.lastSubmitAt), nowMs)],
    ["version", printable(agent.clientVersion) || "–"],
    ["certificate", agent.tlsName || "none: it has a bearer token"],
    ["ends", isoOf(certificate?.notAfter) ?? "–"],
    ["renewed after", isoOf(certificate?.renewAfter) ?? "–"],
    ["country", agent.country || "–"],
    ["network", printable(agent.network) || "–"],
    ["location", printable(agent.location) || "–"],
    ...monitors
      .filter(({ faultText }) => faultText !== "")
      .map(({ faultText }) => ["fault", red(printable(faultText))] as const),
    ...monitors.map(
      ({ family, address, status }) =>
        [familyWord(family), `${address}  ${monitorStatusWord(status)}`] as const,
    ),
  ];
  return [
    `${bold(printable(agent.name))} ${dim(agent.id)}`,
    ...facts.map(([name, value]) => `  ${dim(name.padEnd(13))} ${value}`),
  ];
}

function assignmentColumns(
  printer: Printer,
  nowMs: number,
): readonly Column<adminV1.AgentAssignment>[] {
  return [
    { title: "  server", text: ({ serverName }) => `  ${printable(serverName)}` },
    { title: "verdict", text: ({ verdict }) => verdictText(verdictWord(verdict), printer.style) },
    {
      title: "status",
      text: ({ assignment }) => (assignment ? assignmentStatusWord(assignment.status) : "–"),
    },
    {
      title: "offset",
      align: "right",
      text: ({ assignment }) => apiOffsetText(assignment?.offset),
    },
    {
      title: "from the others",
      align: "right",
      text: ({ offsetFromOthersNs: offset }) => (offset === undefined ? "–" : formatOffset(offset)),
    },
    {
      title: "last check",
      text: ({ assignment }) => agoCell(msOf(assignment?.lastCheckAt), nowMs),
    },
  ];
}

function assignmentJson(row: adminV1.AgentAssignment): Record<string, unknown> {
  const { assignment } = row;
  return {
    server_id: row.serverId,
    server: row.serverName,
    verdict: verdictWord(row.verdict),
    monitor_id: assignment?.monitorId ?? null,
    status: assignment === undefined ? null : assignmentStatusWord(assignment.status),
    offset_ns: assignment?.offset?.valueNs ?? null,
    bound_ns: assignment?.offset?.boundNs ?? null,
    offset_from_others_ns: row.offsetFromOthersNs ?? null,
    last_check_at: isoOf(assignment?.lastCheckAt),
    reason: assignment?.reason ?? "",
  };
}
