// One server: the verdict with its reason, then what each monitor holds of it.

import type { adminV1 } from "@truechimer/api";
import { formatDurationNs, unixMsFromNs } from "@truechimer/base";
import type { Printer } from "../cli-context.ts";
import {
  apiOffsetText,
  assignmentStatusWord,
  isoOf,
  msOf,
  serverStateWord,
  verdictWord,
} from "./api-words.ts";
import { faultJson, faultLines } from "./fault-lines.ts";
import { scoreText } from "./score-text.ts";
import { serverLabel } from "./server-label.ts";
import { agoCell, lossText, serverJson } from "./server-rows.ts";
import { printable } from "./style.ts";
import type { Column } from "./table.ts";
import { instantText } from "./time-text.ts";
import { verdictText } from "./verdict-style.ts";

const NO_MONITORS = "  no monitor watches it yet";

export async function printServer(
  printer: Printer,
  answer: adminV1.GetServerResponse,
  nowNs: bigint,
): Promise<void> {
  const { server, assignments } = answer;
  if (server === undefined) return;
  printer.json({
    ...serverJson(server),
    faults: answer.faults.map(faultJson),
    assignments: assignments.map(assignmentJson),
  });
  if (printer.format === "json") return;
  const nowMs = unixMsFromNs(nowNs);
  for (const line of factLines(server, printer, nowMs)) printer.line(line);
  for (const line of faultLines(answer.faults, printer)) printer.line(line);
  printer.line("");
  const columns = assignmentColumns(printer, nowMs);
  await printer.table({ columns, rows: assignments, json: assignmentJson, empty: NO_MONITORS });
}

function factLines(server: adminV1.Server, printer: Printer, nowMs: number): readonly string[] {
  const { bold, dim } = printer.style;
  const sinceMs = msOf(server.verdictSince);
  const since = sinceMs === undefined ? "" : ` since ${instantText(sinceMs)}`;
  const verdict = verdictText(verdictWord(server.verdict), printer.style);
  const facts: readonly (readonly [string, string])[] = [
    ["verdict", `${verdict}${since}`],
    ["why", `${printable(server.verdictText)} ${dim(`(${server.verdictReason})`)}`],
    ...(server.verdictRuleSet === "" ? [] : [["rules", server.verdictRuleSet] as const]),
    ...(server.faultText === "" ? [] : [["fault", faultLine(server)] as const]),
    ["offset", apiOffsetText(server.offset)],
    ["score", scoreText(server.score)],
    ["stratum", `${server.stratum ?? "–"}  reference ${printable(server.referenceId) || "–"}`],
    ["loss, 24 h", lossText(server.loss)],
    ["last answer", agoCell(msOf(server.lastSeenAt), nowMs)],
    ["state", serverStateWord(server.state)],
  ];
  return [
    `${bold(serverLabel(server))} ${dim(`number ${server.id}`)}`,
    ...facts.map(([name, value]) => `  ${dim(name.padEnd(12))} ${value}`),
  ];
}

function faultLine({ faultText, faultSince }: adminV1.Server): string {
  const sinceMs = msOf(faultSince);
  return `${printable(faultText)}${sinceMs === undefined ? "" : `, since ${instantText(sinceMs)}`}`;
}

function assignmentColumns(printer: Printer, nowMs: number): readonly Column<adminV1.Assignment>[] {
  return [
    { title: "monitor", text: ({ monitorName }) => printable(monitorName) },
    { title: "status", text: ({ status }) => assignmentStatusWord(status) },
    { title: "offset", align: "right", text: ({ offset }) => apiOffsetText(offset) },
    {
      title: "round trip",
      align: "right",
      text: ({ rttNs }) => (rttNs === undefined ? "–" : formatDurationNs(rttNs)),
    },
    { title: "score", align: "right", text: ({ score }) => scoreText(score) },
    { title: "says", text: (assignment) => testimony(assignment, printer) },
    { title: "last check", text: ({ lastCheckAt }) => agoCell(msOf(lastCheckAt), nowMs) },
    { title: "check", align: "right", text: ({ lastCheckId }) => String(lastCheckId ?? "–") },
  ];
}

function testimony(assignment: adminV1.Assignment, printer: Printer): string {
  if (assignment.reason !== "") return printer.style.yellow(assignment.reason);
  if (assignment.against) return printer.style.red("wrong");
  if (assignment.offset === undefined) return "–";
  return assignment.fresh ? printer.style.green("right") : printer.style.dim("stale");
}

function assignmentJson(assignment: adminV1.Assignment): Record<string, unknown> {
  return {
    monitor_id: assignment.monitorId,
    monitor: assignment.monitorName,
    status: assignmentStatusWord(assignment.status),
    offset_ns: assignment.offset?.valueNs ?? null,
    bound_ns: assignment.offset?.boundNs ?? null,
    rtt_ns: assignment.rttNs ?? null,
    score: assignment.score ?? null,
    reason: assignment.reason,
    fresh: assignment.fresh,
    against: assignment.against,
    last_check_at: isoOf(assignment.lastCheckAt),
    last_check_id: assignment.lastCheckId ?? null,
  };
}
