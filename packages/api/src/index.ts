// The contract's generated messages and services. One name a service file, so that the two `Server` messages
// (an agent's work item, a person's view) never meet.

export {
  EXPORT_TABLES,
  type ExportColumn,
  type ExportTable,
  type ExportTableName,
  type ExportType,
} from "./export-tables.ts";
export {
  EXPORTED_CHECK_COLUMNS,
  type ExportedCheck,
  exact,
  exportedCheck,
  exportedFields,
  instantText,
} from "./exported-check.ts";
export * as monitorV2 from "./gen/monitor/v2/monitor_manager_pb.ts";
export * as adminV1 from "./gen/truechimer/admin/v1/admin_pb.ts";
export * as alertsV1 from "./gen/truechimer/admin/v1/alerts_pb.ts";
export * as analyticsV1 from "./gen/truechimer/admin/v1/analytics_pb.ts";
export * as peopleV1 from "./gen/truechimer/admin/v1/people_pb.ts";
export * as rulesV1 from "./gen/truechimer/admin/v1/rules_pb.ts";
export * as signInV1 from "./gen/truechimer/admin/v1/sign_in_pb.ts";
export * as agentV1 from "./gen/truechimer/agent/v1/agent_pb.ts";
