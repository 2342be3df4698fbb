// How one server's offsets and round trips are distributed, and how steady its frequency is.

import type { analyticsV1 } from "@truechimer/api";
import { formatDurationNs, formatOffset } from "@truechimer/base";
import type { Printer } from "../cli-context.ts";
import { printRange, rangeJson } from "./range-line.ts";
import { printable } from "./style.ts";
import type { Column } from "./table.ts";

interface Spread {
  readonly of: "offset" | "delay";
  readonly distribution: analyticsV1.Distribution;
}

/** A line for the offsets and one for the round trips. */
export async function printDistributions(
  printer: Printer,
  answer: analyticsV1.GetDistributionsResponse,
): Promise<void> {
  const spreads: Spread[] = [
    ...(answer.offset === undefined
      ? []
      : [{ of: "offset" as const, distribution: answer.offset }]),
    ...(answer.delay === undefined ? [] : [{ of: "delay" as const, distribution: answer.delay }]),
  ];
  const shares = spreads[0]?.distribution.shares ?? [];
  const columns: readonly Column<Spread>[] = [
    { title: "of", text: ({ of }) => of },
    { title: "least", align: "right", text: (row) => valueText(row, row.distribution.least) },
    ...shares.map(
      (share, at): Column<Spread> => ({
        title: share === 0.5 ? "median" : `${share * 100} %`,
        align: "right",
        text: (row) => valueText(row, row.distribution.percentiles[at]),
      }),
    ),
    { title: "greatest", align: "right", text: (row) => valueText(row, row.distribution.greatest) },
    { title: "checks", align: "right", text: ({ distribution }) => String(distribution.count) },
  ];
  printer.line(printer.style.bold(printable(answer.serverName)));
  await printer.table({
    columns,
    rows: spreads,
    json: ({ of, distribution }) => ({
      server: answer.serverName,
      of,
      count: distribution.count,
      least_ns: distribution.least ?? null,
      greatest_ns: distribution.greatest ?? null,
      shares: distribution.shares,
      percentiles_ns: distribution.percentiles,
      first_from_ns: distribution.firstFrom,
      bin_width_ns: distribution.binWidth,
      counts: distribution.counts,
      below: distribution.below,
      above: distribution.above,
      ...rangeJson(answer.range),
    }),
    empty: "no check succeeded",
  });
  printRange(printer, answer.range);
}

function valueText({ of }: Spread, ns: number | undefined): string {
  if (ns === undefined) return "–";
  const whole = BigInt(Math.round(ns));
  return of === "offset" ? formatOffset(whole) : formatDurationNs(whole);
}

interface StabilityRow {
  readonly monitor: string;
  readonly monitorId: bigint;
  readonly tauS: number;
  readonly deviation: number;
  readonly error: number;
  readonly terms: bigint;
}

/** A line for each averaging time of each monitor. */
export async function printStability(
  printer: Printer,
  answer: analyticsV1.GetAllanDeviationResponse,
): Promise<void> {
  const rows = answer.series.flatMap((series) =>
    series.tauS.map(
      (tauS, at): StabilityRow => ({
        monitor: series.monitorName,
        monitorId: series.monitorId,
        tauS,
        deviation: series.deviation[at] ?? Number.NaN,
        error: series.error[at] ?? Number.NaN,
        terms: series.terms[at] ?? 0n,
      }),
    ),
  );
  const columns: readonly Column<StabilityRow>[] = [
    { title: "monitor", text: ({ monitor }) => printable(monitor) },
    { title: "averaged over", align: "right", text: ({ tauS }) => `${tauS} s` },
    {
      title: "deviation",
      align: "right",
      text: ({ deviation, error }) => `${deviation.toExponential(2)} ± ${error.toExponential(1)}`,
    },
    { title: "terms", align: "right", text: ({ terms }) => String(terms) },
  ];
  printer.line(printer.style.bold(printable(answer.serverName)));
  await printer.table({
    columns,
    rows,
    json: ({ monitor, monitorId, tauS, deviation, error, terms }) => ({
      server: answer.serverName,
      monitor_id: monitorId,
      monitor,
      tau_s: tauS,
      allan_deviation: deviation,
      error,
      terms,
      ...rangeJson(answer.range),
    }),
    empty: "too few offsets at even distances to tell",
  });
  printRange(printer, answer.range);
}
