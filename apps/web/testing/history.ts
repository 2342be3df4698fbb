// The fake's history answer: series that are down-sampled as the real server does it, least and greatest of each slot.

import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { adminV1 } from "@truechimer/api";
import { type FakeMonitor, HORIZON_AGE_MS, INTERVAL_MS } from "./lab-facts.ts";
import { checkIndexAt, nextScore, type Observation, observe, scoreAfter } from "./observations.ts";
import type { WatchedServer } from "./wire.ts";

interface Row {
  readonly seen: Observation;
  readonly score: number;
}

export interface HistoryQuestion {
  readonly fromMs: number;
  readonly toMs: number;
  readonly pointsMax: number;
  readonly nowMs: number;
}

/** Answers a history question about one server. */
export function historyOf(
  server: WatchedServer,
  monitors: readonly FakeMonitor[],
  question: HistoryQuestion,
): adminV1.GetServerHistoryResponse {
  const horizonMs = Math.max(question.nowMs - HORIZON_AGE_MS, server.addedAtMs);
  const fromMs = Math.max(question.fromMs, horizonMs);
  const toMs = Math.min(question.toMs, question.nowMs);
  const all = monitors.map((monitor) => ({
    monitor,
    rows: rowsOf(server, monitor, fromMs, toMs, question.nowMs),
  }));
  const most = Math.max(0, ...all.map(({ rows }) => rows.length));
  const downSampled = most > question.pointsMax;
  const series = all.map(({ monitor, rows }, position) =>
    wireSeries(
      monitor.id,
      monitor.name,
      position,
      downSampled ? extremes(rows, fromMs, toMs, question.pointsMax) : rows,
    ),
  );
  return create(adminV1.GetServerHistoryResponseSchema, {
    series: [overall(all, fromMs, toMs), ...series],
    from: timestampFromMs(Math.round(question.fromMs)),
    to: timestampFromMs(Math.round(toMs)),
    horizon: timestampFromMs(Math.round(horizonMs)),
    downSampled,
    rowsTotal: BigInt(all.reduce((sum, { rows }) => sum + rows.length, 0)),
  });
}

function rowsOf(
  server: WatchedServer,
  monitor: FakeMonitor,
  fromMs: number,
  toMs: number,
  nowMs: number,
): readonly Row[] {
  const first = checkIndexAt(server.facts, monitor, fromMs);
  const last = checkIndexAt(server.facts, monitor, toMs);
  const rows: Row[] = [];
  let score = scoreAfter(server.facts, monitor, first - 1, nowMs);
  for (let index = first; index <= last; index += 1) {
    const seen = observe(server.facts, monitor, index, nowMs);
    if (seen === undefined) continue;
    score = nextScore(score, seen);
    if (seen.atMs >= fromMs && seen.atMs <= toMs) rows.push({ seen, score });
  }
  return rows;
}

function extremes(
  rows: readonly Row[],
  fromMs: number,
  toMs: number,
  pointsMax: number,
): readonly Row[] {
  const slotMs = (toMs - fromMs) / (pointsMax / 2);
  const slots = new Map<number, { least: Row; greatest: Row }>();
  for (const row of rows) {
    const slot = Math.floor((row.seen.atMs - fromMs) / slotMs);
    const kept = slots.get(slot);
    if (kept === undefined) slots.set(slot, { least: row, greatest: row });
    else {
      if (row.seen.offsetNs < kept.least.seen.offsetNs) kept.least = row;
      if (row.seen.offsetNs > kept.greatest.seen.offsetNs) kept.greatest = row;
    }
  }
  return [...slots.values()].flatMap(({ least, greatest }) =>
    least === greatest
      ? [least]
      : least.seen.atMs < greatest.seen.atMs
        ? [least, greatest]
        : [greatest, least],
  );
}

function wireSeries(
  monitorId: bigint,
  monitorName: string,
  position: number,
  rows: readonly Row[],
): adminV1.HistorySeries {
  return create(adminV1.HistorySeriesSchema, {
    monitorId,
    monitorName,
    status: position < 7 ? adminV1.AssignmentStatus.ACTIVE : adminV1.AssignmentStatus.TESTING,
    atMs: rows.map((row) => Math.round(row.seen.atMs)),
    offsetNs: rows.map((row) => (row.seen.reason === "" ? row.seen.offsetNs : Number.NaN)),
    boundNs: rows.map((row) => row.seen.boundNs),
    score: rows.map((row) => row.score),
    step: rows.map((row) => row.seen.step),
    rttNs: rows.map((row) => row.seen.rttNs),
    checkId: rows.map((row) => row.seen.id),
    reason: rows.map((row) => row.seen.reason),
  });
}

function overall(
  all: readonly { readonly rows: readonly Row[] }[],
  fromMs: number,
  toMs: number,
): adminV1.HistorySeries {
  const step = Math.max(INTERVAL_MS, (toMs - fromMs) / 600);
  const atMs: number[] = [];
  const score: number[] = [];
  const cursors = all.map(() => 0);
  for (let at = fromMs + step; at <= toMs; at += step) {
    const scores = all.flatMap(({ rows }, index) => {
      let cursor = cursors[index] ?? 0;
      while ((rows[cursor + 1]?.seen.atMs ?? Number.POSITIVE_INFINITY) <= at) cursor += 1;
      cursors[index] = cursor;
      const row = rows[cursor];
      return row !== undefined && row.seen.atMs <= at && at - row.seen.atMs < 20 * 60_000
        ? [row.score]
        : [];
    });
    if (scores.length === 0) continue;
    atMs.push(Math.round(at));
    score.push(scores.toSorted((one, other) => one - other)[(scores.length - 1) >> 1] ?? 0);
  }
  const nothing = atMs.map(() => Number.NaN);
  return create(adminV1.HistorySeriesSchema, {
    monitorId: 0n,
    monitorName: "",
    atMs,
    score,
    offsetNs: nothing,
    boundNs: nothing,
    rttNs: nothing,
    step: nothing,
    checkId: atMs.map(() => 0n),
    reason: atMs.map(() => ""),
  });
}
