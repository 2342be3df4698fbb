// How monitors see servers: all monitors of one server, or all servers of some monitors.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import {
  type AssignmentStatusName,
  nsFromTimestamptz,
  type Timestamptz,
} from "@truechimer/database";
import { sql } from "kysely";
import type { ServerContext } from "../context.ts";
import { probePolicyFor } from "../monitor-api/probe-settings.ts";
import { FRESH_INTERVALS, type ProbePolicy } from "../policy.ts";
import { assignmentIntervalMs } from "../verdict/load-witnesses.ts";
import {
  ASSIGNMENT_STATUSES,
  offsetMessage,
  optionalField,
  optionalTimestamp,
} from "./admin-message.ts";

export type AssignmentSelection =
  | { readonly serverId: bigint }
  | { readonly monitorIds: readonly bigint[] };

export interface FoundAssignment {
  readonly serverId: bigint;
  readonly assignment: adminV1.Assignment;
}

interface AssignmentRow {
  readonly server_id: bigint;
  readonly monitor_id: bigint;
  readonly hostname: string;
  readonly monitor_status: string;
  readonly lab: boolean;
  readonly status: AssignmentStatusName;
  readonly score_raw: number;
  readonly score_ts: Timestamptz | null;
  readonly offset_ns: bigint | null;
  readonly bound_ns: bigint | null;
  readonly rtt_ns: bigint | null;
  readonly stratum: number | null;
  readonly leap: number | null;
  readonly reason: string | null;
  readonly last_log_score_id: bigint | null;
}

/** Those that count first. */
export async function assignmentMessages(
  context: ServerContext,
  selection: AssignmentSelection,
): Promise<readonly FoundAssignment[]> {
  const selected =
    "serverId" in selection
      ? sql`ss.server_id = ${selection.serverId}`
      : sql`ss.monitor_id = any(${[...selection.monitorIds]}::bigint[])`;
  const result = await sql<AssignmentRow>`
    select ss.server_id, ss.monitor_id, m.hostname, m.status as monitor_status, m.lab, ss.status, ss.score_raw,
      ss.score_ts, ss.offset_ns, ss.bound_ns, ss.rtt_ns, ss.stratum, ss.leap, ss.reason, ss.last_log_score_id
    from server_scores ss
    join monitors m on m.id = ss.monitor_id and m.type = 'monitor'
    where ${selected}
    order by array_position(array['active', 'testing', 'candidate', 'paused'], ss.status), m.hostname, m.id, ss.server_id
    `.execute(context.database.kysely);
  const probe = await probePolicyFor(context.database, context.policy, false);
  const nowNs = context.clock.nowNs();
  return result.rows.map((row) => ({
    serverId: row.server_id,
    assignment: assignmentMessage(row, {
      nowNs,
      probe: row.lab ? context.policy.labProbe : probe,
      limitNs: context.policy.offsetLimitNs,
    }),
  }));
}

function assignmentMessage(
  row: AssignmentRow,
  more: { readonly nowNs: bigint; readonly probe: ProbePolicy; readonly limitNs: bigint },
): adminV1.Assignment {
  const checked = row.score_ts !== null;
  return create(adminV1.AssignmentSchema, {
    monitorId: row.monitor_id,
    monitorName: row.hostname,
    status: ASSIGNMENT_STATUSES[row.status],
    ...optionalField("score", checked ? row.score_raw : null),
    ...optionalTimestamp("lastCheckAt", row.score_ts),
    ...offsetMessage(row.offset_ns, row.bound_ns),
    ...optionalField("rttNs", row.rtt_ns),
    ...optionalField("stratum", row.stratum),
    ...optionalField("leap", row.leap),
    reason: row.reason ?? "",
    fresh: isFresh(row, more.nowNs, more.probe),
    against: isAgainst(row, more.limitNs),
    ...optionalField("lastCheckId", row.last_log_score_id),
  });
}

function isFresh(row: AssignmentRow, nowNs: bigint, probe: ProbePolicy): boolean {
  if (row.score_ts === null) return false;
  const { status, monitor_status: monitorStatus, score_raw: score } = row;
  const intervalMs = assignmentIntervalMs({ status, monitorStatus, score }, probe);
  const freshNs = BigInt(Math.round(FRESH_INTERVALS * intervalMs)) * 1_000_000n;
  return nowNs - nsFromTimestamptz(row.score_ts) < freshNs;
}

/** Offset ± bound wholly outside of the limit, of a check that succeeded. */
function isAgainst({ reason, offset_ns, bound_ns }: AssignmentRow, limitNs: bigint): boolean {
  if (reason !== null || offset_ns === null) return false;
  const magnitude = offset_ns < 0n ? -offset_ns : offset_ns;
  return magnitude - (bound_ns ?? 0n) > limitNs;
}
