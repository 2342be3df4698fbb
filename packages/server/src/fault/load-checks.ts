// The checks of each pair, from the memory where it reaches back far enough, else from the database.

import { type CheckSeen } from "@truechimer/fault";
import type { Measurement } from "@truechimer/history";
import { sql } from "kysely";
import type { ServerContext } from "../context.ts";
import type { FaultFleet } from "./load-fleet.ts";

export interface CheckWindow {
  readonly fromMs: number;
  readonly nowMs: number;
}

const US_PER_MS = 1_000;

/** Of each pair of the fleet, in the order of time. */
export async function loadFaultChecks(
  context: Pick<ServerContext, "database" | "history">,
  fleet: FaultFleet,
  window: CheckWindow,
): Promise<readonly (readonly CheckSeen[])[]> {
  const lists: CheckSeen[][] = fleet.pairs.map(() => []);
  const places = new Map(
    fleet.pairs.map((_, pair) => [
      pairKey(fleet.serverIds[pair] as number, fleet.monitorIds[pair] as number),
      lists[pair] as CheckSeen[],
    ]),
  );
  const store = await context.history?.current();
  const range = { fromUs: window.fromMs * US_PER_MS, toUs: window.nowMs * US_PER_MS + 1 };
  if (store !== undefined && store.horizonUs <= range.fromUs) {
    store.scan(range, (row) => places.get(pairKey(row.serverId, row.monitorId))?.push(seen(row)));
    return lists;
  }
  for (const row of await rowsFromDatabase(context, fleet, window)) {
    places.get(pairKey(row.serverId, row.monitorId))?.push(seen(row));
  }
  return lists;
}

function pairKey(serverId: number, monitorId: number): string {
  return `${serverId} ${monitorId}`;
}

type SeenRow = Pick<
  Measurement,
  "atUs" | "offsetNs" | "rttNs" | "samplesSent" | "samplesAnswered" | "reason" | "leap"
>;

/** Agents that do not say how many requests they sent sent one. */
function seen(row: SeenRow): CheckSeen {
  const failed = row.reason !== "";
  const isRateLimited = row.reason === "kiss_rate";
  const sent = row.samplesSent || 1;
  const answered = row.samplesSent === 0 ? (failed ? 0 : 1) : row.samplesAnswered;
  return {
    atMs: row.atUs / US_PER_MS,
    offsetNs: failed ? Number.NaN : row.offsetNs,
    delayNs: failed ? Number.NaN : row.rttNs,
    sent: isRateLimited ? 1 : sent,
    received: isRateLimited ? 1 : Math.min(sent, answered),
    isRateLimited,
    isUnfit: UNFIT.has(row.reason),
    leap: row.leap,
  };
}

/** The server was there, and said that it is not to be used, or said nothing that can be judged. */
const UNFIT: ReadonlySet<string> = new Set([
  "kiss_deny",
  "kiss_rstr",
  "kiss_other",
  "bad_stratum",
  "stratum_zero",
  "not_synchronised",
  "bad_root_distance",
  "origin_mismatch",
  "truncated",
  "bad_extension",
  "bad_mode",
  "bad_version",
  "zero_transmit",
  "receive_after_transmit",
  "negative_delay",
]);

interface DatabaseRow extends SeenRow {
  readonly serverId: number;
  readonly monitorId: number;
}

async function rowsFromDatabase(
  { database }: Pick<ServerContext, "database">,
  { serverIds }: FaultFleet,
  { fromMs, nowMs }: CheckWindow,
): Promise<readonly DatabaseRow[]> {
  const { rows } = await sql<DatabaseRow>`
    select l.server_id::float8 as "serverId", l.monitor_id::float8 as "monitorId",
      extract(epoch from l.ts)::float8 * 1e6 as "atUs",
      coalesce(l.offset_ns::float8, 'NaN') as "offsetNs", coalesce(l.rtt_ns::float8, 'NaN') as "rttNs",
      l.samples_sent as "samplesSent", l.samples_answered as "samplesAnswered",
      coalesce(l.reason, '') as reason, coalesce(l.leap, -1) as leap
    from log_scores l
    where l.server_id = any(${[...new Set(serverIds)]}::bigint[])
      and l.ts >= to_timestamp(${fromMs / 1_000}) and l.ts <= to_timestamp(${nowMs / 1_000})
    order by l.ts, l.id`.execute(database.kysely);
  return rows;
}
