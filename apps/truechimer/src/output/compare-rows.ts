// Servers or monitors side by side: for people over the whole range, for programs bucket by bucket.

import type { analyticsV1 } from "@truechimer/api";
import { formatOffset } from "@truechimer/base";
import type { Printer } from "../cli-context.ts";
import { FIGURES_COLUMNS } from "./figures-columns.ts";
import { printRange, rangeJson } from "./range-line.ts";
import { printable } from "./style.ts";
import type { Column } from "./table.ts";
import { instantText } from "./time-text.ts";

export async function printComparison(
  printer: Printer,
  { series, range, bucketMs }: analyticsV1.CompareSeriesResponse,
): Promise<void> {
  const columns: readonly Column<analyticsV1.ComparedSeries>[] = [
    { title: "name", text: ({ name }) => printable(name) },
    ...FIGURES_COLUMNS.map((column) => ({
      ...column,
      text: ({ overall }: analyticsV1.ComparedSeries) => column.text(overall),
    })),
    { title: "least", align: "right", text: ({ overall }) => extremeText(overall?.leastOffsetNs) },
    {
      title: "greatest",
      align: "right",
      text: ({ overall }) => extremeText(overall?.greatestOffsetNs),
    },
  ];
  for (const one of series) {
    for (const at of one.atMs.keys())
      printer.json({ ...bucketJson(one, at), bucket_ms: bucketMs, ...rangeJson(range) });
  }
  if (printer.format === "json") return;
  await printer.table({ columns, rows: series, json: () => null, empty: "nobody is compared" });
  printRange(printer, range);
}

function bucketJson(one: analyticsV1.ComparedSeries, at: number): Record<string, unknown> {
  return {
    id: one.id,
    name: one.name,
    at: instantText(one.atMs[at] ?? 0),
    offset_ns: known(one.offsetNs[at]),
    least_offset_ns: known(one.leastOffsetNs[at]),
    greatest_offset_ns: known(one.greatestOffsetNs[at]),
    bound_ns: known(one.boundNs[at]),
    rtt_ns: known(one.rttNs[at]),
    loss: known(one.loss[at]),
    checks: one.checks[at] ?? 0,
    failed: one.failed[at] ?? 0,
  };
}

/** The API writes NaN where nothing is known. */
function known(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value;
}

function extremeText(ns: bigint | undefined): string {
  return ns === undefined ? "–" : formatOffset(ns);
}
