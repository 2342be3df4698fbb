// What a running agent has done since its start, for `status`: counts, and when something last happened.

import type { AgentMetrics } from "@truechimer/agent";
import { type Clock, type IpFamily, type UnixNs, unixMsFromNs } from "@truechimer/base";
import { instantText } from "../output/time-text.ts";

export interface AgentActivity {
  /** To be told everything. */
  readonly metrics: AgentMetrics;
  /** The control plane can ask this agent for checks at once, by this way, or cannot any more. */
  readonly sessionChanged: (transport: "stream" | "mqtt", online: boolean) => void;
  /** As of now; survives JSON. */
  readonly report: () => ActivityReport;
}

export interface ActivityReport {
  readonly checks: number;
  readonly checks_failed: number;
  readonly checks_in_flight: number;
  readonly results_accepted: number;
  readonly results_lost: number;
  readonly calls: number;
  readonly calls_failed: number;
  /** Of the last call that failed; null when the last one did not. */
  readonly call_failure: string | null;
  /** How the control plane can ask for a check at once; null: it cannot. */
  readonly session: "stream" | "mqtt" | null;
  /** Instants as RFC 3339 texts; null: not yet. */
  readonly last_check_at: string | null;
  readonly last_accepted_at: string | null;
  readonly last_call_at: string | null;
  /** By IP family; a family that was not looked at is left out. */
  readonly local_clock: Readonly<Partial<Record<IpFamily, LocalClockReport>>>;
}

interface LocalClockReport {
  readonly ok: boolean;
  readonly at: string;
  readonly vouching: number;
  readonly asked: number;
}

export function createAgentActivity(clock: Clock): AgentActivity {
  const counts = {
    checks: 0,
    failed: 0,
    inFlight: 0,
    accepted: 0,
    lost: 0,
    calls: 0,
    callsFailed: 0,
  };
  let callFailure: string | undefined;
  let session: "stream" | "mqtt" | undefined;
  let lastCheckNs: UnixNs | undefined;
  let lastAcceptedNs: UnixNs | undefined;
  let lastCallNs: UnixNs | undefined;
  const localClock: Partial<Record<IpFamily, LocalClockReport>> = {};
  return {
    metrics: {
      checkEnded: ({ reason }) => {
        counts.checks += 1;
        if (reason !== "") counts.failed += 1;
        lastCheckNs = clock.nowNs();
      },
      checksInFlight: (count) => {
        counts.inFlight = count;
      },
      resultsAccepted: (count) => {
        counts.accepted += count;
        lastAcceptedNs = clock.nowNs();
      },
      resultsLost: (count) => {
        counts.lost += count;
      },
      callEnded: (_procedure, code) => {
        counts.calls += 1;
        if (code !== "ok") counts.callsFailed += 1;
        callFailure = code === "ok" ? undefined : code;
        lastCallNs = clock.nowNs();
      },
      localClockChecked: ({ family, ok, hosts }) => {
        localClock[family] = {
          ok,
          at: instantText(unixMsFromNs(clock.nowNs())),
          vouching: hosts.filter((host) => host.ok).length,
          asked: hosts.length,
        };
      },
    },
    sessionChanged: (transport, online) => {
      if (online) session = transport;
      else if (session === transport) session = undefined;
    },
    report: () => ({
      checks: counts.checks,
      checks_failed: counts.failed,
      checks_in_flight: counts.inFlight,
      results_accepted: counts.accepted,
      results_lost: counts.lost,
      calls: counts.calls,
      calls_failed: counts.callsFailed,
      call_failure: callFailure ?? null,
      session: session ?? null,
      last_check_at: textOf(lastCheckNs),
      last_accepted_at: textOf(lastAcceptedNs),
      last_call_at: textOf(lastCallNs),
      local_clock: localClock,
    }),
  };
}

function textOf(atNs: UnixNs | undefined): string | null {
  return atNs === undefined ? null : instantText(unixMsFromNs(atNs));
}
