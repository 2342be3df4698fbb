// Rules that most want, to begin with.

import { alertsV1 } from "@truechimer/api";

export interface ReadyRule {
  readonly name: string;
  readonly subject: alertsV1.AlertSubject;
  readonly filter: string;
  readonly severity: alertsV1.AlertSeverity;
  readonly holdsMinutes: number;
}

const { SERVERS, MONITORS, CERTIFICATES } = alertsV1.AlertSubject;
const { WARNING, CRITICAL, INFO } = alertsV1.AlertSeverity;

export const READY_RULES: readonly ReadyRule[] = [
  ready("a clock lies", "verdict:falseticker", { severity: CRITICAL }),
  ready("a server is at fault", "fault:server", { holdsMinutes: 5 }),
  ready("a path is at fault", "seen_faults:*path/*", { holdsMinutes: 5 }),
  ready("no answer", "verdict:unreachable", { holdsMinutes: 5 }),
  ready("offset beyond 5 ms", "abs_offset>5ms bound<1ms", { holdsMinutes: 5 }),
  ready("bad score", "score<10", { holdsMinutes: 5 }),
  ready("no fresh data", "stale:yes", { holdsMinutes: 5 }),
  ready("too few witnesses", "witnesses_fresh<3", { holdsMinutes: 30 }),
  ready("leap second announced", "leap_inserts>0 or leap_deletes>0", { severity: INFO }),
  ready("certificate ends", "certificate_left<2d", { subject: MONITORS }),
  // Public authorities issue for 45 days and more, and are asked for the next one in the last third; the built-in one for seven.
  ready("dashboard's certificate", "left<2d or (left<10d not source:own) or renewal_failing:yes", {
    subject: CERTIFICATES,
    holdsMinutes: 60,
  }),
  ready("agent lost", "online:no", { subject: MONITORS, holdsMinutes: 5 }),
];

function ready(name: string, filter: string, more: Partial<ReadyRule>): ReadyRule {
  return { name, filter, subject: SERVERS, severity: WARNING, holdsMinutes: 0, ...more };
}
