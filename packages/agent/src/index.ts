export { type AddressPolicy, addressRefusal } from "./address-policy.ts";
export { type Agent, createAgent } from "./agent.ts";
export { type AgentMetrics, createAgentMetrics, silentAgentMetrics } from "./agent-metrics.ts";
export type { AgentMonitor, AgentOptions } from "./agent-options.ts";
export { type CheckedTarget, type CheckOnceOptions, checkOnce } from "./check-once.ts";
export type { CreateTransport } from "./monitor-client.ts";
export type {
  AgentCredentials,
  ConfiguredMonitors,
  MonitorSource,
  SourceMonitor,
  SourceMonitorStatus,
  TlsIdentity,
} from "./monitor-source.ts";
export { createQueueFiles, type QueueFiles } from "./queue/queue-files.ts";
export type { QueueLimits } from "./queue/submission-queue.ts";
export { type ResolveHost, resolveHost } from "./resolve-host.ts";
export type { CheckTarget } from "./run-check.ts";
export { createSessionTakeover, type SessionTakeover } from "./session-takeover.ts";
export { agentUserAgent, type UserAgentOptions } from "./user-agent.ts";
