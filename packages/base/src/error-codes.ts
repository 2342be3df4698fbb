// Every code that an error of ours can carry, with the exit of a user: docs/reference/errors.md has a section for
// each, and a test compares the two lists.

/** The registry. A code is never reused for something else: logs, scripts and other versions compare it. */
export const ERROR_CODES = [
  // configuration and command line
  "config_unknown_key",
  "config_bad_value",
  "config_unreadable",
  "master_key_missing",
  "master_key_wrong",
  "usage",
  // names and addresses
  "bad_address",
  "name_unresolved",
  "address_refused",
  "port_in_use",
  // files and directories
  "directory_unwritable",
  "directory_in_use",
  "disk_full",
  // database
  "database_unreachable",
  "history_loading",
  "database_too_old",
  "database_platform_unsupported",
  "database_start_failed",
  "database_busy",
  "migration_changed",
  "migration_failed",
  "migration_newer_than_code",
  "backup_broken",
  "restore_target_not_empty",
  // requests
  "bad_request",
  "bad_filter",
  "unauthenticated",
  "forbidden",
  "not_found",
  "conflict",
  "limit_exceeded",
  "unsupported_version",
  "bad_ticket",
  "ticket_expired",
  "bad_result_time",
  "unassigned_server",
  "monitor_not_live",
  "batch_out_of_order",
  // the world
  "peer_unreachable",
  "peer_untrusted",
  "bad_answer",
  "archive_refused",
  "enrolment_refused",
  "certificate_refused",
  "session_taken_over",
  "certificate_expired",
  "socket_failed",
  "kernel_timestamps_unavailable",
  "timed_out",
  "stopped",
  "internal",
] as const;

/** One of the codes, such as "peer_unreachable". */
export type ErrorCode = (typeof ERROR_CODES)[number];
