// Results as the scorers read them: the row of log_scores and, from the assignment as it stands now, how its monitor
// counts and what it is a witness of.

import { nsFromTimestamptz, type Schema, type Timestamptz } from "@truechimer/database";
import type { AssignmentStatus } from "@truechimer/scoring";
import { type RawBuilder, sql, type Transaction } from "kysely";
import { WITNESS_COLUMNS, type WitnessColumns } from "../verdict/load-witnesses.ts";

/** One result of a monitor. */
export interface ScoredResult {
  readonly id: bigint;
  readonly serverId: bigint;
  readonly monitorId: bigint;
  readonly transactionId: bigint | undefined;
  readonly at: Timestamptz;
  readonly atNs: bigint;
  readonly step: number;
  readonly score: number;
  readonly offsetNs: bigint | undefined;
  readonly rttNs: bigint | undefined;
  readonly stratum: number | null;
  readonly reason: string | null;
  readonly noResponse: boolean;
  readonly samplesSent: number;
  readonly samplesAnswered: number;
  readonly hasEvidence: boolean;
  readonly attributes: unknown;
  /** The assignment's now. Absent: it is gone. */
  readonly assignment: (WitnessColumns & { readonly status: AssignmentStatus }) | undefined;
}

interface ResultRow extends WitnessColumns {
  readonly id: bigint;
  readonly server_id: bigint;
  readonly monitor_id: bigint;
  readonly transaction_id: bigint | null;
  readonly ts: Timestamptz;
  readonly step: number;
  readonly score: number;
  readonly offset_ns: bigint | null;
  readonly rtt_ns: bigint | null;
  readonly stratum: number | null;
  readonly result_reason: string | null;
  readonly no_response: boolean;
  readonly samples_sent: number;
  readonly samples_answered: number;
  readonly has_evidence: boolean;
  readonly attributes: unknown;
  readonly status: AssignmentStatus | null;
}

export interface ResultsToLoad {
  /** A relation (id, ts, server_id, transaction_id). */
  readonly keys: RawBuilder<unknown>;
  /** Of their times: PostgreSQL then looks at their days alone. */
  readonly first: Timestamptz;
  readonly last: Timestamptz;
}

/**
 * In the order of their times, of equal times in that of their ids. Left out are results whose day was dropped since, and
 * those of scorers: a monitor of type `score` feeds no scorer.
 */
export async function loadResults(
  transaction: Transaction<Schema>,
  { keys, first, last }: ResultsToLoad,
): Promise<readonly ScoredResult[]> {
  const { rows } = await sql<ResultRow>`
    select l.id, l.server_id, l.monitor_id, key.transaction_id, l.ts, l.step, l.score, l.offset_ns, l.rtt_ns, l.stratum,
      l.reason as result_reason, l.no_response, l.samples_sent, l.samples_answered, l.has_evidence, l.attributes,
      ss.status, ${WITNESS_COLUMNS}
    from ${keys} as key
    join log_scores l on l.id = key.id and l.ts = key.ts and l.ts between ${first} and ${last}
    join monitors m on m.id = l.monitor_id and m.type = 'monitor'
    left join server_scores ss on ss.server_id = l.server_id and ss.monitor_id = l.monitor_id`.execute(
    transaction,
  );
  return rows.map(resultOf).toSorted(inOrderOfTime);
}

function inOrderOfTime(a: ScoredResult, b: ScoredResult): number {
  if (a.at !== b.at) return a.at < b.at ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}

function resultOf(row: ResultRow): ScoredResult {
  const { status } = row;
  return {
    id: row.id,
    serverId: row.server_id,
    monitorId: row.monitor_id,
    transactionId: row.transaction_id ?? undefined,
    at: row.ts,
    atNs: nsFromTimestamptz(row.ts),
    step: row.step,
    score: row.score,
    offsetNs: row.offset_ns ?? undefined,
    rttNs: row.rtt_ns ?? undefined,
    stratum: row.stratum,
    reason: row.result_reason,
    noResponse: row.no_response,
    samplesSent: row.samples_sent,
    samplesAnswered: row.samples_answered,
    hasEvidence: row.has_evidence,
    attributes: row.attributes,
    assignment: status === null ? undefined : { ...row, status },
  };
}
