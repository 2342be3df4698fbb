// Pairs of IPv4 and IPv6 as fields of an export, numbers in full.

import { adminV1, type analyticsV1 } from "@truechimer/api";
import type { ExportedField } from "../parts/csv.ts";
import { lossOf } from "./heat-grid.ts";

type Field = ExportedField<analyticsV1.FamilyPair>;

const text = (value: bigint | number | undefined): string => value?.toString() ?? "";

export const FAMILY_EXPORT: readonly { readonly exported: readonly Field[] }[] = [
  {
    exported: [
      ["server", ({ serverName }) => serverName],
      ...sideFields("ipv4"),
      ...sideFields("ipv6"),
      ...differenceFields("offset", "_ns"),
      ...differenceFields("rtt", "_ns"),
      ...differenceFields("loss", ""),
      ["better_in_loss", ({ betterInLoss }) => familyName(betterInLoss) ?? ""],
    ],
  },
];

/** Undefined: neither. */
export function familyName(family: adminV1.IpFamily): "IPv4" | "IPv6" | undefined {
  if (family === adminV1.IpFamily.UNSPECIFIED) return undefined;
  return family === adminV1.IpFamily.V6 ? "IPv6" : "IPv4";
}

function sideFields(family: "ipv4" | "ipv6"): readonly Field[] {
  return [
    [`${family}_offset_ns`, (pair) => text(pair[family]?.figures?.offset?.valueNs)],
    [`${family}_bound_ns`, (pair) => text(pair[family]?.figures?.offset?.boundNs)],
    [`${family}_offset_spread_ns`, (pair) => text(pair[family]?.offsetSpreadNs)],
    [`${family}_rtt_ns`, (pair) => text(pair[family]?.figures?.rttNs)],
    [`${family}_rtt_spread_ns`, (pair) => text(pair[family]?.rttSpreadNs)],
    [
      `${family}_loss`,
      (pair) => {
        const figures = pair[family]?.figures;
        return text(figures === undefined ? undefined : lossOf(figures));
      },
    ],
    [`${family}_checks`, (pair) => text(pair[family]?.figures?.checks)],
  ];
}

function differenceFields(of: "offset" | "rtt" | "loss", unit: string): readonly Field[] {
  return [
    [`${of}_difference${unit}`, (pair) => text(pair[of]?.difference)],
    [`${of}_standard_error${unit}`, (pair) => text(pair[of]?.standardError)],
  ];
}
