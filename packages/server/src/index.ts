export type { AcmeSettings } from "./acme/acme-settings.ts";
export type { CreatedMonitor, MonitorToCreate } from "./admin-api/create-monitor.ts";
export type { RegisterLabOptions } from "./admin-api/register-lab-servers.ts";
export type { RegisteredServers, ServerToRegister } from "./admin-api/register-servers.ts";
export { AGENT_SETTINGS, type AgentEnvironment, type AgentSettings } from "./agent-settings.ts";
export { type ArchiveLag, archiveLags } from "./archive/archive-lag.ts";
export type { ArchiveSettings } from "./archive/create-archive.ts";
export {
  type CopyMade,
  LAST_BACKUP_SETTING,
  recordBackup,
  recordRestore,
} from "./audit/record-copy.ts";
export {
  type CertificateAuthority,
  type CertificateAuthorityOptions,
  createCertificateAuthority,
} from "./ca/certificate-authority.ts";
export { createSeal, type Seal } from "./ca/seal.ts";
export type { ResolveName, ServerRole } from "./context.ts";
export {
  createServer,
  type Server,
  type ServerOptions,
} from "./create-server.ts";
export { HISTORY_SETTINGS, type HistorySettings } from "./history/history-settings.ts";
export {
  createHotHistory,
  type HotHistory,
  type HotHistoryOptions,
} from "./history/hot-history.ts";
export type { LoadProgress } from "./history/load-state.ts";
export { HTTP_LIMITS, type HttpLimits } from "./http/http-options.ts";
export type { ListenAddress } from "./http/listen.ts";
export type { DashboardTls } from "./http/tls-front.ts";
export { createToken, type TokenPrefix } from "./http/token.ts";
export { JOB_TIMING, type JobTiming } from "./jobs/job-timing.ts";
export { type JobTask, type JobWorkerOptions, startJobWorker } from "./jobs/job-worker.ts";
export { sweepJobs } from "./jobs/sweep-jobs.ts";
export {
  type LimitName,
  type LimitSettings,
  RATE_LIMITS,
  type RateLimit,
} from "./limits/rate-limits.ts";
export { createTicket, type TicketFields, type TicketKey } from "./monitor-api/ticket.ts";
export { createTicketKeyring, type TicketKeyring } from "./monitor-api/ticket-keyring.ts";
export type { OidcSettings } from "./oidc/oidc-settings.ts";
export type { MqttHubSettings } from "./on-demand/mqtt-hub.ts";
export type { OnDemandTiming } from "./on-demand/on-demand-timing.ts";
export {
  LOCAL_POLICY,
  POOL_POLICY,
  POOL_PROBE_POLICY,
  type ProbePolicy,
  type ServerPolicy,
} from "./policy.ts";
export { type ScorerLag, scorerLag } from "./scorer/scorer-lag.ts";
export { nextReviewMs, type ReviewedServer } from "./selector/next-review.ts";
export type { ReviewContext, ReviewOutcome } from "./selector/review-batch.ts";
export { reviewDueServers } from "./selector/review-servers.ts";
