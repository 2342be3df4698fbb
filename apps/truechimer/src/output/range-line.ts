// Which part of time an answer of the analytics is made of.

import type { analyticsV1 } from "@truechimer/api";
import type { Printer } from "../cli-context.ts";
import { isoOf } from "./api-words.ts";

/** For people, and a warning where the answer is made of less than was asked for. */
export function printRange(printer: Printer, range: analyticsV1.AnalyticsRange | undefined): void {
  if (range === undefined) return;
  const { dim, yellow } = printer.style;
  const from = isoOf(range.coveredFrom);
  if (from === null) {
    printer.line(yellow("nothing of this span of time is in memory yet"));
    return;
  }
  printer.line(dim(`${range.checks} checks from ${from} to ${isoOf(range.coveredTo)}`));
  if (range.partial) {
    printer.line(
      yellow(
        `only a part of what was asked for: the results in memory begin at ${isoOf(range.horizon)}`,
      ),
    );
  }
}

/** The same, in every line for programs. */
export function rangeJson(range: analyticsV1.AnalyticsRange | undefined): Record<string, unknown> {
  return {
    covered_from: isoOf(range?.coveredFrom),
    covered_to: isoOf(range?.coveredTo),
    partial: range?.partial ?? true,
  };
}
