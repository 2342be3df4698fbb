import { type Clock, systemClock, type UnixNs } from "@truechimer/base";
import { createMetrics, type Metrics } from "@truechimer/telemetry";
import { expect, test } from "vitest";
import { type AgentMetrics, type CertificateLife, createAgentMetrics } from "./agent-metrics.ts";

const DAY_NS = 86_400_000_000_000n;
const clock: Clock = { ...systemClock, nowNs: () => 1_700_000_000_500_000_000n };

function useMetrics(notAfterNs?: UnixNs): {
  readonly metrics: Metrics;
  readonly agent: AgentMetrics;
} {
  const metrics = createMetrics({ version: "0.1.0", processMetrics: false });
  const certificate = (): CertificateLife | undefined =>
    notAfterNs === undefined ? undefined : { notBeforeNs: notAfterNs - DAY_NS, notAfterNs };
  const agent = createAgentMetrics({ metrics, clock, certificate });
  return { metrics, agent };
}

function count(agent: AgentMetrics): void {
  agent.checkEnded({ family: "v4", reason: "", queries: 3 });
  agent.checkEnded({ family: "v6", reason: "timeout", queries: 1 });
  agent.checksInFlight(7);
  agent.resultsAccepted(12);
  agent.resultsLost(3, "ticket_expired");
  agent.callEnded("GetServers", "ok");
  agent.callEnded("GetConfig", "peer_unreachable");
  agent.localClockChecked({
    family: "v4",
    ok: false,
    hosts: [
      { host: "a.example", ok: true },
      { host: "b.example", ok: false },
    ],
    queries: 6,
  });
}

test("what an agent counts can be scraped", async () => {
  const { metrics, agent } = useMetrics(1_800_000_000_000_000_000n);
  count(agent);
  const { text } = await metrics.scrape();
  for (const line of [
    'truechimer_agent_checks_total{reason="ok"} 1',
    'truechimer_agent_checks_total{reason="timeout"} 1',
    "truechimer_agent_checks_in_flight 7",
    "truechimer_agent_results_accepted_total 12",
    'truechimer_agent_results_lost_total{code="ticket_expired"} 3',
    'truechimer_agent_calls_total{procedure="GetServers",code="ok"} 1',
    "truechimer_agent_local_clock_ok 0",
    'monitor_servers_checked_total{ip_version="v4"} 3',
    'monitor_servers_checked_total{ip_version="v6"} 1',
    'monitor_ntp_queries_sent_total{ip_version="v4"} 9',
    'monitor_rpc_requests_total{type="getServers",status_code="success"} 1',
    'monitor_rpc_requests_total{type="config",status_code="error"} 1',
    'monitor_local_check_up{host="a.example",ip_version="v4"} 1',
    'monitor_local_check_up{host="b.example",ip_version="v4"} 0',
    'monitor_local_check_time{host="a.example",ip_version="v4"} 1700000000',
    "monitor_ssl_earliest_cert_expiry 1800000000",
    "truechimer_agent_certificate_remaining_seconds 99999999",
    "truechimer_agent_certificate_start_seconds 1799913600",
  ]) {
    expect(text.split("\n")).toContain(line);
  }
});

test("OpenTelemetry has the NTP Pool's names, with dots", async () => {
  const { metrics, agent } = useMetrics(1n);
  count(agent);
  const names = (await metrics.samples()).map(({ name }) => name);
  for (const name of [
    "monitor.local_check_up",
    "monitor.local_check_time",
    "monitor.servers_checked_total",
    "monitor.ntp_queries_sent_total",
    "monitor.rpc_requests_total",
    "monitor.ssl_earliest_cert_expiry",
  ]) {
    expect(names).toContain(name);
  }
});

test("without a certificate its end has no value, and a trusted server that is named no more has none", async () => {
  const { metrics, agent } = useMetrics();
  count(agent);
  const hosts = [{ host: "c.example", ok: true }];
  agent.localClockChecked({ family: "v6", ok: true, hosts, queries: 3 });
  agent.localClockChecked({ family: "v4", ok: true, hosts, queries: 3 });
  const { text } = await metrics.scrape();
  expect(text).not.toMatch(/^monitor_ssl_earliest_cert_expiry/m);
  expect(text).not.toMatch(/^truechimer_agent_certificate/m);
  expect(text).not.toContain("a.example");
  expect(text).toContain('monitor_local_check_up{host="c.example",ip_version="v4"} 1');
  expect(text).toContain('monitor_local_check_up{host="c.example",ip_version="v6"} 1');
});
