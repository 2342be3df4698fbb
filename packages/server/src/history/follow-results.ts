// What any replica commits comes into the store: read in the order of commits, so that nothing is missed, whatever the
// order of ids and however long a connection was away.

import {
  currentResultsPosition,
  type Database,
  nsFromTimestamptz,
  type ResultsPage,
  type ResultsPosition,
  readCommittedResults,
  resultKeys,
  resultTimes,
  type Timestamptz,
} from "@truechimer/database";
import type { Measurement } from "@truechimer/history";
import { sql } from "kysely";

interface CommittedRow {
  readonly id: bigint;
  readonly ts: Timestamptz;
  readonly server_id: bigint;
  readonly monitor_id: bigint;
  readonly offset_ns: bigint | null;
  readonly bound_ns: bigint | null;
  readonly rtt_ns: bigint | null;
  readonly score: number;
  readonly step: number;
  readonly stratum: number | null;
  readonly leap: number | null;
  readonly reason: string | null;
  readonly no_response: boolean;
  readonly has_evidence: boolean;
  readonly samples_sent: number;
  readonly samples_answered: number;
}

/** A place in the order of commits, from which on rows are told. */
export interface ResultsFollower {
  /** Everything that is visible in it has been told. */
  readonly position: Required<ResultsPosition>;
  /**
   * Tells all rows that were committed before this call and not told yet; of a transaction, what its snapshot shows.
   * "lost": some may be gone from the list of commits; begin anew.
   */
  catchUp(kysely?: Database["kysely"]): Promise<"caught_up" | "lost">;
}

/** Begins with what is committed from now on, or from a position on. */
export async function followResults(
  { kysely }: Pick<Database, "kysely">,
  onRows: (rows: readonly Measurement[]) => void,
  from?: Required<ResultsPosition>,
): Promise<ResultsFollower> {
  let position = from ?? (await currentResultsPosition(kysely));
  return {
    get position() {
      return position;
    },
    catchUp: async (asked = kysely) => {
      for (;;) {
        const page = await readCommittedResults(asked, position);
        if (page.kind === "lost") return "lost";
        if (page.commits.length > 0) onRows(await rowsOf(asked, page));
        position = { ...page.position, timeline: page.position.timeline ?? position.timeline };
        if (page.complete) return "caught_up";
      }
    },
  };
}

async function rowsOf(
  kysely: Database["kysely"],
  page: ResultsPage,
): Promise<readonly Measurement[]> {
  const { first, last } = resultTimes(page);
  const { rows } = await sql<CommittedRow>`
    select l.id, l.ts, l.server_id, l.monitor_id, l.offset_ns, l.bound_ns, l.rtt_ns, l.score, l.step, l.stratum, l.leap,
      l.reason, l.no_response, l.has_evidence, l.samples_sent, l.samples_answered
    from ${resultKeys(page)} key
    cross join lateral (
      select id, ts, server_id, monitor_id, offset_ns, bound_ns, rtt_ns, score, step, stratum, leap, reason, no_response,
        has_evidence, samples_sent, samples_answered
      from log_scores
      where id = key.id and ts = key.ts and ts >= ${first} and ts <= ${last}
      -- By the key, row for row: a day that has just begun has no statistics, and a plan made without them takes longer
      -- with each row.
      offset 0
    ) l`.execute(kysely);
  return rows.map(measurementOf);
}

function measurementOf(row: CommittedRow): Measurement {
  return {
    id: Number(row.id),
    atUs: Number(nsFromTimestamptz(row.ts) / 1_000n),
    serverId: Number(row.server_id),
    monitorId: Number(row.monitor_id),
    offsetNs: numberOf(row.offset_ns),
    boundNs: numberOf(row.bound_ns),
    rttNs: numberOf(row.rtt_ns),
    score: row.score,
    step: row.step,
    stratum: row.stratum ?? -1,
    leap: row.leap ?? -1,
    reason: row.reason ?? "",
    noResponse: row.no_response,
    hasEvidence: row.has_evidence,
    samplesSent: row.samples_sent,
    samplesAnswered: row.samples_answered,
  };
}

function numberOf(value: bigint | null): number {
  return value === null ? Number.NaN : Number(value);
}
