// What many checks come to, in a table and for programs.

import type { analyticsV1 } from "@truechimer/api";
import { apiOffsetText } from "./api-words.ts";
import { rttText } from "./check-rows.ts";
import { lossText } from "./server-rows.ts";
import type { Column } from "./table.ts";

export const FIGURES_COLUMNS: readonly Column<analyticsV1.CheckFigures | undefined>[] = [
  { title: "offset", align: "right", text: (figures) => apiOffsetText(figures?.offset) },
  { title: "round trip", align: "right", text: (figures) => rttText(figures?.rttNs) },
  { title: "loss", align: "right", text: (figures) => lossText(lossOf(figures)) },
  { title: "failed", align: "right", text: (figures) => String(figures?.failed ?? 0n) },
  { title: "checks", align: "right", text: (figures) => String(figures?.checks ?? 0n) },
];

export function figuresJson(
  figures: analyticsV1.CheckFigures | undefined,
): Record<string, unknown> {
  return {
    checks: figures?.checks ?? 0n,
    failed: figures?.failed ?? 0n,
    offset_ns: figures?.offset?.valueNs ?? null,
    bound_ns: figures?.offset?.boundNs ?? null,
    abs_offset_ns: figures?.absOffsetNs ?? null,
    rtt_ns: figures?.rttNs ?? null,
    loss: lossOf(figures) ?? null,
  };
}

/** Undefined: no sample was sent. */
function lossOf(figures: analyticsV1.CheckFigures | undefined): number | undefined {
  if (figures === undefined || figures.samplesSent === 0n) return undefined;
  return 1 - Number(figures.samplesAnswered) / Number(figures.samplesSent);
}
