// Scores, never without their age.

import type { adminV1 } from "@truechimer/api";
import { formatOffset, unixMsFromNs } from "@truechimer/base";
import type { Printer } from "../cli-context.ts";
import { assignmentStatusWord, isoOf, msOf, verdictWord } from "./api-words.ts";
import { scoreText } from "./score-text.ts";
import { endpointText, serverLabel } from "./server-label.ts";
import { agoCell } from "./server-rows.ts";
import { printable } from "./style.ts";
import type { Column } from "./table.ts";
import { instantText } from "./time-text.ts";
import { verdictText } from "./verdict-style.ts";

/** Below every score that there is: unscored servers come first, as nothing is known of them. */
const UNSCORED = -1_000;
const MS_PER_SECOND = 1_000;
const NS_PER_MS = 1_000_000;

export async function printOverallScores(
  printer: Printer,
  servers: readonly adminV1.Server[],
  nowNs: bigint,
): Promise<void> {
  const nowMs = unixMsFromNs(nowNs);
  const columns: readonly Column<adminV1.Server>[] = [
    { title: "score", align: "right", text: ({ score }) => scoreText(score) },
    { title: "scored", text: ({ scoreAt }) => agoCell(msOf(scoreAt), nowMs) },
    { title: "name", text: ({ name }) => printable(name) },
    { title: "address", text: ({ address, port }) => endpointText(address, port) },
    { title: "verdict", text: ({ verdict }) => verdictText(verdictWord(verdict), printer.style) },
  ];
  const rows = servers.toSorted((a, b) => (a.score ?? UNSCORED) - (b.score ?? UNSCORED));
  await printer.table({
    columns,
    rows,
    json: ({ id, name, address, port, score, scoreAt, verdict }) => ({
      server_id: id,
      name,
      address,
      port,
      score: score ?? null,
      score_at: isoOf(scoreAt),
      verdict: verdictWord(verdict),
    }),
    empty: 'no servers are watched: add one with "truechimer servers add time.example.net"',
  });
}

export async function printMonitorScores(
  printer: Printer,
  { server, assignments }: adminV1.GetServerResponse,
  nowNs: bigint,
): Promise<void> {
  if (server === undefined) return;
  const nowMs = unixMsFromNs(nowNs);
  printer.line(`${printer.style.bold(serverLabel(server))} overall ${scoreText(server.score)}`);
  const columns: readonly Column<adminV1.Assignment>[] = [
    { title: "score", align: "right", text: ({ score }) => scoreText(score) },
    { title: "scored", text: ({ lastCheckAt }) => agoCell(msOf(lastCheckAt), nowMs) },
    { title: "monitor", text: ({ monitorName }) => printable(monitorName) },
    { title: "status", text: ({ status }) => assignmentStatusWord(status) },
    { title: "reason", text: ({ reason }) => reason },
  ];
  await printer.table({
    columns,
    rows: assignments,
    json: ({ monitorId, monitorName, status, score, lastCheckAt, reason }) => ({
      server_id: server.id,
      monitor_id: monitorId,
      monitor: monitorName,
      status: assignmentStatusWord(status),
      score: score ?? null,
      score_at: isoOf(lastCheckAt),
      reason,
    }),
    empty: "  no monitor watches it yet",
  });
}

interface HistoryRow {
  readonly atMs: number;
  readonly monitor: string;
  readonly score: number | undefined;
  readonly step: number | undefined;
  readonly offsetNs: number | undefined;
  readonly reason: string;
  readonly checkId: bigint | undefined;
}

export async function printScoreHistory(
  printer: Printer,
  answer: adminV1.GetServerHistoryResponse,
): Promise<void> {
  const rows = answer.series.flatMap(seriesRows).toSorted((a, b) => a.atMs - b.atMs);
  const columns: readonly Column<HistoryRow>[] = [
    { title: "time", text: ({ atMs }) => instantText(atMs) },
    { title: "monitor", text: ({ monitor }) => printable(monitor) },
    { title: "score", align: "right", text: ({ score }) => scoreText(score) },
    { title: "step", align: "right", text: ({ step }) => scoreText(step) },
    {
      title: "offset",
      align: "right",
      text: ({ offsetNs }) =>
        offsetNs === undefined ? "–" : formatOffset(BigInt(Math.round(offsetNs))),
    },
    { title: "reason", text: ({ reason }) => reason },
    { title: "check", align: "right", text: ({ checkId }) => String(checkId ?? "–") },
  ];
  await printer.table({
    columns,
    rows,
    json: ({ atMs, monitor, score, step, offsetNs, reason, checkId }) => ({
      at: instantText(atMs),
      monitor,
      score: score ?? null,
      step: step ?? null,
      offset_ns: offsetNs ?? null,
      reason,
      check_id: checkId ?? null,
    }),
    empty: "no results in this span of time",
  });
  if (answer.downSampled) {
    const shown = `${rows.length} of ${answer.rowsTotal} results`;
    printer.line(printer.style.dim(`${shown}; the extremes of each slot are among them`));
  }
}

function seriesRows(series: adminV1.HistorySeries): readonly HistoryRow[] {
  return series.atMs.map((atMs, at) => ({
    atMs,
    monitor: series.monitorName,
    score: known(series.score[at]),
    step: known(series.step[at]),
    offsetNs: known(series.offsetNs[at]),
    reason: series.reason[at] ?? "",
    checkId: series.checkId[at],
  }));
}

/** The API writes NaN where nothing is known. */
function known(value: number | undefined): number | undefined {
  return value === undefined || Number.isNaN(value) ? undefined : value;
}

/** The instant `lengthMs` before, as the API takes it. */
export function timestampBefore(
  nowNs: bigint,
  lengthMs: number,
): { readonly seconds: bigint; readonly nanos: number } {
  const atMs = unixMsFromNs(nowNs) - lengthMs;
  const seconds = Math.floor(atMs / MS_PER_SECOND);
  return {
    seconds: BigInt(seconds),
    nanos: Math.round((atMs - seconds * MS_PER_SECOND) * NS_PER_MS),
  };
}
