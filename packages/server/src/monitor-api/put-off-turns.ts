// A monitor that went on by itself, under a lease, is handed the server an interval after its last check of it.

import { type Schema, timestamptzFromUnixUs } from "@truechimer/database";
import { type Kysely, sql } from "kysely";
import type { AppliedSubmission } from "./write-results.ts";

/** No statement where there is nothing to put off, as with all first results of a ticket. A turn that is held stays. */
export async function putOffTurns(
  transaction: Kysely<Schema>,
  applied: readonly AppliedSubmission[],
): Promise<void> {
  const checked = applied.flatMap(({ submission, rows }) =>
    rows.flatMap(({ leased, newest, serverId, atUs }) =>
      leased && newest ? [{ monitorId: submission.monitor.id, serverId, atUs }] : [],
    ),
  );
  if (checked.length === 0) return;
  await sql`
    /* prepared: put_off_turns */
    with checked as (
      select monitor_id, server_id, least(max(ts), now()) as ts from unnest(
        ${checked.map(({ monitorId }) => monitorId)}::bigint[], ${checked.map(({ serverId }) => serverId)}::bigint[],
        ${checked.map(({ atUs }) => timestamptzFromUnixUs(atUs))}::timestamptz[]
      ) as t (monitor_id, server_id, ts)
      group by monitor_id, server_id
    ),
    locked as (
      select t.ctid as tid, checked.ts
      from checked join check_turns t on t.monitor_id = checked.monitor_id and t.server_id = checked.server_id
      where t.queue_ts < checked.ts
      for no key update of t skip locked
    )
    update check_turns t set queue_ts = locked.ts from locked where t.ctid = locked.tid`.execute(
    transaction,
  );
}
