// Everything that the charts draw, worked out once when data arrive.

import type { adminV1 } from "@truechimer/api";
import { msOf } from "../api/message.ts";
import { type VerdictName, verdictName } from "../parts/words.ts";
import { fleetMedian, type MedianLine } from "./median.ts";
import { type Line, OVERALL_KEY, toLine } from "./series.ts";
import { monitorLines } from "./summary.ts";
import type { View } from "./view.ts";

export interface ChartEvent {
  readonly atMs: number;
  readonly verdict: VerdictName | undefined;
  readonly text: string;
}

export interface ChartModel {
  /** Monitors, in the order in which colours are given out. */
  readonly lines: readonly Line[];
  readonly overall: Line | undefined;
  readonly median: MedianLine;
  readonly events: readonly ChartEvent[];
  /** What is loaded. */
  readonly loaded: View;
  /** Before it nothing is kept. */
  readonly horizonMs: number | undefined;
  /** Points further apart than this are not joined. */
  readonly gapMs: number;
  readonly downSampled: boolean;
}

const MEDIAN_SLOTS_MAX = 1_200;
/** As for verdicts: data older than three intervals are stale. */
const INTERVALS_FRESH = 3;

/** Builds the model from an answer that was asked with `pointsMax`. */
export function toChartModel(
  answer: adminV1.GetServerHistoryResponse,
  intervalMs: number,
  pointsMax: number,
): ChartModel {
  const all = answer.series.map(toLine);
  const lines = [...monitorLines(all)].toSorted((one, other) =>
    one.name.localeCompare(other.name, "en", { numeric: true }),
  );
  const loaded = { fromMs: msOf(answer.from) ?? 0, toMs: msOf(answer.to) ?? 0 };
  // Each slot keeps its least and its greatest: two points a slot.
  const slotMs = answer.downSampled ? (2 * (loaded.toMs - loaded.fromMs)) / pointsMax : 0;
  const freshMs = INTERVALS_FRESH * intervalMs + slotMs;
  const slots = Math.min(
    MEDIAN_SLOTS_MAX,
    Math.max(2, Math.round((loaded.toMs - loaded.fromMs) / Math.max(intervalMs / 2, 1_000))),
  );
  return {
    lines,
    overall: all.find((line) => line.key === OVERALL_KEY),
    median: fleetMedian(lines, { ...loaded, slots, freshMs }),
    events: answer.events.flatMap(toChartEvent),
    loaded,
    horizonMs: msOf(answer.horizon),
    gapMs: freshMs,
    downSampled: answer.downSampled,
  };
}

function toChartEvent(event: adminV1.Event): readonly ChartEvent[] {
  const atMs = msOf(event.at);
  if (atMs === undefined) return [];
  const verdict = event.kind === "verdict_changed" ? verdictName(event.verdictAfter) : undefined;
  return [{ atMs, verdict, text: event.text }];
}
