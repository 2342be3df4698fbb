// A path as archives keep it.

import type { Schema } from "@truechimer/database";
import type { Selectable } from "kysely";

export type ArchivedTraceroute = Pick<
  Selectable<Schema["traceroutes"]>,
  "id" | "ts" | "server_id" | "port" | "monitor_id" | "reached" | "reason"
> & {
  readonly address: string;
  readonly monitor_name: string;
  /** JSON: {"hop_limit", "answers": [{"ip", "rtt_ns", "icmp_type", "icmp_code"}]} in the order of the hop limit. */
  readonly hops: string;
};
