// The table of scenario issuance, with what it is held against.

import type { IssuanceRow } from "./issuance.ts";

/** What the authority must sustain on two cores. */
const PER_SECOND_MIN = 500;
/** The row that the budget is about. */
const BUDGETED = "renewals";

export function reportIssuance(rows: readonly IssuanceRow[]): string {
  return [
    "Each certificate is two commits (its serial number, then the certificate), a signature under a throw-away key for",
    "the lints, and the real one. Callers, authority and database share the cores.",
    "",
    "| | certificates/s, median | least / most of the runs | ms a certificate, p50 / p99 | issued / stored |",
    "| --- | --- | --- | --- | --- |",
    `| budget | ≥ ${PER_SECOND_MIN} | | | the same |`,
    ...rows.map(rowText),
    "",
    "✗ marks what misses the budget.",
    "",
  ].join("\n");
}

function rowText({ key, title, perSecond, runs, latencyMs, issued, stored }: IssuanceRow): string {
  const missed = key === BUDGETED && perSecond < PER_SECOND_MIN ? " ✗" : "";
  const lost = issued === stored ? "" : " ✗";
  return [
    `| **${title}** `,
    ` ${Math.round(perSecond)}${missed} `,
    ` ${Math.round(Math.min(...runs))} / ${Math.round(Math.max(...runs))} `,
    ` ${latencyMs.p50.toFixed(1)} / ${latencyMs.p99.toFixed(1)} `,
    ` ${issued} / ${stored}${lost} |`,
  ].join("|");
}
