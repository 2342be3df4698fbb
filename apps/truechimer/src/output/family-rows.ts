// The servers of each name over IPv4 and over IPv6.

import { adminV1, type analyticsV1 } from "@truechimer/api";
import { formatOffset } from "@truechimer/base";
import type { Printer } from "../cli-context.ts";
import { apiOffsetText, familyWord } from "./api-words.ts";
import { figuresJson } from "./figures-columns.ts";
import { printRange, rangeJson } from "./range-line.ts";
import { printable } from "./style.ts";
import type { Column } from "./table.ts";

const COLUMNS: readonly Column<analyticsV1.FamilyPair>[] = [
  { title: "server", text: ({ serverName }) => printable(serverName) },
  {
    title: "IPv4 offset",
    align: "right",
    text: ({ ipv4 }) => apiOffsetText(ipv4?.figures?.offset),
  },
  {
    title: "IPv6 offset",
    align: "right",
    text: ({ ipv6 }) => apiOffsetText(ipv6?.figures?.offset),
  },
  { title: "IPv6 − IPv4", align: "right", text: ({ offset }) => differenceText(offset) },
  { title: "round trip", align: "right", text: ({ rtt }) => differenceText(rtt) },
  { title: "loses less", text: ({ betterInLoss }) => betterText(betterInLoss) },
  {
    title: "checks",
    align: "right",
    text: ({ ipv4, ipv6 }) => `${ipv4?.figures?.checks ?? 0n} + ${ipv6?.figures?.checks ?? 0n}`,
  },
];

export async function printFamilies(
  printer: Printer,
  answer: analyticsV1.GetFamiliesResponse,
): Promise<void> {
  await printer.table({
    columns: COLUMNS,
    rows: answer.pairs,
    json: (pair) => ({
      server: pair.serverName,
      ipv4: sideJson(pair.ipv4),
      ipv6: sideJson(pair.ipv6),
      offset: differenceJson(pair.offset),
      rtt: differenceJson(pair.rtt),
      loss: differenceJson(pair.loss),
      better_in_loss:
        pair.betterInLoss === adminV1.IpFamily.UNSPECIFIED ? null : familyWord(pair.betterInLoss),
      ...rangeJson(answer.range),
    }),
    empty: "no name has checks over both IPv4 and IPv6",
  });
  if (printer.format === "json") return;
  const { pairs, pairsTotal, pairsNotCompared, namesOfOneFamily } = answer;
  printer.line(
    printer.style.dim(
      `${pairs.length} of ${pairsTotal} pairs; ± one standard error; ${pairsNotCompared} without checks over one family, ` +
        `${namesOfOneFamily} names of one family alone`,
    ),
  );
  printRange(printer, answer.range);
}

function differenceText(difference: analyticsV1.FamilyDifference | undefined): string {
  if (difference === undefined) return "–";
  const { standardError } = difference;
  const whole = BigInt(Math.round(difference.difference));
  return standardError === undefined
    ? formatOffset(whole)
    : formatOffset(whole, BigInt(Math.round(standardError)));
}

function betterText(family: adminV1.IpFamily): string {
  return family === adminV1.IpFamily.UNSPECIFIED ? "–" : familyWord(family);
}

function sideJson(side: analyticsV1.FamilySide | undefined): Record<string, unknown> {
  return {
    server_ids: side?.serverIds ?? [],
    ...figuresJson(side?.figures),
    offset_spread_ns: side?.offsetSpreadNs ?? null,
    rtt_spread_ns: side?.rttSpreadNs ?? null,
  };
}

function differenceJson(
  difference: analyticsV1.FamilyDifference | undefined,
): Record<string, unknown> | null {
  if (difference === undefined) return null;
  return {
    difference: difference.difference,
    standard_error: difference.standardError ?? null,
  };
}
