// What a rule or a silence is about, in words.

import { alertsV1 } from "@truechimer/api";
import type { Subject } from "@truechimer/filter";

const { SERVERS, MONITORS, CERTIFICATES } = alertsV1.AlertSubject;

export const SUBJECT_CHOICES: readonly {
  readonly value: alertsV1.AlertSubject;
  readonly words: string;
}[] = [
  { value: SERVERS, words: "servers" },
  { value: MONITORS, words: "monitors" },
  { value: CERTIFICATES, words: "the dashboard's certificates" },
];

export function subjectWords(subject: alertsV1.AlertSubject): string {
  return SUBJECT_CHOICES.find(({ value }) => value === subject)?.words ?? "servers";
}

const FILTERED: ReadonlyMap<alertsV1.AlertSubject, Subject> = new Map([
  [SERVERS, "servers"],
  [MONITORS, "monitors"],
  [CERTIFICATES, "certificates"],
]);

/** As the filter language calls it. */
export function filteredSubject(subject: alertsV1.AlertSubject): Subject {
  return FILTERED.get(subject) ?? "servers";
}
