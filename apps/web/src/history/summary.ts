// A chart in words and in a table: for those who cannot see it, and for those who want the numbers.

import { countOf, formatShare } from "../format/number.ts";
import { formatOffset } from "../format/offset.ts";
import { formatLong } from "../format/relative-time.ts";
import { formatScore } from "../format/score.ts";
import { lowerMedian } from "./median.ts";
import { firstAtOrAfter, type Line, OVERALL_KEY } from "./series.ts";
import type { View } from "./view.ts";

export interface LineSummary {
  readonly key: string;
  readonly name: string;
  readonly checks: number;
  readonly failed: number;
  /** NaN: nothing was measured. */
  readonly medianNs: number;
  readonly lowestNs: number;
  readonly highestNs: number;
  readonly boundNs: number;
  /** NaN: none. */
  readonly scoreLast: number;
}

/** One line within a view. */
export function summariseLine(line: Line, view: View): LineSummary {
  const from = firstAtOrAfter(line.atMs, view.fromMs);
  const to = firstAtOrAfter(line.atMs, view.toMs);
  const offsets = line.offsetNs.slice(from, to).filter((ns) => !Number.isNaN(ns));
  const bounds = line.boundNs.slice(from, to).filter((ns) => !Number.isNaN(ns));
  const checks = to - from;
  return {
    key: line.key,
    name: line.name,
    checks,
    failed: line.reasons.slice(from, to).filter((reason) => reason !== "").length,
    medianNs: lowerMedian(offsets),
    lowestNs: least(offsets),
    highestNs: greatest(offsets),
    boundNs: lowerMedian(bounds),
    scoreLast: line.score[to - 1] ?? Number.NaN,
  };
}

/** What the offset chart shows, in a sentence. */
export function offsetSentence(
  lines: readonly LineSummary[],
  view: View,
  downSampled: boolean,
): string {
  const checks = lines.reduce((sum, line) => sum + line.checks, 0);
  const span = formatLong(view.toMs - view.fromMs);
  if (checks === 0) return `No check in these ${span}.`;
  const failed = lines.reduce((sum, line) => sum + line.failed, 0);
  const measured = lines.filter((line) => !Number.isNaN(line.medianNs));
  const counted = downSampled
    ? `${countOf(checks, "point")} (down-sampled, extremes kept)`
    : countOf(checks, "check");
  const head = `${span}, ${countOf(lines.length, "monitor")}, ${counted}`;
  if (measured.length === 0) return `${head}: not one gave an offset.`;
  const median = lowerMedian(measured.map((line) => line.medianNs));
  const bound = lowerMedian(measured.map((line) => line.boundNs));
  const lowest = least(measured.map((line) => line.lowestNs));
  const highest = greatest(measured.map((line) => line.highestNs));
  const loss = failed === 0 ? "all of them good" : `${formatShare(failed / checks)} of them failed`;
  return (
    `${head}: median ${formatOffset(median, Number.isNaN(bound) ? undefined : bound).text}, ` +
    `between ${formatOffset(lowest).text} and ${formatOffset(highest).text}; ${loss}.`
  );
}

/** What the score chart shows, in a sentence. */
export function scoreSentence(overall: Line | undefined, view: View): string {
  if (overall === undefined) return "Not scored yet.";
  const from = firstAtOrAfter(overall.atMs, view.fromMs);
  const scores = overall.score
    .slice(from, firstAtOrAfter(overall.atMs, view.toMs))
    .filter((score) => !Number.isNaN(score));
  const last = scores.at(-1);
  if (last === undefined) return "No score in this range.";
  const below = scores.filter((score) => score < 10).length / scores.length;
  return (
    `Overall score ${formatScore(last)} at the end, lowest ${formatScore(least(scores))}, highest ${formatScore(greatest(scores))}; ` +
    `below 10 for ${formatShare(below)} of the time.`
  );
}

/** The lines of monitors, without the overall score. */
export function monitorLines(lines: readonly Line[]): readonly Line[] {
  return lines.filter((line) => line.key !== OVERALL_KEY);
}

/** Math.min over a spread of a hundred thousand would overflow the stack. */
function least(values: readonly number[]): number {
  return values.reduce((low, value) => (value < low ? value : low), Number.POSITIVE_INFINITY);
}

function greatest(values: readonly number[]): number {
  return values.reduce((high, value) => (value > high ? value : high), Number.NEGATIVE_INFINITY);
}
