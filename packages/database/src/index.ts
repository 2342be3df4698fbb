export { encodeRows, type RowWriter } from "./binary-rows/binary-rows.ts";
export { decodeRecords, type RecordReader } from "./binary-rows/record-reader.ts";
export {
  currentResultsPosition,
  type ReadResultsOptions,
  type ResultCommit,
  type ResultsLost,
  type ResultsPage,
  type ResultsPosition,
  readCommittedResults,
  resultKeys,
  resultTimes,
} from "./committed-results/committed-results.ts";
export {
  covers,
  isVisibleIn,
  joinOfSnapshots,
  meetOfSnapshots,
  type PgSnapshot,
  type PgSnapshotText,
  parsePgSnapshot,
  pgSnapshotText,
} from "./committed-results/pg-snapshot.ts";
export { purgeResultCommits } from "./committed-results/purge-result-commits.ts";
export {
  createDatabase,
  type Database,
  type DatabaseOptions,
  POSTGRES_MAJOR_MIN,
  type PoolOptions,
  pingDatabase,
} from "./create-database.ts";
export type {
  DumpDescription,
  DumpedTable,
  SequenceValue,
} from "./dump/dump-description.ts";
export { assertEmptyDatabase, loadDump } from "./dump/load-dump.ts";
export { type DatabaseDump, type DumpedRelation, withDump } from "./dump/open-dump.ts";
export {
  createEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from "./embedded/create-embedded-postgres.ts";
export { type DirectoryLock, lockDirectory } from "./embedded/directory-lock.ts";
export { makeWithParents } from "./embedded/place.ts";
export { type ReachedPostgres, reachEmbeddedPostgres } from "./embedded/reach-embedded-postgres.ts";
export { inTransaction } from "./in-transaction.ts";
export { JOB_QUEUE_SCHEMA } from "./job-queue/install-job-queue.ts";
export {
  type MigrateOptions,
  type MigrationStatus,
  migrate,
  migrationStatus,
} from "./migrations/migrate.ts";
export type { AppliedMigration } from "./migrations/migration-ledger.ts";
export { advisoryLockId, describeHolders, type LockHolder } from "./migrations/migration-lock.ts";
export {
  type MaintainPartitionsOptions,
  maintainPartitions,
  type PartitionMaintenance,
} from "./partitions/maintain-partitions.ts";
export { RETENTION_DAYS_DEFAULT, type RetentionDays } from "./partitions/partitioned-tables.ts";
export { addDays, startOfDay, type UtcDay, utcDayOf } from "./partitions/utc-day.ts";
export {
  allOf,
  inPipelinedTransaction,
  onPipeline,
  type Pipeline,
} from "./pipelined-transaction.ts";
export {
  appErrorFromPostgres,
  isRetryable,
  isUniqueViolation,
  sqlStateOf,
} from "./postgres-error.ts";
export type { CopiedResult } from "./results-copy/copy-row.ts";
export type {
  AlertChannelKindName,
  AlertEndName,
  AlertMessageKindName,
  AlertPhaseName,
  AlertSubjectName,
  AssignmentStatusName,
  AuditActorName,
  AuthorityTierName,
  CertificateProfileName,
  DigestName,
  FaultName,
  FirstStatusName,
  GroupingName,
  IpVersion,
  JsonValue,
  LoopClassName,
  MonitorStatusName,
  MonitorType,
  OnDemandKindName,
  OnDemandTransportName,
  PasskeyPurposeName,
  RegistrationStatusName,
  RoleName,
  Schema,
  ServerStateName,
  SeverityName,
  TokenAlgorithmName,
  TokenPurposeName,
  VerdictName,
} from "./schema.ts";
export {
  nsFromTimestamptz,
  type Timestamptz,
  timestamptzFromNs,
  timestamptzFromUnixUs,
  unixUsFromNs,
} from "./timestamptz.ts";
