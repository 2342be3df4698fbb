// The confusion table of scenario fault, with what it is held against.

import {
  addCounts,
  INCIDENT_KINDS,
  type IncidentSummary,
  type KindCount,
  rightOfDecided,
} from "@truechimer/testing-sim";
import type { FaultRow } from "./fault.ts";

const BUDGET = { right: 0.95, rightOfKind: 0.85, cannotTell: 0.2 };

export function reportFault(rows: readonly FaultRow[]): string {
  const conditions = Map.groupBy(rows, ({ condition }) => condition);
  return [
    "Each seed is another world with another history. A third of the incidents go on together with another one that",
    "touches the same server or monitor. An incident is asked about once, at a random moment from 2.2 check intervals",
    "after its beginning to its end: whose fault is it, at one of the servers that it touches? Its size is between 2",
    "and 20 times the noise of a single check (log-uniform; losses from 10 %; a monitor's clock is off by 15 ms).",
    "What is expected is in docs/reference/faults.md.",
    "",
    ...[...conditions.values()].flatMap(conditionText),
    "✗ marks what misses its budget.",
    "",
  ].join("\n");
}

function conditionText(rows: readonly FaultRow[]): readonly string[] {
  const summaries = rows.map(({ summary }) => summary);
  const total = (read: (summary: IncidentSummary) => KindCount): KindCount =>
    summaries.map(read).reduce(addCounts);
  const number = (read: (summary: IncidentSummary) => number): number =>
    summaries.reduce((sum, summary) => sum + read(summary), 0);
  const all = total((summary) => summary.all);
  const forMonitors = number((summary) => summary.serversBlamedForMonitors);
  const [first] = rows;
  return [
    `## ${first?.watchers} monitors a server`,
    "",
    `Seeds ${rows.map(({ seed }) => seed).join(", ")}; ${all.incidents} incidents.`,
    "",
    "| what happened | server | path | monitor | cannot tell | right of those decided |",
    "| --- | --- | --- | --- | --- | --- |",
    ...INCIDENT_KINDS.map((kind) =>
      rowText(
        kind,
        total(({ kinds }) => kinds[kind]),
        BUDGET.rightOfKind,
      ),
    ),
    rowText("**all**", all, BUDGET.right),
    rowText(
      "together with another one",
      total(({ overlapping }) => overlapping),
      0,
    ),
    rowText(
      "2 to 4 times the noise",
      total(({ small }) => small),
      0,
    ),
    rowText(
      "asked about within 3 intervals",
      total(({ early }) => early),
      0,
    ),
    "",
    "| | | budget |",
    "| --- | --- | --- |",
    `| cannot tell | ${percent(all.answers.cannot_tell / all.incidents)}${missed(all.answers.cannot_tell / all.incidents > BUDGET.cannotTell)} | ≤ ${percent(BUDGET.cannotTell)} |`,
    `| servers blamed for a monitor's own fault | ${forMonitors}${missed(forMonitors > 0)} | 0 |`,
    `| servers blamed with nothing wrong with them, of ${number((summary) => summary.serversJudged).toLocaleString("en")} judged | ${number((summary) => summary.serversBlamedForNothing)} | |`,
    "",
  ];
}

function rowText(title: string, count: KindCount, least: number): string {
  const { server, path, monitor, cannot_tell: unsure } = count.answers;
  const right = rightOfDecided(count);
  return `| ${title} | ${server} | ${path} | ${monitor} | ${unsure} | ${percent(right)}${missed(right < least)} |`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function missed(is: boolean): string {
  return is ? " ✗" : "";
}
