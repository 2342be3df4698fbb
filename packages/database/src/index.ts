export {
  createDatabase,
  type Database,
  type DatabaseOptions,
  inTransaction,
  pingDatabase,
  POSTGRES_MAJOR_MIN,
} from "./create-database.ts";
export { appErrorFromPostgres, isUniqueViolation, sqlStateOf } from "./postgres-error.ts";
export type {
  AssignmentStatusName,
  IpVersion,
  JsonValue,
  MonitorStatusName,
  MonitorType,
  Schema,
  ServerStateName,
  VerdictName,
} from "./schema.ts";
export { nsFromTimestamptz, type Timestamptz, timestamptzFromNs } from "./timestamptz.ts";
