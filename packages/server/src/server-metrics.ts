// The control plane's metric names. The NTP Pool's own where they mean the same; ours begin with `truechimer_`.

import type { Counter, Gauge, Histogram, Metrics } from "@truechimer/telemetry";

export interface ServerMetrics {
  /** Servers handed out. */
  readonly testsRequested: Counter<"monitor" | "ip_version">;
  /** Results by outcome: ok, offset, timeout, signature_validation, batch_out_of_order, refused, duplicate. */
  readonly testsCompleted: Counter<"monitor" | "ip_version" | "result" | "version">;
  readonly rpcSeconds: Histogram<"service" | "method" | "code">;
  readonly rpcInFlight: Gauge<"service">;
  readonly accessRefused: Counter<"reason">;
  /** Requests at each limit: passed, refused. */
  readonly rateLimits: Counter<"limit" | "outcome">;
  /** received, approved, rejected, bad_request, limit_exceeded. */
  readonly registrations: Counter<"outcome">;
  /** Enrolments with a token: enrolled, repeated, or an error code. */
  readonly enrolments: Counter<"outcome">;
  /** By who made the key: agent, server. */
  readonly agentCertificates: Counter<"key">;
  readonly agentTokens: Counter;
  readonly scorerRows: Counter<"scorer">;
  readonly scorerSeconds: Histogram<"scorer">;
  readonly scorerErrors: Counter<"scorer">;
  /** By outcome: changed, stable, shortage. */
  readonly selectorReviews: Counter<"outcome">;
  readonly selectorSeconds: Histogram<never>;
  readonly selectorEvaluated: Counter;
  /** Written changes; the reason is a code. */
  readonly selectorChanges: Counter<"from_status" | "to_status" | "reason">;
  readonly selectorViolations: Counter<"constraint_type">;
  /** Reviews that failed by error code; changes that were not written because the status was another: conflict. */
  readonly selectorFailures: Counter<"reason">;
  readonly verdictChanges: Counter<"verdict">;
  readonly loopSeconds: Histogram<"loop">;
  readonly loopRuns: Counter<"loop" | "outcome">;
  readonly agentStreams: Gauge<never>;
  /** Answers on demand: taken, duplicate, late. */
  readonly onDemandAnswers: Counter<"outcome">;
  /** Attempts to send an alert, by the kind of channel: sent, failed, dead. */
  readonly alertMessages: Counter<"channel" | "outcome">;
}

export function createServerMetrics(metrics: Metrics): ServerMetrics {
  return {
    testsRequested: metrics.counter({
      name: "tests_requested_total",
      help: "Servers handed out to monitors.",
      labelNames: ["monitor", "ip_version"],
    }),
    testsCompleted: metrics.counter({
      name: "tests_completed_total",
      help: "Submitted results by outcome.",
      labelNames: ["monitor", "ip_version", "result", "version"],
    }),
    rpcSeconds: metrics.histogram({
      name: "truechimer_rpc_duration_seconds",
      help: "Time from a call's arrival to its answer.",
      labelNames: ["service", "method", "code"],
    }),
    rpcInFlight: metrics.gauge({
      name: "truechimer_rpc_in_flight",
      help: "Calls that are being answered.",
      labelNames: ["service"],
    }),
    accessRefused: metrics.counter({
      name: "truechimer_access_refused_total",
      help: "Requests refused before any work: host, origin, session, key_refused, password, code, passkey, link_refused, oidc, token, certificate, overload, rate_limit, request, path, slow.",
      labelNames: ["reason"],
    }),
    rateLimits: metrics.counter({
      name: "truechimer_rate_limit_requests_total",
      help: "Requests that met a limit, by its name and outcome: passed, refused.",
      labelNames: ["limit", "outcome"],
    }),
    registrations: metrics.counter({
      name: "truechimer_registrations_total",
      help: "Registrations by outcome: received, approved, rejected, bad_request, limit_exceeded.",
      labelNames: ["outcome"],
    }),
    enrolments: metrics.counter({
      name: "truechimer_enrolments_total",
      help: "Enrolments with a token by outcome: enrolled, repeated, or an error code.",
      labelNames: ["outcome"],
    }),
    agentCertificates: metrics.counter({
      name: "truechimer_agent_certificates_total",
      help: "Certificates issued to agents, by who made the key: agent, server.",
      labelNames: ["key"],
    }),
    agentTokens: metrics.counter({
      name: "truechimer_agent_tokens_total",
      help: "Tokens issued to agents for calls without a certificate.",
    }),
    scorerRows: metrics.counter({
      name: "scorer_processed_count",
      help: "Results taken into the scores, by scorer.",
      labelNames: ["scorer"],
    }),
    scorerSeconds: metrics.histogram({
      name: "scorer_batch_duration_seconds",
      help: "Time of one scoring transaction, of all scorers together.",
      labelNames: ["scorer"],
    }),
    scorerErrors: metrics.counter({
      name: "scorer_errors",
      help: "Scoring transactions that failed, and servers that were set aside.",
      labelNames: ["scorer"],
    }),
    selectorReviews: metrics.counter({
      name: "truechimer_selector_reviews_total",
      help: "Reviews of servers by outcome: changed, stable, shortage.",
      labelNames: ["outcome"],
    }),
    selectorSeconds: metrics.histogram({
      name: "selector_process_duration_seconds",
      help: "Time to plan the review of one server.",
      labelNames: [],
    }),
    selectorEvaluated: metrics.counter({
      name: "selector_monitors_evaluated_total",
      help: "Assignments looked at by reviews.",
    }),
    selectorChanges: metrics.counter({
      name: "selector_status_changes_total",
      help: "Assignments changed by reviews.",
      labelNames: ["from_status", "to_status", "reason"],
    }),
    selectorViolations: metrics.counter({
      name: "selector_constraint_violations_total",
      help: "Assignments found to break a rule, once a review each.",
      labelNames: ["constraint_type"],
    }),
    selectorFailures: metrics.counter({
      name: "selector_changes_failed_total",
      help: "Reviews that failed, by error code, and changes that another one came before: conflict.",
      labelNames: ["reason"],
    }),
    verdictChanges: metrics.counter({
      name: "truechimer_verdict_changes_total",
      help: "Changed verdicts, by the new one.",
      labelNames: ["verdict"],
    }),
    alertMessages: metrics.counter({
      name: "truechimer_alert_messages_total",
      help: "Attempts to send a message of the alerts, by the kind of channel: sent, failed (to be tried again), dead (given up).",
      labelNames: ["channel", "outcome"],
    }),
    loopSeconds: metrics.histogram({
      name: "truechimer_loop_duration_seconds",
      help: "Time of one run of a background loop.",
      labelNames: ["loop"],
    }),
    loopRuns: metrics.counter({
      name: "truechimer_loop_runs_total",
      help: "Runs of background loops by outcome: ok or an error code.",
      labelNames: ["loop", "outcome"],
    }),
    agentStreams: metrics.gauge({
      name: "truechimer_agent_streams",
      help: "Streams that agents hold open to this replica.",
      labelNames: [],
    }),
    onDemandAnswers: metrics.counter({
      name: "truechimer_on_demand_answers_total",
      help: "Answers of agents on demand, by the stream: taken, duplicate, late.",
      labelNames: ["outcome"],
    }),
  };
}
