// The table of scenario alerts, with what it is held against.

import { INCIDENT_KINDS } from "@truechimer/testing-sim";
import { quantile } from "../statistics.ts";
import type { AlertsRow, KindTold } from "./alerts.ts";

const BUDGET = { intervals: 2, messages: 1.1 };

export function reportAlerts(rows: readonly AlertsRow[]): string {
  const total = (read: (row: AlertsRow) => KindTold): KindTold => rows.map(read).reduce(added);
  const all = total(({ kinds }) => INCIDENT_KINDS.map((kind) => kinds[kind]).reduce(added));
  const sum = (read: (row: AlertsRow) => number): number =>
    rows.reduce((whole, row) => whole + read(row), 0);
  return [
    "The worlds and incidents are those of [scenario fault](fault.md), on other seeds. What is judged there and the verdicts",
    "go through the life of alerts and the grouping by cause, with the rules `seen_faults:*server/*,*cannot_tell/*`, `*path/*` and `*monitor/*`,",
    "which hold for 20 s and recover for 3 min, and `verdict:falseticker,unreachable`. A message is held against the incidents",
    "that go on: it tells the one that is nearest to what it names. The messages are those of the beginning; each that recovers",
    "has another one. A check interval is a minute; the fleet is judged every 20 s while an incident is young, and rules look",
    "every 5 s.",
    "",
    "*Seen*: the judge has a first finding of it. *Told within 2* counts from there; *from the beginning* is how long it lasted until",
    "somebody was told, in check intervals. *Known*: not told by itself, because it began at a server that people were being told of.",
    "",
    `Seeds ${rows.map(({ seed }) => seed).join(", ")}; ${all.incidents} incidents in ${Math.round(sum(({ hours }) => hours))} hours.`,
    "",
    "| what happened | incidents | seen | told | known | told within 2 of those told | after it is seen: half, 95 %, all | from the beginning: half, 95 %, all | messages each |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ...INCIDENT_KINDS.map((kind) =>
      rowText(
        kind,
        total(({ kinds }) => kinds[kind]),
      ),
    ),
    rowText("**all**", all),
    rowText(
      "together with another one",
      total(({ overlapping }) => overlapping),
    ),
    "",
    "| | | budget |",
    "| --- | --- | --- |",
    `| told within two intervals of being seen, of those told | ${percent(within(all.toldAfterSeen) / all.toldAfterSeen.length)}${missed(within(all.toldAfterSeen) < all.toldAfterSeen.length)} | 100.0 % |`,
    `| told within two intervals of the beginning, of all | ${percent(within(all.toldAfter) / all.incidents)}${missed(within(all.toldAfter) < all.incidents)} | 100.0 % |`,
    `| told, or known, of all | ${percent((all.toldAfter.length + all.known) / all.incidents)} | |`,
    `| messages for each that was told | ${perTold(all).toFixed(2)}${missed(perTold(all) > BUDGET.messages)} | ≤ ${BUDGET.messages.toFixed(1)} |`,
    `| messages that no incident explains, of ${sum(({ messages }) => messages).toLocaleString("en")} | ${sum(({ unexplained }) => unexplained)} | |`,
    "",
    "✗ marks what misses its budget.",
    "",
  ].join("\n");
}

function added(one: KindTold, other: KindTold): KindTold {
  return {
    incidents: one.incidents + other.incidents,
    known: one.known + other.known,
    seenAfter: [...one.seenAfter, ...other.seenAfter],
    toldAfter: [...one.toldAfter, ...other.toldAfter],
    toldAfterSeen: [...one.toldAfterSeen, ...other.toldAfterSeen],
    messages: one.messages + other.messages,
  };
}

function rowText(title: string, told: KindTold): string {
  const cells = [
    title,
    told.incidents,
    told.seenAfter.length,
    told.toldAfter.length,
    told.known,
    percent(within(told.toldAfterSeen) / told.toldAfterSeen.length),
    spread(told.toldAfterSeen),
    spread(told.toldAfter),
    perTold(told).toFixed(2),
  ];
  return `| ${cells.join(" | ")} |`;
}

function within(times: readonly number[]): number {
  return times.filter((time) => time <= BUDGET.intervals).length;
}

function perTold({ messages, toldAfter }: KindTold): number {
  return messages / toldAfter.length;
}

function spread(times: readonly number[]): string {
  return [0.5, 0.95, 1].map((fraction) => quantile(times, fraction).toFixed(1)).join(", ");
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function missed(is: boolean): string {
  return is ? " ✗" : "";
}
