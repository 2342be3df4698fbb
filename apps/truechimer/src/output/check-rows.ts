// The list of checks of one server.

import type { adminV1 } from "@truechimer/api";
import { formatDurationNs } from "@truechimer/base";
import type { Printer } from "../cli-context.ts";
import { apiOffsetText, isoOf, msOf } from "./api-words.ts";
import { scoreText, stepText } from "./score-text.ts";
import { printable } from "./style.ts";
import type { Column } from "./table.ts";
import { instantText } from "./time-text.ts";

export async function printChecks(
  printer: Printer,
  checks: readonly adminV1.Check[],
): Promise<void> {
  const { green, yellow } = printer.style;
  const columns: readonly Column<adminV1.Check>[] = [
    { title: "check", align: "right", text: ({ id }) => String(id) },
    { title: "time", text: ({ at }) => instantText(msOf(at) ?? 0) },
    { title: "monitor", text: ({ monitorName }) => printable(monitorName) },
    { title: "offset", align: "right", text: ({ offset }) => apiOffsetText(offset) },
    { title: "round trip", align: "right", text: ({ rttNs }) => rttText(rttNs) },
    { title: "outcome", text: ({ reason }) => (reason === "" ? green("ok") : yellow(reason)) },
    { title: "step", align: "right", text: ({ step }) => stepText(step) },
    { title: "score", align: "right", text: ({ score }) => scoreText(score) },
    { title: "evidence", text: ({ hasEvidence }) => (hasEvidence ? "yes" : "no") },
  ];
  await printer.table({ columns, rows: checks, json: checkJson, empty: "no such checks yet" });
}

/** One check as programs read it. */
export function checkJson(check: adminV1.Check): Record<string, unknown> {
  return {
    id: check.id,
    at: isoOf(check.at),
    server_id: check.serverId,
    monitor_id: check.monitorId,
    monitor: check.monitorName,
    offset_ns: check.offset?.valueNs ?? null,
    bound_ns: check.offset?.boundNs ?? null,
    rtt_ns: check.rttNs ?? null,
    stratum: check.stratum ?? null,
    leap: check.leap ?? null,
    reason: check.reason,
    step: check.step,
    score: check.score,
    has_evidence: check.hasEvidence,
  };
}

export function rttText(rttNs: bigint | undefined): string {
  return rttNs === undefined ? "–" : formatDurationNs(rttNs);
}
