// What an agent counts, as an interface, and its form in Prometheus. Names live here alone.

import type { Metrics } from "@truechimer/telemetry";

export interface AgentMetrics {
  /** `reason`: empty for a success. */
  checkEnded(reason: string): void;
  /** Checks in flight went up or down. */
  checksInFlight(count: number): void;
  /** Results that the control plane has counted. */
  resultsAccepted(count: number): void;
  /** Results that it refused, or that could not be delivered before the end. */
  resultsLost(count: number, code: string): void;
  /** A call ended; `code` is "ok" or what went wrong. */
  callEnded(procedure: string, code: string): void;
  localClockChecked(ok: boolean): void;
}

export const silentAgentMetrics: AgentMetrics = {
  checkEnded: () => {},
  checksInFlight: () => {},
  resultsAccepted: () => {},
  resultsLost: () => {},
  callEnded: () => {},
  localClockChecked: () => {},
};

export function createAgentMetrics(metrics: Metrics): AgentMetrics {
  const checks = metrics.counter<"reason">({
    name: "truechimer_agent_checks_total",
    help: "Checks that ended, by coded reason; ok for a success.",
    labelNames: ["reason"],
  });
  const inFlight = metrics.gauge({
    name: "truechimer_agent_checks_in_flight",
    help: "Checks that are under way.",
  });
  const accepted = metrics.counter({
    name: "truechimer_agent_results_accepted_total",
    help: "Results that the control plane has counted.",
  });
  const lost = metrics.counter<"code">({
    name: "truechimer_agent_results_lost_total",
    help: "Results that were refused or could not be delivered, by code.",
    labelNames: ["code"],
  });
  const calls = metrics.counter<"procedure" | "code">({
    name: "truechimer_agent_calls_total",
    help: "Calls to the control plane, by procedure and code; ok for a success.",
    labelNames: ["procedure", "code"],
  });
  const localClock = metrics.gauge({
    name: "truechimer_agent_local_clock_ok",
    help: "1 when the host's clock agreed with the trusted servers at the last look, else 0.",
  });
  return {
    checkEnded: (reason) => checks.inc({ reason: reason === "" ? "ok" : reason }),
    checksInFlight: (count) => inFlight.set(count),
    resultsAccepted: (count) => accepted.inc(count),
    resultsLost: (count, code) => lost.inc({ code }, count),
    callEnded: (procedure, code) => calls.inc({ procedure, code }),
    localClockChecked: (ok) => localClock.set(ok ? 1 : 0),
  };
}
