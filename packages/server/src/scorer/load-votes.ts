// The rows among which the recent median is taken: of each monitor of a server the newest one up to the triggering row.
// The newest of all stands in the assignment itself; the history is only read where that one is newer than the trigger.

import {
  nsFromTimestamptz,
  type Schema,
  type Timestamptz,
  timestamptzFromNs,
} from "@truechimer/database";
import {
  type AssignedRow,
  type AssignmentStatus,
  RECENT_MEDIAN_ATTEMPTS,
} from "@truechimer/scoring";
import { sql, type Transaction } from "kysely";
import { type QueuedResult, timesOf } from "./take-queue.ts";

/** A candidate for the median. */
export interface Vote extends AssignedRow {
  readonly logScoreId: bigint;
  readonly step: number;
  readonly attributes: unknown;
}

interface NewestRow {
  readonly server_id: bigint;
  readonly monitor_id: bigint;
  readonly status: AssignmentStatus;
  readonly votes: boolean;
  readonly id: bigint;
  readonly ts: Timestamptz;
  readonly score: number;
  readonly step: number;
  readonly rtt_ns: bigint | null;
  readonly attributes: unknown;
}

const LOOKBACK_NS_MAX = RECENT_MEDIAN_ATTEMPTS.reduce(
  (most, { lookbackNs }) => (lookbackNs > most ? lookbackNs : most),
  0n,
);
const LOOKBACK_SECONDS_MAX = Number(LOOKBACK_NS_MAX / 1_000_000_000n);

/** By the triggering result's id. */
export async function loadVotes(
  transaction: Transaction<Schema>,
  queued: readonly QueuedResult[],
): Promise<ReadonlyMap<bigint, readonly Vote[]>> {
  const serverIds = [...new Set(queued.map(({ serverId }) => serverId))];
  const newest = Map.groupBy(
    await newestRows(transaction, { serverIds, oldest: oldestOf(queued) }),
    (row) => row.server_id,
  );
  const votes = new Map<bigint, Vote[]>();
  const superseded: { readonly trigger: QueuedResult; readonly row: NewestRow }[] = [];
  for (const trigger of queued) {
    const own: Vote[] = [];
    votes.set(trigger.logScoreId, own);
    for (const row of newest.get(trigger.serverId) ?? []) {
      if (row.ts <= trigger.at) own.push(voteOf(row));
      else superseded.push({ trigger, row });
    }
  }
  for (const { triggerId, vote } of await olderVotes(transaction, superseded)) {
    votes.get(triggerId)?.push(vote);
  }
  return votes;
}

/** What lies further back has no vote; PostgreSQL leaves those days out. */
function oldestOf(queued: readonly QueuedResult[]): Timestamptz {
  const { first } = timesOf(queued);
  return timestamptzFromNs(nsFromTimestamptz(first) - LOOKBACK_NS_MAX);
}

async function newestRows(
  transaction: Transaction<Schema>,
  { serverIds, oldest }: { readonly serverIds: readonly bigint[]; readonly oldest: Timestamptz },
): Promise<readonly NewestRow[]> {
  const result = await sql<NewestRow>`
    select ss.server_id, ss.monitor_id, ss.status, l.id, l.ts, l.score, l.step, l.rtt_ns, l.attributes,
      m.status in ('active', 'testing') and m.is_current and m.deleted_on is null as votes
    from server_scores ss
    join monitors m on m.id = ss.monitor_id and m.type = 'monitor'
    join log_scores l on l.id = ss.last_log_score_id and l.ts = ss.score_ts and l.ts >= ${oldest}
    where ss.server_id = any(${serverIds}::bigint[])`.execute(transaction);
  return result.rows;
}

async function olderVotes(
  transaction: Transaction<Schema>,
  superseded: readonly { readonly trigger: QueuedResult; readonly row: NewestRow }[],
): Promise<readonly { readonly triggerId: bigint; readonly vote: Vote }[]> {
  if (superseded.length === 0) return [];
  const result = await sql<NewestRow & { readonly place: bigint }>`
    select wanted.place, l.id, l.ts, l.score, l.step, l.rtt_ns, l.attributes
    from unnest(
      ${superseded.map(({ row }) => row.server_id)}::bigint[],
      ${superseded.map(({ row }) => row.monitor_id)}::bigint[],
      ${superseded.map(({ trigger }) => trigger.at)}::timestamptz[]
    ) with ordinality as wanted (server_id, monitor_id, at, place)
    cross join lateral (
      select id, ts, score, step, rtt_ns, attributes from log_scores
      where server_id = wanted.server_id and monitor_id = wanted.monitor_id
        and ts <= wanted.at and ts >= wanted.at - make_interval(secs => ${LOOKBACK_SECONDS_MAX}::float8)
      order by ts desc, id desc limit 1
    ) l`.execute(transaction);
  return result.rows.flatMap((found) => {
    const asked = superseded[Number(found.place) - 1];
    if (asked === undefined) return [];
    return [{ triggerId: asked.trigger.logScoreId, vote: voteOf({ ...asked.row, ...found }) }];
  });
}

function voteOf(row: NewestRow): Vote {
  return {
    logScoreId: row.id,
    monitorId: row.monitor_id,
    atNs: nsFromTimestamptz(row.ts),
    score: row.score,
    step: row.step,
    rttNs: row.rtt_ns ?? undefined,
    assignment: row.status,
    monitorVotes: row.votes,
    attributes: row.attributes,
  };
}
