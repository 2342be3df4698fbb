// What each monitor knows of a server, from its assignment.

import { nsFromTimestamptz, type Schema, type Timestamptz } from "@truechimer/database";
import type { Witness } from "@truechimer/scoring";
import { type Kysely, type RawBuilder, sql } from "kysely";
import { type ProbePolicy, SLOW_SCORE } from "../policy.ts";

/** What an assignment (ss) tells of its witness. */
export interface WitnessColumns {
  readonly score_raw: number;
  readonly score_ts: Timestamptz | null;
  readonly reason: string | null;
  readonly leap: number | null;
  readonly last_answer_ts: Timestamptz | null;
  readonly answer_offset_ns: bigint | null;
  readonly answer_bound_ns: bigint | null;
  readonly created_on: Timestamptz;
}

export const WITNESS_COLUMNS: RawBuilder<unknown> = sql`ss.score_raw, ss.score_ts, ss.reason, ss.leap, ss.last_answer_ts, ss.answer_offset_ns,
  ss.answer_bound_ns, ss.created_on`;

/** How a witness's monitor stands to the server. */
export interface WitnessStanding {
  readonly monitor_id: bigint;
  readonly status: string;
  readonly monitor_status: string;
}

interface WitnessRow extends WitnessColumns, WitnessStanding {
  readonly server_id: bigint;
  readonly lab: boolean;
}

export interface ProbePolicies {
  readonly probe: ProbePolicy;
  readonly labProbe: ProbePolicy;
}

/** Active and testing assignments of live monitors; by server. */
export async function loadWitnesses(
  database: Kysely<Schema>,
  serverIds: readonly bigint[],
  policies: ProbePolicies,
): Promise<ReadonlyMap<bigint, readonly Witness[]>> {
  const result = await sql<WitnessRow>`
    select ss.server_id, ss.monitor_id, ss.status, m.status as monitor_status, s.lab, ${WITNESS_COLUMNS}
    from server_scores ss
    join servers s on s.id = ss.server_id
    join monitors m on m.id = ss.monitor_id
    where ss.server_id = any(${serverIds}::bigint[])
      and ss.status in ('active', 'testing')
      and m.type = 'monitor' and m.status in ('active', 'testing') and m.is_current and m.deleted_on is null
    `.execute(database);
  const grouped = Map.groupBy(result.rows, (row) => row.server_id);
  return new Map(
    [...grouped].map(([serverId, rows]) => [
      serverId,
      rows.map((row) => witnessOf(row, row.lab ? policies.labProbe : policies.probe)),
    ]),
  );
}

/** How often this assignment's turn comes. */
export function assignmentIntervalMs(
  assignment: { readonly status: string; readonly monitorStatus: string; readonly score: number },
  probe: ProbePolicy,
): number {
  const { status, monitorStatus, score } = assignment;
  if (score <= SLOW_SCORE) return probe.slowIntervalMs;
  if (status === "active" && monitorStatus === "active") return probe.checkIntervalMs;
  return status === "active" || status === "testing"
    ? probe.testingIntervalMs
    : probe.slowIntervalMs;
}

export function witnessIntervalNs(
  assignment: Parameters<typeof assignmentIntervalMs>[0],
  probe: ProbePolicy,
): bigint {
  return BigInt(Math.round(assignmentIntervalMs(assignment, probe) * 1_000_000));
}

export function witnessOf(row: WitnessColumns & WitnessStanding, probe: ProbePolicy): Witness {
  const { status, monitor_status: monitorStatus, score_raw: score } = row;
  return {
    monitorId: row.monitor_id,
    checkedAtNs: row.score_ts === null ? undefined : nsFromTimestamptz(row.score_ts),
    reason: row.reason ?? undefined,
    leap: row.leap ?? undefined,
    answer:
      row.last_answer_ts === null || row.answer_offset_ns === null
        ? undefined
        : {
            atNs: nsFromTimestamptz(row.last_answer_ts),
            offsetNs: row.answer_offset_ns,
            boundNs: row.answer_bound_ns ?? 0n,
          },
    watchingSinceNs: nsFromTimestamptz(row.created_on),
    intervalNs: witnessIntervalNs({ status, monitorStatus, score }, probe),
  };
}
