// What the answers of trusted servers say of the way to port 123 and of this host's clock. Pure.

import { localClockVerdict } from "@truechimer/agent";
import { formatDurationNs } from "@truechimer/base";
import type { CheckResult } from "@truechimer/ntp";
import { type DoctorFinding, findingsOf } from "../../doctor/finding.ts";

/** One check of one trusted server. */
export interface TrustedCheck {
  readonly host: string;
  readonly result: CheckResult;
}

/** What to do about a clock that is off. */
export const KEEP_THE_CLOCK =
  "let chronyd, ntpd or ntpd-rs keep this host's clock, and look at it with chronyc tracking; while it is bad the agent takes no work";
const clockFinding = findingsOf("clock");
const udpFinding = findingsOf("UDP 123");
/** No NTP server spoke: it may be the way out, or the way back. */
const SILENT: ReadonlySet<string> = new Set([
  "timeout",
  "connection_refused",
  "permission_denied",
  "network_unreachable",
  "host_unreachable",
  "network_error",
  "local_socket_failed",
]);

/** Of at least one check. The clock is not judged where nobody answered. */
export function trustedFindings(checks: readonly TrustedCheck[]): readonly DoctorFinding[] {
  const way = wayFinding(checks);
  return way.health === "problem" ? [way] : [way, judgedClock(checks)];
}

function wayFinding(checks: readonly TrustedCheck[]): DoctorFinding {
  const silent = checks.filter(({ result }) => SILENT.has(result.outcome.reason ?? ""));
  if (silent.length === checks.length) {
    const reasons = new Set(silent.map(({ result }) => result.outcome.reason ?? ""));
    return udpFinding.problem(
      `none of ${checks.length} trusted servers answered (${[...reasons].join(", ")})`,
      "let UDP to port 123 out, and the answers in, at this host's firewall and at what stands before it",
    );
  }
  const answered = `${checks.length - silent.length} of ${checks.length} trusted servers answered`;
  if (silent.length === 0) return udpFinding.ok(answered);
  return udpFinding.warning(
    `${answered}; not ${silent.map(({ host }) => host).join(", ")}`,
    "look whether those run, and whether a family is not routed: --no-ipv4 and --no-ipv6 do without one",
  );
}

function judgedClock(checks: readonly TrustedCheck[]): DoctorFinding {
  const { ok, failures } = localClockVerdict(checks);
  const offsetNs = medianOffsetNs(checks);
  const amount = offsetNs === undefined ? "" : `${amountText(offsetNs)}, `;
  if (ok) {
    return clockFinding.ok(
      `good: ${amount}and most of ${checks.length} trusted servers agree within 10 ms`,
    );
  }
  return clockFinding.problem(
    `not good enough to judge others: ${amount}by ${checks.length} trusted servers: ${failures.join("; ")}`,
    KEEP_THE_CLOCK,
  );
}

/** The lower median over those that gave a time. A positive offset: they are ahead of this host. */
function medianOffsetNs(checks: readonly TrustedCheck[]): bigint | undefined {
  const offsets = checks
    .flatMap(({ result: { outcome } }) =>
      outcome.reason === undefined && outcome.offsetNs !== undefined ? [outcome.offsetNs] : [],
    )
    .toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return offsets[Math.floor((offsets.length - 1) / 2)];
}

function amountText(offsetNs: bigint): string {
  if (offsetNs === 0n) return "it is not off";
  const magnitude = formatDurationNs(offsetNs < 0n ? -offsetNs : offsetNs);
  return `it is ${magnitude} ${offsetNs > 0n ? "behind" : "ahead"}`;
}
