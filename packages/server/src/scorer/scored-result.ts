// Results as the scorers read them: rows of log_scores.

import { nsFromTimestamptz, type Schema, type Timestamptz } from "@truechimer/database";
import { type RawBuilder, sql, type Transaction } from "kysely";

/** One result of a monitor. */
export interface ScoredResult {
  readonly id: bigint;
  readonly serverId: bigint;
  readonly monitorId: bigint;
  readonly at: Timestamptz;
  readonly atNs: bigint;
  /** By which it was stepped, such as "ntp_pool_recentmedian/1/offset_good". */
  readonly rule: string;
  readonly step: number;
  readonly score: number;
  readonly offsetNs: bigint | null;
  readonly boundNs: bigint | null;
  readonly rttNs: bigint | null;
  readonly stratum: number | null;
  readonly leap: number | null;
  readonly reason: string | null;
  readonly noResponse: boolean;
  readonly samplesSent: number;
  readonly samplesAnswered: number;
  readonly hasEvidence: boolean;
  /** An object as JSON. */
  readonly attributes: string | null;
}

/** Of `log_scores l`. */
export const SCORED_RESULT_COLUMNS: RawBuilder<unknown> = sql`l.id, l.server_id as "serverId",
  l.monitor_id as "monitorId", l.ts as at, l.rule, l.step, l.score, l.offset_ns as "offsetNs", l.bound_ns as "boundNs",
  l.rtt_ns as "rttNs", l.stratum, l.leap, l.reason, l.no_response as "noResponse", l.samples_sent as "samplesSent",
  l.samples_answered as "samplesAnswered", l.has_evidence as "hasEvidence", l.attributes::text as attributes`;

export interface ResultsToLoad {
  /** A relation (id, ts). */
  readonly keys: RawBuilder<unknown>;
  /** Of their times: PostgreSQL then looks at their days alone. */
  readonly first: Timestamptz;
  readonly last: Timestamptz;
}

/** In the order of their times, of equal times in that of their ids. Left out are results whose day was dropped since. */
export async function loadResults(
  transaction: Transaction<Schema>,
  { keys, first, last }: ResultsToLoad,
): Promise<readonly ScoredResult[]> {
  const { rows } = await sql<Omit<ScoredResult, "atNs">>`
    select ${SCORED_RESULT_COLUMNS}
    from ${keys} as key
    cross join lateral (
      select * from log_scores where id = key.id and ts = key.ts and ts between ${first} and ${last}
      -- By the key, row for row: a day that has just begun has no statistics, and a plan made without them takes longer
      -- with each row.
      offset 0
    ) l`.execute(transaction);
  return rows.map((row) => ({ ...row, atNs: nsFromTimestamptz(row.at) })).toSorted(inOrderOfTime);
}

function inOrderOfTime(a: ScoredResult, b: ScoredResult): number {
  if (a.at !== b.at) return a.at < b.at ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}
