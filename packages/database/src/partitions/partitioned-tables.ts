// The tables that are partitioned by UTC day, the column that decides the day, and how long a day is kept unless a
// setting says otherwise.

/** A table that is kept by the day. */
export interface PartitionedTable {
  readonly name: "log_scores" | "check_evidence" | "server_slots" | "monitor_slots";
  readonly column: "ts" | "slot_ts";
}

/** All of them. */
export const PARTITIONED_TABLES: readonly PartitionedTable[] = [
  { name: "log_scores", column: "ts" },
  { name: "check_evidence", column: "ts" },
  { name: "server_slots", column: "slot_ts" },
  { name: "monitor_slots", column: "slot_ts" },
];

/** Days that are kept whole, today not counted. */
export type RetentionDays = Readonly<Record<PartitionedTable["name"], number>>;

/** Results as long as the NTP Pool keeps them; of the sums, what the longest view of the dashboard shows. */
export const RETENTION_DAYS_DEFAULT: RetentionDays = {
  log_scores: 15,
  check_evidence: 15,
  server_slots: 90,
  monitor_slots: 15,
};
