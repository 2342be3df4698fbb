import { createMetrics } from "@truechimer/telemetry";
import { expect, test } from "vitest";
import { createAgentMetrics } from "./agent-metrics.ts";

test("what an agent counts can be scraped", async () => {
  const metrics = createMetrics({ version: "0.1.0", processMetrics: false });
  const agent = createAgentMetrics(metrics);
  agent.checkEnded("");
  agent.checkEnded("timeout");
  agent.checksInFlight(7);
  agent.resultsAccepted(12);
  agent.resultsLost(3, "ticket_expired");
  agent.callEnded("GetServers", "ok");
  agent.localClockChecked(false);
  const { text } = await metrics.scrape();
  for (const line of [
    'truechimer_agent_checks_total{reason="ok"} 1',
    'truechimer_agent_checks_total{reason="timeout"} 1',
    "truechimer_agent_checks_in_flight 7",
    "truechimer_agent_results_accepted_total 12",
    'truechimer_agent_results_lost_total{code="ticket_expired"} 3',
    'truechimer_agent_calls_total{procedure="GetServers",code="ok"} 1',
    "truechimer_agent_local_clock_ok 0",
  ]) {
    expect(text.split("\n")).toContain(line);
  }
});
