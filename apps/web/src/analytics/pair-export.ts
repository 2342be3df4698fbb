// Pairs as fields of an export, numbers in full.

import type { ExportedField } from "../parts/csv.ts";
import { lossOf } from "./heat-grid.ts";
import type { PairRow } from "./pair-table.tsx";

const text = (value: bigint | number | undefined): string => value?.toString() ?? "";

export const PAIR_EXPORT: readonly { readonly exported: readonly ExportedField<PairRow>[] }[] = [
  {
    exported: [
      ["server", ({ serverName }) => serverName],
      ["monitor", ({ monitorName }) => monitorName],
      ["offset_ns", ({ figures }) => text(figures?.offset?.valueNs)],
      ["bound_ns", ({ figures }) => text(figures?.offset?.boundNs)],
      ["abs_offset_ns", ({ figures }) => text(figures?.absOffsetNs)],
      ["rtt_ns", ({ figures }) => text(figures?.rttNs)],
      ["loss", ({ figures }) => text(figures === undefined ? undefined : lossOf(figures))],
      ["failed", ({ figures }) => text(figures?.failed)],
      ["checks", ({ figures }) => text(figures?.checks)],
    ],
  },
];
