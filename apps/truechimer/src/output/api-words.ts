// The API's enumerations and instants as the words that screens, commands and documents share.

import { adminV1 } from "@truechimer/api";
import { formatOffset } from "@truechimer/base";

type Timestamp = NonNullable<adminV1.Server["scoreAt"]>;

/** An enumeration's name in lower case: "watched", "active". A value of a newer server is "unknown". */
export function wordOf(names: Readonly<Record<string, number>>, value: number): string {
  const name = Object.keys(names).find((each) => names[each] === value);
  return name === undefined || name === "UNSPECIFIED" ? "unknown" : name.toLowerCase();
}

/** "truechimer", "falseticker", "unreachable", "unsure" */
export function verdictWord(verdict: adminV1.Verdict): string {
  return wordOf(adminV1.Verdict, verdict);
}

/** "server", "path", "monitor", "cannot_tell"; empty: nothing is wrong. */
export function faultWord(fault: adminV1.Fault): string {
  return fault === adminV1.Fault.UNSPECIFIED ? "" : wordOf(adminV1.Fault, fault);
}

export function serverStateWord(state: adminV1.ServerState): string {
  return wordOf(adminV1.ServerState, state);
}

export function monitorStatusWord(status: adminV1.MonitorStatus): string {
  return wordOf(adminV1.MonitorStatus, status);
}

export function registrationStatusWord(status: adminV1.RegistrationStatus): string {
  return wordOf(adminV1.RegistrationStatus, status);
}

export function assignmentStatusWord(status: adminV1.AssignmentStatus): string {
  return wordOf(adminV1.AssignmentStatus, status);
}

export function familyWord(family: adminV1.IpFamily): string {
  return wordOf(adminV1.IpFamily, family);
}

export function stampSourceWord(source: adminV1.StampSource): string {
  return wordOf(adminV1.StampSource, source).replace("_", " ");
}

export function exchangeModeWord(mode: adminV1.ExchangeMode): string {
  return wordOf(adminV1.ExchangeMode, mode);
}

export function ruleOutcomeWord(outcome: adminV1.RuleOutcome): string {
  return wordOf(adminV1.RuleOutcome, outcome).replace("_", " ");
}

/** "idempotent", "once_per_period" */
export function loopClassWord(loopClass: adminV1.LoopClass): string {
  return wordOf(adminV1.LoopClass, loopClass);
}

/** Milliseconds since 1970, with their fraction. Undefined: there is no such instant. */
export function msOf(at: Timestamp | undefined): number | undefined {
  return at === undefined ? undefined : Number(at.seconds) * 1_000 + at.nanos / 1_000_000;
}

/** ISO form for programs; null when there is no such instant. */
export function isoOf(at: Timestamp | undefined): string | null {
  const atMs = msOf(at);
  return atMs === undefined ? null : new Date(atMs).toISOString();
}

/** "+1.20 ms ± 0.03", or a dash when there is none. */
export function apiOffsetText(offset: adminV1.Offset | undefined): string {
  return offset === undefined ? "–" : formatOffset(offset.valueNs, offset.boundNs);
}
