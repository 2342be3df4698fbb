// An event as archives keep it.

import type { Schema } from "@truechimer/database";
import type { Selectable } from "kysely";

export type ArchivedEvent = Pick<
  Selectable<Schema["events"]>,
  | "id"
  | "at"
  | "kind"
  | "server_id"
  | "monitor_id"
  | "verdict_before"
  | "verdict_after"
  | "reason"
  | "text"
  | "fault_before"
  | "fault_after"
  | "verdict_rules"
> & {
  /** The names that they had; empty: it is about none. */
  readonly server_name: string;
  readonly monitor_name: string;
  /** Of fault_changed: a list as JSON. Null: another kind, or there is none. */
  readonly evidence: string | null;
};
