export { type AddressPolicy, addressRefusal } from "./address-policy.ts";
export { type Agent, createAgent } from "./agent.ts";
export {
  type AgentMetrics,
  type AgentMetricsOptions,
  type CertificateLife,
  combineAgentMetrics,
  createAgentMetrics,
  type EndedCheck,
  type LocalClockFinding,
  silentAgentMetrics,
} from "./agent-metrics.ts";
export type { AgentMonitor, AgentOptions } from "./agent-options.ts";
export { type CheckedTarget, type CheckOnceOptions, checkOnce } from "./check-once.ts";
export {
  type AgentIdentity,
  type AgentIdentityOptions,
  createAgentIdentity,
} from "./identity/agent-identity.ts";
export type { CertificatePair } from "./identity/certificate-pair.ts";
export { type CertificateCheck, checkCertificate } from "./identity/certificate-renewal.ts";
export type { ControlPlane, ControlPlaneCall } from "./identity/control-plane.ts";
export { type Enrolled, type EnrollOptions, enrollAgent } from "./identity/enroll-agent.ts";
export {
  type Environment,
  MONITOR_DOMAIN_DEFAULT,
  parseEnvironment,
} from "./identity/environment.ts";
export { type HostSettings, type Hosts, hostSettingsFrom, hostsOf } from "./identity/hosts.ts";
export { createHttpClient, type HttpAnswer, type SendHttp } from "./identity/http-client.ts";
export { type FollowedIdentity, followIdentity } from "./identity/identity-monitor-source.ts";
export { canProbe, type IdentitySnapshot, isLive } from "./identity/identity-snapshot.ts";
export { createJsonControlPlane } from "./identity/json-control-plane.ts";
export { keepRegistration } from "./identity/keep-registration.ts";
export { nodeFileSystem } from "./identity/node-file-system.ts";
export { type OwnAddressesOptions, ownAddresses } from "./identity/own-addresses.ts";
export {
  type Registration,
  type RegistrationOptions,
  type RegistrationProgress,
  registerAgent,
} from "./identity/register-agent.ts";
export {
  environmentDirectory,
  findStateDirectory,
  type StateDirectory,
  type StateDirectorySources,
} from "./identity/state-directory.ts";
export { createStateStore, type StateStore } from "./identity/state-store.ts";
export type { StoredIdentity } from "./identity/stored-identity.ts";
export { createLeaseFile, type LeaseFile, type LeaseFileOptions } from "./lease-file.ts";
export { localClockVerdict } from "./local-clock-verdict.ts";
export { type CreateTransport, createHttpConnections } from "./monitor-client.ts";
export { brokerSettings, type OtlpLogLevel, parseOtlpLogLevel } from "./monitor-config.ts";
export type {
  AgentCredentials,
  ConfiguredMonitors,
  MonitorSource,
  SourceMonitor,
  SourceMonitorStatus,
  TlsIdentity,
} from "./monitor-source.ts";
export type { AgentOnDemandOptions, MqttIdentity } from "./on-demand/agent-on-demand.ts";
export type { BrokerSettings } from "./on-demand/mqtt-transport.ts";
export { createQueueFiles, type QueueFiles } from "./queue/queue-files.ts";
export type { QueueLimits } from "./queue/submission-queue.ts";
export { type ResolveHost, resolveHost } from "./resolve-host.ts";
export type { CheckTarget } from "./run-check.ts";
export { createSessionTakeover, type SessionTakeover } from "./session-takeover.ts";
export { agentUserAgent, type UserAgentOptions } from "./user-agent.ts";
