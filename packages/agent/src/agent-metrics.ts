// What an agent counts, as an interface, and its form in Prometheus and OpenTelemetry. Names live here alone. Those that
// begin with `monitor` are the NTP Pool's agent's, for whoever has dashboards of it; its one attribute with two spellings
// (`ip_version`) has one here: v4, v6.

import type { Clock, IpFamily, UnixNs } from "@truechimer/base";
import type { Metrics } from "@truechimer/telemetry";

export interface AgentMetrics {
  checkEnded(check: EndedCheck): void;
  /** Checks in flight went up or down. */
  checksInFlight(count: number): void;
  /** Results that the control plane has counted. */
  resultsAccepted(count: number): void;
  /** Results that it refused, or that could not be delivered before the end. */
  resultsLost(count: number, code: string): void;
  /** A call ended; `code` is "ok" or what went wrong. */
  callEnded(procedure: string, code: string): void;
  localClockChecked(finding: LocalClockFinding): void;
}

/** A check of a server, also of one that was refused before a packet was sent. */
export interface EndedCheck {
  readonly family: IpFamily;
  /** Empty for a success. */
  readonly reason: string;
  /** Requests that were sent for it. */
  readonly queries: number;
}

/** What the trusted servers say of the host's own clock. */
export interface LocalClockFinding {
  readonly family: IpFamily;
  readonly ok: boolean;
  readonly hosts: readonly { readonly host: string; readonly ok: boolean }[];
  /** Requests that were sent for it. */
  readonly queries: number;
}

export const silentAgentMetrics: AgentMetrics = {
  checkEnded: () => {},
  checksInFlight: () => {},
  resultsAccepted: () => {},
  resultsLost: () => {},
  callEnded: () => {},
  localClockChecked: () => {},
};

/** Tells each of them everything. */
export function combineAgentMetrics(all: readonly AgentMetrics[]): AgentMetrics {
  const each = (tell: (one: AgentMetrics) => void): void => {
    for (const one of all) tell(one);
  };
  return {
    checkEnded: (check) => each((one) => one.checkEnded(check)),
    checksInFlight: (count) => each((one) => one.checksInFlight(count)),
    resultsAccepted: (count) => each((one) => one.resultsAccepted(count)),
    resultsLost: (count, code) => each((one) => one.resultsLost(count, code)),
    callEnded: (procedure, code) => each((one) => one.callEnded(procedure, code)),
    localClockChecked: (finding) => each((one) => one.localClockChecked(finding)),
  };
}

export interface AgentMetricsOptions {
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** The agent's own. Undefined: it has none, and the metrics no value. */
  readonly certificate?: () => CertificateLife | undefined;
}

export interface CertificateLife {
  readonly notBeforeNs: UnixNs;
  readonly notAfterNs: UnixNs;
}

const NS_PER_SECOND = 1e9;

export function createAgentMetrics(options: AgentMetricsOptions): AgentMetrics {
  certificateMetrics(options);
  return combineAgentMetrics([ownMetrics(options.metrics), poolMetrics(options)]);
}

/** Read when they are asked for. */
function certificateMetrics({
  metrics,
  clock,
  certificate = () => undefined,
}: AgentMetricsOptions): void {
  const read = (
    name: { readonly name: string; readonly openTelemetryName?: string; readonly help: string },
    seconds: (life: CertificateLife) => number,
  ): void => {
    metrics.gauge({
      ...name,
      collect: (gauge) => {
        const life = certificate();
        if (life === undefined) gauge.remove();
        else gauge.set(Math.floor(seconds(life)));
      },
    });
  };
  read(
    {
      ...poolName("ssl_earliest_cert_expiry"),
      help: "End of the agent's certificate, seconds since 1970.",
    },
    ({ notAfterNs }) => Number(notAfterNs) / NS_PER_SECOND,
  );
  read(
    {
      name: "truechimer_agent_certificate_remaining_seconds",
      help: "Until the end of the agent's certificate, seconds; negative after it.",
    },
    ({ notAfterNs }) => Number(notAfterNs - clock.nowNs()) / NS_PER_SECOND,
  );
  read(
    {
      name: "truechimer_agent_certificate_start_seconds",
      help: "Begin of the agent's certificate, seconds since 1970: it moves with each renewal.",
    },
    ({ notBeforeNs }) => Number(notBeforeNs) / NS_PER_SECOND,
  );
}

function ownMetrics(metrics: Metrics): AgentMetrics {
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
    checkEnded: ({ reason }) => checks.inc({ reason: reason === "" ? "ok" : reason }),
    checksInFlight: (count) => inFlight.set(count),
    resultsAccepted: (count) => accepted.inc(count),
    resultsLost: (count, code) => lost.inc({ code }, count),
    callEnded: (procedure, code) => calls.inc({ procedure, code }),
    localClockChecked: ({ ok }) => localClock.set(ok ? 1 : 0),
  };
}

function poolMetrics({ metrics, clock }: AgentMetricsOptions): AgentMetrics {
  const checked = metrics.counter<"ip_version">({
    ...poolName("servers_checked_total"),
    help: "Servers checked, refused addresses and trusted servers among them.",
    labelNames: ["ip_version"],
  });
  const queries = metrics.counter<"ip_version">({
    ...poolName("ntp_queries_sent_total"),
    help: "NTP requests, those that failed among them.",
    labelNames: ["ip_version"],
  });
  const calls = metrics.counter<"type" | "status_code">({
    ...poolName("rpc_requests_total"),
    help: "Calls to the control plane; status_code is success or error.",
    labelNames: ["type", "status_code"],
  });
  const localUp = metrics.gauge<"host" | "ip_version">({
    ...poolName("local_check_up"),
    help: "1 when the trusted server vouched for the host's clock at the last look, else 0.",
    labelNames: ["host", "ip_version"],
  });
  const localTime = metrics.gauge<"host" | "ip_version">({
    ...poolName("local_check_time"),
    help: "When the trusted server was last asked, seconds since 1970.",
    labelNames: ["host", "ip_version"],
  });
  /** The trusted servers of the last look: those that are no more named have no value. */
  const named = new Map<IpFamily, readonly string[]>();
  return {
    ...silentAgentMetrics,
    checkEnded: ({ family, queries: sent }) => {
      checked.inc({ ip_version: family });
      queries.inc({ ip_version: family }, sent);
    },
    callEnded: (procedure, code) => {
      const type = procedure.slice(0, 1).toLowerCase() + procedure.slice(1);
      calls.inc({
        type: type === "getConfig" ? "config" : type,
        status_code: code === "ok" ? "success" : "error",
      });
    },
    localClockChecked: ({ family, hosts, queries: sent }) => {
      const atSeconds = Math.floor(Number(clock.nowNs()) / NS_PER_SECOND);
      for (const host of named.get(family) ?? []) {
        localUp.remove({ host, ip_version: family });
        localTime.remove({ host, ip_version: family });
      }
      named.set(
        family,
        hosts.map(({ host }) => host),
      );
      for (const { host, ok } of hosts) {
        localUp.set({ host, ip_version: family }, ok ? 1 : 0);
        localTime.set({ host, ip_version: family }, atSeconds);
      }
      checked.inc({ ip_version: family }, hosts.length);
      queries.inc({ ip_version: family }, sent);
    },
  };
}

/** With an underscore for Prometheus, which takes no dots. */
function poolName(name: string): { readonly name: string; readonly openTelemetryName: string } {
  return { name: `monitor_${name}`, openTelemetryName: `monitor.${name}` };
}
