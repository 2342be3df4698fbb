// The checks of a piece of the fleet: from the memory where it reaches back far enough, else from the database.

import type { Schema } from "@truechimer/database";
import { type Kysely, sql } from "kysely";
import type { Pace } from "../analytics-api/pace.ts";
import type { ServerContext } from "../context.ts";
import { CheckColumns, type PackedChecks, type SeenRow } from "./check-columns.ts";

export interface CheckWindow {
  readonly fromMs: number;
  readonly nowMs: number;
}

const US_PER_MS = 1_000;
/** Asked about in one statement: with twelve monitors and 43 checks each some 50,000 rows. */
const SERVERS_A_QUERY = 100;

/** A server at a time, so that nobody waits long. Undefined: the memory does not reach back so far. */
export async function checksFromMemory(
  { history }: Pick<ServerContext, "history">,
  serverIds: readonly number[],
  { fromMs, nowMs, pace }: CheckWindow & { readonly pace: Pace },
): Promise<PackedChecks | undefined> {
  const store = await history?.current();
  const range = { fromUs: fromMs * US_PER_MS, toUs: nowMs * US_PER_MS + 1 };
  const columns = new CheckColumns();
  for (const serverId of serverIds) {
    if (store === undefined || store.horizonUs > range.fromUs) return undefined;
    store.scan({ ...range, serverId }, (row) => columns.push(row));
    await pace.rest();
  }
  return columns.take();
}

/** In the order of time, server by server. */
export async function checksFromDatabase(
  kysely: Kysely<Schema>,
  serverIds: readonly number[],
  { fromMs, nowMs }: CheckWindow,
): Promise<readonly PackedChecks[]> {
  const packed: PackedChecks[] = [];
  const columns = new CheckColumns();
  for (let from = 0; from < serverIds.length; from += SERVERS_A_QUERY) {
    const { rows } = await sql<SeenRow>`
      select l.id::float8 as id, l.server_id::float8 as "serverId", l.monitor_id::float8 as "monitorId",
        extract(epoch from l.ts)::float8 * 1e6 as "atUs",
        coalesce(l.offset_ns::float8, 'NaN') as "offsetNs", coalesce(l.rtt_ns::float8, 'NaN') as "rttNs",
        l.samples_sent as "samplesSent", l.samples_answered as "samplesAnswered",
        coalesce(l.reason, '') as reason, coalesce(l.leap, -1) as leap
      from log_scores l
      where l.server_id = any(${serverIds.slice(from, from + SERVERS_A_QUERY)}::bigint[])
        and l.ts >= to_timestamp(${fromMs / 1_000}) and l.ts <= to_timestamp(${nowMs / 1_000})
      order by l.ts, l.id`.execute(kysely);
    for (const row of rows) columns.push(row);
    packed.push(columns.take());
  }
  return packed;
}
