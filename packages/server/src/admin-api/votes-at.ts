// The votes that the scorer would find for a result of some instant: of each monitor of the server its newest result up
// to then, with the state of its assignment now.

import type { Schema, Timestamptz } from "@truechimer/database";
import type { AssignmentStatus } from "@truechimer/scoring";
import { type Kysely, sql } from "kysely";
import { type Vote, type VoteColumns, voteOfRow } from "../scorer/vote.ts";

interface VoteRow extends VoteColumns {
  readonly status: AssignmentStatus;
  readonly votes: boolean;
}

export interface VotesQuestion {
  readonly serverId: bigint;
  readonly at: Timestamptz;
  /** Beyond it nobody has a vote, by the rule set. */
  readonly lookbackNs: bigint;
}

export async function votesAt(
  database: Kysely<Schema>,
  { serverId, at, lookbackNs }: VotesQuestion,
): Promise<readonly Vote[]> {
  const { rows } = await sql<VoteRow>`
    select distinct on (l.monitor_id) l.monitor_id, l.id as vote_id, l.ts as vote_ts, l.score as vote_score,
      l.step as vote_step, l.rtt_ns as vote_rtt_ns, l.attributes::text as vote_attributes, ss.status,
      m.status in ('active', 'testing') and m.is_current and m.deleted_on is null as votes
    from log_scores l
    join server_scores ss on ss.server_id = l.server_id and ss.monitor_id = l.monitor_id
    join monitors m on m.id = l.monitor_id and m.type = 'monitor'
    where l.server_id = ${serverId} and l.ts <= ${at}::timestamptz
      and l.ts >= ${at}::timestamptz - make_interval(secs => ${Number(lookbackNs / 1_000_000_000n)}::float8)
    order by l.monitor_id, l.ts desc, l.id desc`.execute(database);
  return rows.map((row) => voteOfRow(row, { assignment: row.status, monitorVotes: row.votes }));
}
