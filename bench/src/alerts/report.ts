// The table of scenario alerts, with what it is held against.

import { INCIDENT_KINDS } from "@truechimer/testing-sim";
import { quantile } from "../statistics.ts";
import type { AlertsRow, KindTold } from "./alerts.ts";

const BUDGET = { intervals: 2, messages: 1.1 };

export function reportAlerts(rows: readonly AlertsRow[]): string {
  const total = (read: (row: AlertsRow) => KindTold): KindTold => rows.map(read).reduce(added);
  const all = total(({ kinds }) => INCIDENT_KINDS.map((kind) => kinds[kind]).reduce(added));
  const sudden = total(({ kinds }) =>
    INCIDENT_KINDS.filter((kind) => kind !== "drift")
      .map((kind) => kinds[kind])
      .reduce(added),
  );
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
    "Times are in check intervals. An incident is *visible* from the first check on that, with those before it, would convince an",
    "observer who knows beforehand where it is and how large, and who has only to tell it from nothing (odds of e¹² to one, which is",
    "what the judge asks of a server; checks of two pairs, where it touches two; a shift counts from 1.2 times the noise of a check on,",
    "below which it is nobody's fault). A clock that drifts is visible only when it has drifted, a path that loses one request in ten",
    "when enough were sent. *Seen*: the judge, who does not know where to look, has a first finding of it.",
    "",
    "What is told later than two intervals after it was visible: a drift, because the judge sees the middle of three intervals, which is one and a",
    "half behind, and asks for 1.2 times a noise that has the wander of both clocks in it, as whoever measures has; and a path of two or three pairs that loses some of the requests, because a part",
    "of the network has to explain e¹⁶, four more than the observer asks, among thousands of parts.",
    "",
    "*Known*: not told by itself, because it began at a server that people were being told of. *Left out*: not told, because a way has",
    "changed for fewer than six pairs of a monitor and a server, which `seen_faults` leaves out. Neither is counted against the",
    "budget; all else that is not told is.",
    "",
    `Seeds ${rows.map(({ seed }) => seed).join(", ")}; ${all.incidents} incidents in ${Math.round(sum(({ hours }) => hours))} hours.`,
    "",
    "| what happened | incidents | told | known | left out | beginning to visible: half, 95 %, all | beginning to told | seen to told | visible to told | within 2 of visible | messages each |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
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
    budgetText("told within two intervals of being visible", all.toldAfterVisible, asked(all)),
    budgetText("told within two intervals of being seen", all.toldAfterSeen, asked(all)),
    budgetText("told within two intervals of the beginning", all.toldAfter, asked(all)),
    `| the same, of those that do not grow (without drift) | ${percent(within(sudden.toldAfter) / asked(sudden))} | |`,
    `| not told, of these | ${asked(all) - all.toldAfter.length} | |`,
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
    leftOut: one.leftOut + other.leftOut,
    neverVisible: one.neverVisible + other.neverVisible,
    visibleAfter: [...one.visibleAfter, ...other.visibleAfter],
    toldAfterVisible: [...one.toldAfterVisible, ...other.toldAfterVisible],
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
    told.toldAfter.length,
    told.known,
    told.leftOut,
    spread(told.visibleAfter),
    spread(told.toldAfter),
    spread(told.toldAfterSeen),
    spread(told.toldAfterVisible),
    percent(within(told.toldAfterVisible) / asked(told)),
    perTold(told).toFixed(2),
  ];
  return `| ${cells.join(" | ")} |`;
}

/** Those that are to be told: nobody knows of them, no rule leaves them out, and they could be seen. */
function asked({ incidents, known, leftOut, neverVisible }: KindTold): number {
  return incidents - known - leftOut - neverVisible;
}

function budgetText(title: string, times: readonly number[], of: number): string {
  const share = within(times) / of;
  return `| ${title}, of ${of} | ${percent(share)}${missed(share < 1)} | 100.0 % |`;
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
