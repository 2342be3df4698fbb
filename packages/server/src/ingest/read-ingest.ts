// The two clocks of the ingest, as the database has them: for the whole cluster, not for one process.

import { assert } from "@truechimer/base";
import type { Timestamptz } from "@truechimer/database";
import { sql } from "kysely";
import type { ServerContext } from "../context.ts";
import { probePolicyFor } from "../monitor-api/probe-settings.ts";
import { type IngestState, ingestState } from "./ingest-state.ts";

export interface Ingest {
  readonly state: IngestState;
  /** Null: never. */
  readonly receivedAt: Timestamptz | null;
  /** Null: not within the hour for which commits are listed. */
  readonly storedAt: Timestamptz | null;
  readonly silentAfterMs: number;
  readonly isExpected: boolean;
}

interface IngestRow {
  readonly received_at: Timestamptz | null;
  readonly received_seconds: number | null;
  readonly stored_at: Timestamptz | null;
  readonly stored_seconds: number | null;
  readonly expected: boolean;
}

/** Beyond the time between two checks: a check, a submission, and an agent that waits for its turn. */
const GRACE_MS = 60_000;
const NS_PER_S = 1e9;

export async function readIngest(context: ServerContext): Promise<Ingest> {
  const { database, clock, startedAtNs } = context;
  const policy = await probePolicyFor(database, context.policy, false);
  const silentAfterMs = policy.checkIntervalMs + GRACE_MS;
  const { rows } = await sql<IngestRow>`
    with clocks as materialized (
      select (select max(last_seen) from monitors where type = 'monitor') as received_at,
        (select accepted_at from result_commits
         where cluster = (select system_identifier from pg_control_system())
           and monitor_id not in (select id from monitors where type = 'score')
         order by transaction_id desc limit 1) as stored_at,
        exists (select from server_scores ss
          join servers s on s.id = ss.server_id and s.state = 'watched'
          where ss.status = 'active' and ss.created_on < now() - make_interval(secs => ${silentAfterMs / 1_000}::float8)
        ) as expected
    )
    select received_at, stored_at, expected,
      extract(epoch from now() - received_at)::float8 as received_seconds,
      extract(epoch from now() - stored_at)::float8 as stored_seconds
    from clocks`.execute(database.kysely);
  const [row] = rows;
  assert(row !== undefined, "a select without a table gives a row");
  const facts = {
    receivedSecondsAgo: row.received_seconds,
    storedSecondsAgo: row.stored_seconds,
    isExpected: row.expected,
    upSeconds: Number(clock.nowNs() - startedAtNs) / NS_PER_S,
  };
  return {
    state: ingestState(facts, silentAfterMs),
    receivedAt: row.received_at,
    storedAt: row.stored_at,
    silentAfterMs,
    isExpected: row.expected,
  };
}
