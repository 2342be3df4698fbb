// The tables as Kysely sees them; migrations/*.sql is what they are, and a test compares the two against a live
// database. The meaning and unit of each column stands in its comment there.

import type { ColumnType, Generated, GeneratedAlways } from "kysely";
import type { PgSnapshotText } from "./committed-results/pg-snapshot.ts";
import type { Timestamptz } from "./timestamptz.ts";

/** A value that JSON can hold, as the driver gives it. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** Read as a value, written as JSON text (`JSON.stringify`), because the driver takes an array for an SQL array. */
export type Jsonb = ColumnType<JsonValue, string, string>;
export type JsonbWithDefault = ColumnType<JsonValue, string | undefined, string>;
export type JsonbNullable = ColumnType<JsonValue | null, string | null | undefined, string | null>;

export type IpVersion = "v4" | "v6";
export type MonitorType = "monitor" | "score";
export type MonitorStatusName = "pending" | "testing" | "active" | "paused" | "deleted";
export type ServerStateName = "watched" | "paused" | "removed";
/** What a new monitor may begin with. */
export type FirstStatusName = Extract<MonitorStatusName, "pending" | "testing" | "active">;
export type RegistrationStatusName =
  | "pending"
  | "accepted"
  | "completed"
  | "rejected"
  | "cancelled";
export type AssignmentStatusName = "candidate" | "testing" | "active" | "paused";
export type AuthorityTierName = "root" | "issuing";
export type CertificateProfileName = "agent" | "server";
export type TokenPurposeName = "api_token" | "mqtt_token";
export type TokenAlgorithmName = "ES384" | "HS384";
export type LoopClassName = "idempotent" | "once_per_period";
export type OnDemandTransportName = "stream" | "mqtt";
export type OnDemandKindName = "ntp" | "traceroute";
/** What a person or a key may do; each may what the one before may. */
export type RoleName = "viewer" | "operator" | "admin";
/** What a passkey was asked to sign for. */
export type PasskeyPurposeName = "add" | "prove" | "sign_in";
export type AuditActorName = "user" | "owner" | "key" | "command_line";
export type AlertChannelKindName = "email" | "webhook" | "alertmanager";
export type DigestName = "off" | "daily" | "weekly";
export type AlertSubjectName = "servers" | "monitors" | "certificates";
export type SeverityName = "info" | "warning" | "critical";
export type GroupingName = "cause" | "rule" | "none";
export type AlertPhaseName = "pending" | "firing" | "recovering" | "ended";
export type AlertEndName = "recovered" | "subject_gone" | "rule_changed";
export type AlertMessageKindName = "opened" | "escalated" | "recovered" | "digest" | "test";
export type VerdictName = "truechimer" | "falseticker" | "unreachable" | "unsure";

/** Whose fault it is that a server looks bad. */
export type FaultName = "server" | "path" | "monitor" | "cannot_tell";
/** Empty: nothing is wrong. */
export type FaultOrNoneName = FaultName | "";

export interface Schema {
  accounts: AccountsTable;
  agents: AgentsTable;
  registrations: RegistrationsTable;
  enrolment_tokens: EnrolmentTokensTable;
  monitors: MonitorsTable;
  servers: ServersTable;
  server_scores: ServerScoresTable;
  servers_monitor_review: ServersMonitorReviewTable;
  monitor_standings: MonitorStandingsTable;
  log_scores: LogScoresTable;
  check_evidence: CheckEvidenceTable;
  server_slots: ServerSlotsTable;
  monitor_slots: MonitorSlotsTable;
  scorer_shards: ScorerShardsTable;
  scorer_set_aside: ScorerSetAsideTable;
  set_aside_results: SetAsideResultsTable;
  result_commits: ResultCommitsTable;
  rule_sets: RuleSetsTable;
  rule_set_activations: RuleSetActivationsTable;
  rule_trials: RuleTrialsTable;
  results_scored_late: ResultsScoredLateTable;
  scored_standings: ScoredStandingsTable;
  result_commit_purges: ResultCommitPurgesTable;
  submissions: SubmissionsTable;
  lease_withdrawals: LeaseWithdrawalsTable;
  ticket_keys: TicketKeysTable;
  one_time_keys: OneTimeKeysTable;
  admin_sessions: AdminSessionsTable;
  users: UsersTable;
  user_links: UserLinksTable;
  user_sessions: UserSessionsTable;
  user_second_factors: UserSecondFactorsTable;
  user_recovery_codes: UserRecoveryCodesTable;
  user_identities: UserIdentitiesTable;
  oidc_sign_ins: OidcSignInsTable;
  user_accounts: UserAccountsTable;
  user_passkeys: UserPasskeysTable;
  passkey_challenges: PasskeyChallengesTable;
  api_keys: ApiKeysTable;
  audit_entries: AuditEntriesTable;
  audit_head: AuditHeadTable;
  system_settings: SystemSettingsTable;
  events: EventsTable;
  loop_runs: LoopRunsTable;
  traceroute_turns: TracerouteTurnsTable;
  check_turns: CheckTurnsTable;
  rate_limit_windows: RateLimitWindowsTable;
  rate_limit_counts: RateLimitCountsTable;
  replicas: ReplicasTable;
  monitor_sessions: MonitorSessionsTable;
  on_demand_requests: OnDemandRequestsTable;
  on_demand_answers: OnDemandAnswersTable;
  traceroutes: TraceroutesTable;
  archives: ArchivesTable;
  archive_traceroutes: ArchiveTraceroutesTable;
  archive_events: ArchiveEventsTable;
  schema_migrations: SchemaMigrationsTable;
  certificate_authorities: CertificateAuthoritiesTable;
  certificates: CertificatesTable;
  signing_keys: SigningKeysTable;
  acme_accounts: AcmeAccountsTable;
  acme_certificates: AcmeCertificatesTable;
  acme_orders: AcmeOrdersTable;
  acme_challenges: AcmeChallengesTable;
  dashboard_certificates: DashboardCertificatesTable;
  alert_channels: AlertChannelsTable;
  alert_rules: AlertRulesTable;
  incidents: IncidentsTable;
  alerts: AlertsTable;
  alert_silences: AlertSilencesTable;
  alert_messages: AlertMessagesTable;
  alert_evaluation: AlertEvaluationTable;
}

export interface AccountsTable {
  id: GeneratedAlways<bigint>;
  id_token: string;
  name: Generated<string>;
  created_on: Generated<Timestamptz>;
  modified_on: Generated<Timestamptz>;
  flags: JsonbWithDefault;
}

export interface MonitorsTable {
  id: GeneratedAlways<bigint>;
  id_token: string;
  type: Generated<MonitorType>;
  account_id: bigint | null;
  hostname: Generated<string>;
  location: Generated<string>;
  ip: string | null;
  ip_version: IpVersion | null;
  tls_name: string | null;
  token_hash: Uint8Array | null;
  status: Generated<MonitorStatusName>;
  config: JsonbWithDefault;
  client_version: Generated<string>;
  lab: Generated<boolean>;
  online: Generated<boolean>;
  last_seen: Timestamptz | null;
  last_submit: Timestamptz | null;
  checks_total: Generated<bigint>;
  created_on: Generated<Timestamptz>;
  deleted_on: Timestamptz | null;
  is_current: Generated<boolean>;
  agent_id: bigint | null;
  country: Generated<string>;
  network: Generated<string>;
  fault_cause: Generated<string>;
  fault_text: Generated<string>;
  fault_since: Timestamptz | null;
}

export interface AgentsTable {
  id: GeneratedAlways<bigint>;
  id_token: string;
  account_id: bigint | null;
  name: string;
  tls_name: string;
  country: Generated<string>;
  network: Generated<string>;
  location: Generated<string>;
  admitted_by: Generated<string>;
  enrolled_at: Generated<Timestamptz>;
  key_used_at: Timestamptz | null;
  removed_at: Timestamptz | null;
}

export interface RegistrationsTable {
  id: string;
  registration_id_hash: Uint8Array;
  status: Generated<RegistrationStatusName>;
  hostname: Generated<string>;
  account_id: bigint | null;
  client_version: Generated<string>;
  ipv4: string | null;
  ipv6: string | null;
  source: string;
  tls_name: string;
  replaces_agent_id: bigint | null;
  agent_id: bigint | null;
  created_at: Generated<Timestamptz>;
  last_seen_at: Generated<Timestamptz>;
  decided_at: Timestamptz | null;
  decided_by: Generated<string>;
  reason: Generated<string>;
  country: Generated<string>;
  network: Generated<string>;
  sealed_key: Uint8Array | null;
}

export interface EnrolmentTokensTable {
  id: string;
  secret_hash: Uint8Array;
  name: Generated<string>;
  account_id: bigint | null;
  country: Generated<string>;
  network: Generated<string>;
  location: Generated<string>;
  monitor_status: Generated<FirstStatusName>;
  created_by: Generated<string>;
  created_at: Generated<Timestamptz>;
  expires_at: Timestamptz;
  revoked_at: Timestamptz | null;
  used_at: Timestamptz | null;
  enrolment_id: string | null;
  csr_hash: Uint8Array | null;
  agent_id: bigint | null;
  sealed_key: Uint8Array | null;
  certificate_pem: string | null;
}

export interface ServersTable {
  id: GeneratedAlways<bigint>;
  account_id: bigint | null;
  name: string;
  ip: string;
  port: Generated<number>;
  ip_version: IpVersion;
  lab: Generated<boolean>;
  state: Generated<ServerStateName>;
  stratum: number | null;
  reference_id: Generated<string>;
  score_raw: number | null;
  score_ts: Timestamptz | null;
  verdict: Generated<VerdictName>;
  verdict_reason: Generated<string>;
  verdict_text: Generated<string>;
  verdict_since: Generated<Timestamptz>;
  verdict_ts: Timestamptz | null;
  verdict_rules: Generated<string>;
  offset_ns: bigint | null;
  bound_ns: bigint | null;
  witnesses_fresh: Generated<number>;
  witnesses_against: Generated<number>;
  last_check_ts: Timestamptz | null;
  last_answer_ts: Timestamptz | null;
  /** A date as "2026-03-01". */
  deletion_on: string | null;
  created_on: Generated<Timestamptz>;
  removed_on: Timestamptz | null;
  traced: Generated<boolean>;
  fault: Generated<FaultOrNoneName>;
  fault_cause: Generated<string>;
  fault_text: Generated<string>;
  fault_since: Timestamptz | null;
  faults: JsonbWithDefault;
  assignments_version: Generated<bigint>;
}

export interface ServerScoresTable {
  id: GeneratedAlways<bigint>;
  server_id: bigint;
  monitor_id: bigint;
  status: Generated<AssignmentStatusName>;
  score_raw: Generated<number>;
  score_ts: Timestamptz | null;
  stratum: number | null;
  last_log_score_id: bigint | null;
  counted_batches: Generated<string>;
  offset_ns: bigint | null;
  bound_ns: bigint | null;
  rtt_ns: bigint | null;
  leap: number | null;
  reason: string | null;
  no_response: Generated<boolean>;
  last_answer_ts: Timestamptz | null;
  answer_offset_ns: bigint | null;
  answer_bound_ns: bigint | null;
  created_on: Generated<Timestamptz>;
  caused_by_id: bigint | null;
  chosen_id: bigint | null;
  status_since: Timestamptz | null;
  status_reason: Generated<string>;
  demoted_at: Timestamptz | null;
  reversals: Generated<number>;
  constraint_violation_type: string | null;
  constraint_violation_since: Timestamptz | null;
  last_constraint_check: Timestamptz | null;
  pause_reason: string | null;
  results_counted: Generated<number>;
  quality_weight: Generated<number>;
  quality_step: Generated<number>;
  quality_answers: Generated<number>;
  quality_delay_ms: number | null;
  quality_residual_ms: number | null;
}

export interface LogScoresTable {
  /** From the sequence log_scores_id_seq; may be given, when it was drawn from there. */
  id: Generated<bigint>;
  ts: Timestamptz;
  server_id: bigint;
  monitor_id: bigint;
  score_before: number | null;
  step: number;
  score: number;
  rule: Generated<string>;
  offset_ns: bigint | null;
  bound_ns: bigint | null;
  rtt_ns: bigint | null;
  stratum: number | null;
  leap: number | null;
  reason: string | null;
  no_response: Generated<boolean>;
  samples_sent: Generated<number>;
  samples_answered: Generated<number>;
  has_evidence: Generated<boolean>;
  attributes: JsonbNullable;
}

export interface CheckEvidenceTable {
  log_score_id: bigint;
  ts: Timestamptz;
  evidence: Uint8Array;
}

export interface ServerSlotsTable {
  server_id: bigint;
  slot_ts: Timestamptz;
  checks: Generated<number>;
  checks_failed: Generated<number>;
  checks_without_answer: Generated<number>;
  samples_sent: Generated<number>;
  samples_answered: Generated<number>;
  score: number | null;
  score_min: number | null;
}

export interface MonitorSlotsTable {
  monitor_id: bigint;
  slot_ts: Timestamptz;
  checks: Generated<number>;
  checks_failed: Generated<number>;
  checks_without_answer: Generated<number>;
}

export interface ScorerShardsTable {
  shard: number;
  cluster: bigint;
  snapshot: PgSnapshotText;
  holder: string | null;
  claims: Generated<bigint>;
  leased_until: Timestamptz | null;
}

export interface ArchivesTable {
  target: string;
  kind: string;
  cluster: bigint;
  snapshot: PgSnapshotText;
  older_from: Timestamptz | null;
  older_after_id: Generated<bigint>;
  older_to: Timestamptz | null;
  behind_since: Timestamptz | null;
  results_sent: Generated<bigint>;
  traceroutes_sent: Generated<bigint>;
  tried_at: Timestamptz | null;
  sent_at: Timestamptz | null;
  failing_since: Timestamptz | null;
  last_error: Generated<string>;
  lost_before: Timestamptz | null;
  created_on: Generated<Timestamptz>;
  writing: Generated<readonly string[]>;
  store_id: Generated<string>;
  events_sent: Generated<bigint>;
  events_noted: Generated<boolean>;
}

export interface ArchiveTraceroutesTable {
  target: string;
  traceroute_id: bigint;
}

export interface ArchiveEventsTable {
  target: string;
  event_id: bigint;
}

export interface ScorerSetAsideTable {
  server_id: bigint;
  failures: number;
  retry_at: Timestamptz;
  last_error: string;
}

export interface SetAsideResultsTable {
  server_id: bigint;
  log_score_id: bigint;
  ts: Timestamptz;
}

/** Written by a trigger on log_scores alone. */
export interface ResultCommitsTable {
  cluster: bigint;
  transaction_id: bigint;
  first_id: bigint;
  monitor_id: bigint;
  accepted_at: Generated<Timestamptz>;
  results: number;
  first_ts: Timestamptz;
  last_ts: Timestamptz;
  ids: readonly bigint[];
  tss: readonly Timestamptz[];
  server_ids: readonly bigint[];
}

export interface ResultCommitPurgesTable {
  cluster: bigint;
  purged_snapshot: PgSnapshotText;
  next_snapshot: PgSnapshotText;
  next_taken_at: Generated<Timestamptz>;
}

export interface SubmissionsTable {
  monitor_id: bigint;
  submission_id: string;
  received_at: Generated<Timestamptz>;
  statuses: Generated<number>;
  answer: Uint8Array | null;
  trace_id: string | null;
}

export interface LeaseWithdrawalsTable {
  monitor_id: bigint;
  server_id: bigint;
  transaction_number: Generated<bigint>;
  withdrawn_at: Generated<Timestamptz>;
}

export interface TicketKeysTable {
  version: number;
  key: Uint8Array;
  created_at: Generated<Timestamptz>;
  sealed: Generated<boolean>;
  created_by: Generated<string>;
}

export interface OneTimeKeysTable {
  key_hash: Uint8Array;
  created_at: Generated<Timestamptz>;
  expires_at: Timestamptz;
  spent_at: Timestamptz | null;
}

export interface AdminSessionsTable {
  token_hash: Uint8Array;
  created_at: Generated<Timestamptz>;
  expires_at: Timestamptz;
  last_used_at: Generated<Timestamptz>;
  user_agent: Generated<string>;
  ends_at: Generated<Timestamptz>;
  id_token: Generated<string>;
  opened_from: Generated<string>;
}

export interface UsersTable {
  id: GeneratedAlways<bigint>;
  id_token: string;
  name: string;
  name_key: string;
  role: RoleName;
  account_id: bigint | null;
  password_hash: string | null;
  password_set_at: Timestamptz | null;
  created_at: Generated<Timestamptz>;
  created_by: Generated<string>;
  signed_in_at: Timestamptz | null;
  disabled_at: Timestamptz | null;
}

export interface UserLinksTable {
  token_hash: Uint8Array;
  user_id: bigint;
  created_at: Generated<Timestamptz>;
  expires_at: Timestamptz;
}

export interface UserSessionsTable {
  token_hash: Uint8Array;
  id_token: string;
  user_id: bigint;
  created_at: Generated<Timestamptz>;
  expires_at: Timestamptz;
  ends_at: Timestamptz;
  last_used_at: Generated<Timestamptz>;
  opened_from: Generated<string>;
  user_agent: Generated<string>;
  account_id: bigint | null;
}

export interface UserAccountsTable {
  user_id: bigint;
  account_id: bigint;
}

export interface UserSecondFactorsTable {
  user_id: bigint;
  secret: Uint8Array;
  created_at: Generated<Timestamptz>;
  confirmed_at: Timestamptz | null;
  last_step: Generated<bigint>;
}

export interface UserRecoveryCodesTable {
  code_hash: Uint8Array;
  user_id: bigint;
}

export interface UserIdentitiesTable {
  issuer: string;
  subject: string;
  user_id: bigint;
  created_at: Generated<Timestamptz>;
}

export interface OidcSignInsTable {
  token_hash: Uint8Array;
  expires_at: Timestamptz;
  session_before: string | null;
}

export interface UserPasskeysTable {
  id_token: string;
  user_id: bigint;
  credential_id: Uint8Array;
  public_key: Uint8Array;
  rp_id: string;
  sign_count: Generated<bigint>;
  transports: Generated<readonly string[]>;
  synced: Generated<boolean>;
  name: string;
  created_at: Generated<Timestamptz>;
  last_used_at: Timestamptz | null;
}

export interface PasskeyChallengesTable {
  challenge_hash: Uint8Array;
  purpose: PasskeyPurposeName;
  user_id: bigint | null;
  expires_at: Timestamptz;
}

export interface ApiKeysTable {
  id: GeneratedAlways<bigint>;
  name: string;
  token_hash: Uint8Array;
  created_at: Generated<Timestamptz>;
  last_used_at: Timestamptz | null;
  revoked_at: Timestamptz | null;
  role: Generated<RoleName>;
  account_id: bigint | null;
  procedures: readonly string[] | null;
  created_by: Generated<string>;
  expires_at: Timestamptz | null;
}

export interface AuditEntriesTable {
  sequence: bigint;
  at: Timestamptz;
  actor_kind: AuditActorName;
  actor_id: string;
  actor_name: string;
  act: string;
  object: string;
  account_id: bigint | null;
  before: string | null;
  after: string | null;
  previous_hash: Uint8Array;
  hash: Uint8Array;
}

export interface AuditHeadTable {
  only_row: Generated<boolean>;
  sequence: Generated<bigint>;
  hash: Generated<Uint8Array>;
}

export interface SystemSettingsTable {
  key: string;
  value: Jsonb;
  created_on: Generated<Timestamptz>;
  modified_on: Generated<Timestamptz>;
}

export interface ServersMonitorReviewTable {
  server_id: bigint;
  last_review: Timestamptz | null;
  next_review: Generated<Timestamptz>;
  last_change: Timestamptz | null;
  config: JsonbWithDefault;
  quiet_reviews: Generated<number>;
  usable_active: Generated<number>;
  shortage: string | null;
  failures: Generated<number>;
}

export interface MonitorStandingsTable {
  monitor_id: bigint;
  active_servers: number;
  account_share: number;
  bad_everywhere: boolean;
  noted_at: Generated<Timestamptz>;
}

export interface EventsTable {
  id: GeneratedAlways<bigint>;
  at: Generated<Timestamptz>;
  kind: string;
  server_id: bigint | null;
  monitor_id: bigint | null;
  verdict_before: VerdictName | null;
  verdict_after: VerdictName | null;
  reason: Generated<string>;
  text: string;
  fault_before: string | null;
  fault_after: string | null;
  evidence: JsonbNullable;
  verdict_rules: string | null;
}

export interface CheckTurnsTable {
  monitor_id: bigint;
  server_id: bigint;
  /** "-infinity": it was never visited. */
  queue_ts: Generated<Timestamptz>;
  pace: number;
  watched: Generated<boolean>;
}

export interface TracerouteTurnsTable {
  server_id: bigint;
  monitor_id: bigint;
  asked_at: Generated<Timestamptz>;
  failing: boolean;
}

export interface RateLimitWindowsTable {
  limit_name: string;
  key: Uint8Array;
  ends_at: Timestamptz;
  cap: bigint;
  used: bigint;
  granted: bigint;
}

export interface RateLimitCountsTable {
  limit_name: string;
  minute: Timestamptz;
  passed: bigint;
  refused: bigint;
}

export interface LoopRunsTable {
  name: string;
  period_ms: bigint;
  last_run_at: Timestamptz | null;
  next_run_at: Generated<Timestamptz>;
  took_ms: number | null;
  outcome: Generated<string>;
  runs_total: Generated<bigint>;
  class: Generated<LoopClassName>;
  running_since: Timestamptz | null;
  replica_id: string | null;
  failures: Generated<number>;
  periods_total: Generated<bigint>;
}

export interface ReplicasTable {
  id: string;
  roles: readonly string[];
  host: string;
  process_id: number;
  version: string;
  started_at: Generated<Timestamptz>;
  seen_at: Generated<Timestamptz>;
  job_pool: string | null;
}

/** The ledger of migrations. Made by the runner, not by a migration. */
export interface MonitorSessionsTable {
  monitor_id: bigint;
  transport: OnDemandTransportName;
  stream_id: Generated<string>;
  session_id: Generated<string>;
  version: Generated<string>;
  opened_at: Generated<Timestamptz>;
  seen_at: Generated<Timestamptz>;
  expires_at: Timestamptz;
  status_at: Timestamptz | null;
  status_version: JsonbWithDefault;
}

export interface OnDemandRequestsTable {
  id: string;
  kind: OnDemandKindName;
  server_id: bigint | null;
  ip: string;
  port: number;
  created_at: Generated<Timestamptz>;
  expires_at: Timestamptz;
  onset: Generated<boolean>;
}

export interface OnDemandAnswersTable {
  request_id: string;
  monitor_id: bigint;
  transport: OnDemandTransportName;
  delivered_at: Timestamptz | null;
  delivered_session: Generated<string>;
  answered_at: Timestamptz | null;
  reason: string | null;
  error: Generated<string>;
  offset_ns: bigint | null;
  bound_ns: bigint | null;
  rtt_ns: bigint | null;
  stratum: number | null;
  leap: number | null;
  ntp_response: JsonbNullable;
  traceroute_id: bigint | null;
}

export interface TraceroutesTable {
  id: GeneratedAlways<bigint>;
  ts: Timestamptz;
  server_id: bigint | null;
  ip: string;
  port: number;
  monitor_id: bigint;
  request_id: string | null;
  reached: boolean;
  reason: string | null;
  hops: Jsonb;
  onset: Generated<boolean>;
}

export interface RuleSetsTable {
  name: string;
  version: number;
  document: Jsonb;
  created_at: Generated<Timestamptz>;
  created_by: Generated<string>;
}

export interface RuleSetActivationsTable {
  sequence: GeneratedAlways<bigint>;
  name: string;
  version: number;
  activated_at: Generated<Timestamptz>;
  activated_by: Generated<string>;
  cluster: bigint;
  before: PgSnapshotText;
  effect: Jsonb;
}

export interface RuleTrialsTable {
  id: string;
  tried_at: Generated<Timestamptz>;
  document: Jsonb;
  active_name: string;
  active_version: number;
  effect: Jsonb;
}

export interface ResultsScoredLateTable {
  server_id: bigint;
  sequence: GeneratedAlways<bigint>;
  log_score_id: bigint;
  ts: Timestamptz;
  after_ts: Timestamptz;
}

export interface ScoredStandingsTable {
  server_id: bigint;
  sequence: GeneratedAlways<bigint>;
  from_id: bigint;
  from_ts: Timestamptz;
  standings: Jsonb;
}

export interface SchemaMigrationsTable {
  version: string;
  applied_at: Generated<Timestamptz>;
  checksum: string;
  execution_ms: number;
  applied_by: string;
}

export interface CertificateAuthoritiesTable {
  id: GeneratedAlways<bigint>;
  tier: AuthorityTierName;
  parent_id: bigint | null;
  common_name: string;
  serial: string;
  certificate: Uint8Array;
  fingerprint: Uint8Array;
  key_identifier: Uint8Array;
  sealed_key: Uint8Array;
  not_before: Timestamptz;
  not_after: Timestamptz;
  created_at: Generated<Timestamptz>;
  retired_at: Timestamptz | null;
}

export interface CertificatesTable {
  serial: string;
  authority_id: bigint;
  profile: CertificateProfileName;
  names: readonly string[];
  tls_name: string | null;
  key_identifier: Uint8Array;
  certificate: Uint8Array | null;
  fingerprint: Uint8Array | null;
  not_before: Timestamptz;
  not_after: Timestamptz;
  reserved_at: Generated<Timestamptz>;
  issued_at: Timestamptz | null;
  revoked_at: Timestamptz | null;
}

export interface AcmeAccountsTable {
  directory_url: string;
  external_key_id: Generated<string>;
  sealed_key: Uint8Array;
  created_at: Generated<Timestamptz>;
}

export interface DashboardCertificatesTable {
  id: GeneratedAlways<bigint>;
  source: string;
  names: string;
  issuer: string;
  not_after: Timestamptz;
  last_error: Generated<string>;
  replica_id: string;
  seen_at: Generated<Timestamptz>;
}

export interface AcmeCertificatesTable {
  directory_url: string;
  names: readonly string[];
  certificate_pem: string | null;
  sealed_key: Uint8Array | null;
  not_after: Timestamptz | null;
  issued_at: Timestamptz | null;
  renew_at: Timestamptz | null;
  renewal_look_at: Timestamptz | null;
  failures: Generated<number>;
  last_error: Generated<string>;
  failed_at: Timestamptz | null;
  next_attempt_at: Generated<Timestamptz>;
  leased_until: Timestamptz | null;
}

export interface AcmeOrdersTable {
  id: GeneratedAlways<bigint>;
  directory_url: string;
  names: readonly string[];
  ordered_at: Generated<Timestamptz>;
  issued_at: Timestamptz | null;
}

export interface AcmeChallengesTable {
  token: string;
  key_authorization: string;
  expires_at: Timestamptz;
}

export interface SigningKeysTable {
  id: string;
  purpose: TokenPurposeName;
  algorithm: TokenAlgorithmName;
  sealed_key: Uint8Array;
  public_key: JsonbNullable;
  created_at: Generated<Timestamptz>;
  retired_at: Timestamptz | null;
}

export interface AlertChannelsTable {
  id: GeneratedAlways<bigint>;
  account_id: bigint | null;
  name: string;
  kind: AlertChannelKindName;
  settings: Jsonb;
  secret: Uint8Array | null;
  digest: Generated<DigestName>;
  digest_minute: Generated<number>;
  digest_since: Generated<Timestamptz>;
  created_at: Generated<Timestamptz>;
  created_by: Generated<string>;
  removed_at: Timestamptz | null;
}

export interface AlertRulesTable {
  id: GeneratedAlways<bigint>;
  account_id: bigint | null;
  name: string;
  enabled: Generated<boolean>;
  subject: AlertSubjectName;
  filter: string;
  severity: SeverityName;
  holds_ms: bigint;
  recovers_ms: bigint;
  grouping: Generated<GroupingName>;
  channel_ids: Generated<readonly bigint[]>;
  quiet_from_minute: number | null;
  quiet_to_minute: number | null;
  quiet_zone: Generated<string>;
  escalate_after_ms: bigint | null;
  escalation_channel_ids: Generated<readonly bigint[]>;
  created_at: Generated<Timestamptz>;
  created_by: Generated<string>;
  removed_at: Timestamptz | null;
}

export interface IncidentsTable {
  id: GeneratedAlways<bigint>;
  id_token: string;
  account_id: bigint | null;
  cause: string;
  title: string;
  severity: SeverityName;
  opened_at: Generated<Timestamptz>;
  recovered_at: Timestamptz | null;
  acknowledged_at: Timestamptz | null;
  acknowledged_by: Generated<string>;
  note: Generated<string>;
}

export interface AlertsTable {
  id: GeneratedAlways<bigint>;
  rule_id: bigint;
  subject_id: bigint;
  subject_name: string;
  phase: AlertPhaseName;
  pending_since: Timestamptz;
  phase_since: Timestamptz;
  fired_at: Timestamptz | null;
  ended_at: Timestamptz | null;
  end_reason: AlertEndName | null;
  text: Generated<string>;
  incident_id: bigint | null;
}

export interface AlertSilencesTable {
  id: GeneratedAlways<bigint>;
  account_id: bigint | null;
  subject: AlertSubjectName;
  filter: Generated<string>;
  starts_at: Generated<Timestamptz>;
  ends_at: Timestamptz;
  comment: Generated<string>;
  created_at: Generated<Timestamptz>;
  created_by: Generated<string>;
}

export interface AlertMessagesTable {
  id: GeneratedAlways<bigint>;
  key: string;
  channel_id: bigint;
  incident_id: bigint | null;
  kind: AlertMessageKindName;
  subject: string;
  body: string;
  facts: JsonbWithDefault;
  created_at: Generated<Timestamptz>;
  run_at: Generated<Timestamptz>;
  attempts: Generated<number>;
  claim: string | null;
  claimed_until: Timestamptz | null;
  sent_at: Timestamptz | null;
  dead_at: Timestamptz | null;
  last_error: Generated<string>;
}

export interface AlertEvaluationTable {
  singleton: Generated<boolean>;
  evaluated_at: Timestamptz | null;
  held_since: Timestamptz | null;
  held_reason: Generated<string>;
}
