// The table of scenario scheduler, with what it is held against.

import type { SchedulerRow } from "./scheduler.ts";

/** A killed worker's jobs are with another within this. */
const TAKEN_OVER_MS_MAX = 30_000;
const KILLED = "killed";

export function reportScheduler(rows: readonly SchedulerRow[]): string {
  return [
    "Workers as shipped (8 jobs at once each), one process each, and PostgreSQL share the cores. A job does nothing but note",
    "its beginning. *Wait* is from the instant that a job was due to its beginning; where all are due at once, the last one",
    "waits for all others. In the row with a killed worker it is from the kill on, of everything that was begun after it: the",
    "greatest is how long the jobs that it had in hand waited for the other worker.",
    "",
    "| | jobs | jobs/s, median | least / most of the runs | wait ms, p50 / p99 / most | begun twice / never |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows.map(rowText),
    "",
    "How long statements take, as the process sees it that sends them, ms:",
    "",
    "| | statement | calls | p50 / p99 / most |",
    "| --- | --- | --- | --- |",
    ...rows.flatMap(statementTexts),
    "",
    `✗ marks a job begun twice or never without a kill, and a killed worker's job that waited longer than ${TAKEN_OVER_MS_MAX / 1_000} s.`,
    "",
  ].join("\n");
}

function rowText(row: SchedulerRow): string {
  const { key, title, jobs, perSecond, runs, waitMs, doubled, missing } = row;
  const late = key === KILLED && waitMs.max > TAKEN_OVER_MS_MAX ? " ✗" : "";
  const wrong = missing > 0 || doubled > 0 ? " ✗" : "";
  return [
    `| **${title}** `,
    ` ${jobs.toLocaleString("en")} `,
    ` ${Math.round(perSecond).toLocaleString("en")} `,
    ` ${Math.round(Math.min(...runs)).toLocaleString("en")} / ${Math.round(Math.max(...runs)).toLocaleString("en")} `,
    ` ${waitMs.p50.toFixed(0)} / ${waitMs.p99.toFixed(0)} / ${waitMs.max.toFixed(0)}${late} `,
    ` ${doubled} / ${missing}${wrong} |`,
  ].join("|");
}

function statementTexts({ title, statements = [] }: SchedulerRow): readonly string[] {
  return statements.map(({ kind, calls, tookMs }) => {
    const { p50, p99, max } = tookMs;
    const figures = [p50, p99, max].map((each) => each.toFixed(1)).join(" / ");
    return `| ${title} | ${kind} | ${calls.toLocaleString("en")} | ${figures} |`;
  });
}
