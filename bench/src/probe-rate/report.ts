// The table of scenario probe-rate, with what it is held against.

import type { ProbeRateRow } from "./probe-rate.ts";

const RATE_MIN = 100_000;
const HEAD = [
  "way",
  "servers",
  "in flight",
  "exchanges/s",
  "cores, responder included",
  "both stamps by the kernel",
  "failed",
  "\\|offset\\| in µs, p50 / p99 / p99.9 / greatest",
];

export function reportProbeRate(rows: readonly ProbeRateRow[]): string {
  return [
    "One process against a responder on the same two cores, over loopback. A sweep asks for figures, an exchange for a whole",
    "sample with its packets as evidence. At least 100,000 exchanges/s are asked for by sweeps; ✗ marks what is below. The NTP",
    "Pool's query function reaches 49,900/s at best, with a median error of 1.4 ms then; its agent 2.7 checks/s.",
    "",
    "Every exchange is accounted for: a run in which good and failed ones do not add up to those that were asked for is no",
    "run. The responder has T2 by the kernel and reads T3 once for four answers, before it sends them, so that its own share",
    "of the error is half of what the sending takes.",
    "",
    `| ${HEAD.join(" | ")} |`,
    `|${HEAD.map(() => " --- |").join("")}`,
    ...rows.map(line),
    "",
    ...growth(rows),
    "",
  ].join("\n");
}

function line(row: ProbeRateRow): string {
  const failed = Object.entries(row.failures).map(([reason, count]) => `${count} ${reason}`);
  const isBelow = row.way === "sweep" && row.medianRatePerS < RATE_MIN;
  const { p50, p99, p999, max } = row.errorUs;
  const cells = [
    row.way === "sweep" ? "**sweep**" : `exchange, ${row.stamps.replace("_", " ")}`,
    row.servers.toLocaleString("en"),
    row.inFlight.toLocaleString("en"),
    `${row.medianRatePerS.toLocaleString("en")}${isBelow ? " ✗" : ""}`,
    String(row.cores),
    `${(row.kernelStamped * 100).toFixed(2)} %`,
    failed.length === 0 ? "0" : failed.join(", "),
    [p50, p99, p999, max].map(short).join(" / "),
  ];
  return `| ${cells.join(" | ")} |`;
}

/** How the error grows with the number of servers. */
function growth(rows: readonly ProbeRateRow[]): readonly string[] {
  const sweeps = rows
    .filter(({ way }) => way === "sweep")
    .toSorted((a, b) => a.servers - b.servers);
  const [first, last] = [sweeps[0], sweeps.at(-1)];
  if (first === undefined || last === undefined || first === last) return [];
  const times = (of: "p50" | "p99"): string => (last.errorUs[of] / first.errorUs[of]).toFixed(2);
  return [
    `From ${first.servers.toLocaleString("en")} to ${last.servers.toLocaleString("en")} servers the error grows by a factor of ${times("p50")} at the median and ${times("p99")} at p99.`,
  ];
}

function short(value: number): string {
  return value.toLocaleString("en", { maximumSignificantDigits: value >= 1_000 ? 4 : 3 });
}
