// The words of the screens, each with the definition that hovering gives. The same words as in API, CLI and documents.

import { adminV1 } from "@truechimer/api";

export type VerdictName = "truechimer" | "falseticker" | "unreachable" | "unsure";

/** In the order of urgency. */
export const VERDICT_NAMES: readonly VerdictName[] = [
  "falseticker",
  "unreachable",
  "unsure",
  "truechimer",
];

const DEFINITIONS: Readonly<Record<VerdictName, string>> = {
  truechimer: "A clock that keeps time: the monitors with fresh data find it within the limit.",
  falseticker:
    "A clock that lies: most monitors with fresh data hold its offset, error bound included, to be outside the limit.",
  unreachable: "No valid answer within three intervals.",
  unsure: "It answers, but not in a way that proves anything, or too few monitors have fresh data.",
};

/** What a verdict means, in a sentence. */
export function verdictDefinition(verdict: VerdictName): string {
  return DEFINITIONS[verdict];
}

/** The word for a verdict of the wire; one that is not known yet is "unsure". */
export function verdictName(verdict: adminV1.Verdict): VerdictName {
  if (verdict === adminV1.Verdict.TRUECHIMER) return "truechimer";
  if (verdict === adminV1.Verdict.FALSETICKER) return "falseticker";
  if (verdict === adminV1.Verdict.UNREACHABLE) return "unreachable";
  return "unsure";
}

/** The word for an assignment's status. */
export function assignmentWord(status: adminV1.AssignmentStatus): string {
  if (status === adminV1.AssignmentStatus.CANDIDATE) return "candidate";
  if (status === adminV1.AssignmentStatus.TESTING) return "testing";
  if (status === adminV1.AssignmentStatus.ACTIVE) return "active";
  if (status === adminV1.AssignmentStatus.PAUSED) return "paused";
  return "unknown";
}

export type MonitorStatusName = "pending" | "testing" | "active" | "paused" | "deleted" | "unknown";

/** The word for a monitor's status. */
export function monitorStatusName(status: adminV1.MonitorStatus): MonitorStatusName {
  if (status === adminV1.MonitorStatus.PENDING) return "pending";
  if (status === adminV1.MonitorStatus.TESTING) return "testing";
  if (status === adminV1.MonitorStatus.ACTIVE) return "active";
  if (status === adminV1.MonitorStatus.PAUSED) return "paused";
  if (status === adminV1.MonitorStatus.DELETED) return "deleted";
  return "unknown";
}

/** What each status means for its monitor. */
export const MONITOR_STATUS_DEFINITIONS: Readonly<Record<MonitorStatusName, string>> = {
  pending: "Finishes and sends the batch in hand and takes no new one.",
  testing:
    "Works, on trial: counts for a server's score only where too few active monitors watch it.",
  active: "Works, and counts for scores.",
  paused: "Stops all work at once.",
  deleted: "Was removed; its history stays.",
  unknown: "A status that this page does not know.",
};

/** Definitions of terms that stand in headings. */
export const TERMS = {
  offset: "The server's clock minus ours. Positive: the server's clock is ahead.",
  bound:
    "The true offset lies within offset ± bound: it follows from the round trip and the clocks' precision.",
  score:
    "Steps with decay 0.95: 20 is the best, below 10 the NTP Pool would not hand the server out.",
  step: "What one check is worth: +1 for a good one, negative for a bad one.",
  stratum:
    "Distance from a reference clock in servers: 1 has one attached, 16 is not synchronised.",
  reference:
    "What the server takes its time from: four letters at stratum 1, an address or a digest of one above.",
  loss: "Share of samples without an answer over the last day.",
  rtt: "Round trip without the time that the server took.",
  leap: "Announced leap second; 3 means that the server's clock is not synchronised.",
  lastSeen: "When any monitor last had a valid answer.",
  ownClock:
    "The agent's own clock minus the fleet's time: the median over the servers that it shares with others. Positive: the agent's clock is ahead. An asymmetric path looks the same, within the bound.",
  agreement:
    "Servers of which it holds the same as the fleet (true or false), of those that it and others had answers from in the last hour.",
  certificate:
    "The agent's identity. The bar is its life, the mark is where it begins to ask for the next one; in the last sixth it should long be replaced.",
  lastBatch: "When its results last arrived.",
  agentOnline: "It asked for work, sent results or held its connection a moment ago.",
  transport:
    "How requests on demand reach it: the stream that it holds open to us, or MQTT. Without one it still works, and cannot be asked.",
  lossLastHour: "Share of its checks in the last hour that had no answer.",
  fromOthers:
    "What this monitor finds minus the median of what the others find of the same server. Within the bounds of both they agree.",
  witnesses: "Monitors with fresh data, and how many of them hold the clock to be wrong.",
} as const;

const REASONS: Readonly<Record<string, string>> = {
  timeout: "no answer in time",
  connection_refused: "connection refused",
  network_unreachable: "network unreachable",
  host_unreachable: "host unreachable",
  permission_denied: "sending not permitted",
  network_error: "network error",
  address_refused: "address out of policy",
  truncated: "truncated packet",
  bad_extension: "broken extension field",
  origin_mismatch: "answer to another question",
  bad_mode: "not a server's answer",
  bad_version: "wrong version",
  zero_transmit: "zero transmit time stamp",
  receive_after_transmit: "received after it transmitted",
  negative_delay: "negative delay",
  kiss_rate: "asked us to slow down (RATE)",
  kiss_deny: "denies service (DENY)",
  kiss_rstr: "denies service (RSTR)",
  kiss_other: "kiss of death",
  bad_stratum: "stratum out of range",
  not_synchronised: "not synchronised (leap 3)",
  bad_root_distance: "root distance too great",
  clock_stepped: "our clock was stepped",
};

/** A coded reason in a few words; a code that the page does not know is shown as it is. */
export function reasonWords(reason: string): string {
  return REASONS[reason] ?? reason.replaceAll("_", " ");
}
