// What a monitor must not check any more under the leases that it holds, since it last asked.

import { create } from "@bufbuild/protobuf";
import { monitorV2 } from "@truechimer/api";
import { assert, parseIpAddress } from "@truechimer/base";
import type { Database } from "@truechimer/database";
import { sql } from "kysely";
import type { Outcome } from "./gather.ts";

export interface WithdrawnLeases {
  readonly withdrawals: monitorV2.LeaseWithdrawal[];
  readonly withdrawalsCursor: bigint;
}

export interface WithdrawnQuestion {
  readonly monitorId: bigint;
  /** The cursor that it was told last. Absent: it asks for the first time, and holds none. */
  readonly after: bigint | undefined;
}

interface Row {
  /** Position of the question, from 1. */
  readonly place: number;
  readonly cursor: bigint;
  readonly ip: string | null;
  readonly port: number | null;
}

/**
 * The cursor is the oldest transaction that is still open: what it and later ones withdraw comes next time, some of it
 * for the second time. Servers that may be checked again are left out; a cursor from another database means none.
 */
export async function withdrawnLeases(
  { kysely }: Pick<Database, "kysely">,
  questions: readonly WithdrawnQuestion[],
): Promise<readonly Outcome<WithdrawnLeases>[]> {
  const { rows } = await sql<Row>`
    /* prepared: withdrawn_leases */
    select asked.place::int as place, seen.oldest_open as cursor, host(s.ip) as ip, s.port
    from (
      select pg_snapshot_xmin(snapshot)::text::bigint as oldest_open, pg_snapshot_xmax(snapshot)::text::bigint as ended
      from pg_current_snapshot() snapshot
    ) seen
    cross join unnest(
      ${questions.map(({ monitorId }) => monitorId)}::bigint[],
      ${questions.map(({ after }) => (after === undefined ? null : String(after)))}::numeric[]
    ) with ordinality as asked (monitor_id, after, place)
    left join lease_withdrawals w on w.monitor_id = asked.monitor_id and asked.after is not null
      and w.transaction_number >= case when asked.after > seen.ended then 0 else asked.after end
      and not exists (
        select from server_scores ss join servers held on held.id = ss.server_id
        where ss.server_id = w.server_id and ss.monitor_id = w.monitor_id
          and ss.status in ('active', 'testing') and held.state = 'watched')
    left join servers s on s.id = w.server_id`.execute(kysely);
  const answers = questions.map(() => ({ withdrawals: [] as Row[], cursor: 0n }));
  for (const row of rows) {
    const answer = answers[row.place - 1];
    if (answer === undefined) continue;
    answer.withdrawals.push(row);
    answer.cursor = row.cursor;
  }
  return answers.map(({ withdrawals, cursor }) => ({
    value: { withdrawals: withdrawals.flatMap(withdrawalOf), withdrawalsCursor: cursor },
  }));
}

function withdrawalOf({ ip, port }: Row): readonly monitorV2.LeaseWithdrawal[] {
  if (ip === null || port === null) return [];
  const address = parseIpAddress(ip);
  assert(address.ok, `servers.ip "${ip}" is an address`);
  const withdrawal = { ipBytes: address.value.bytes, ...(port === NTP_PORT ? {} : { port }) };
  return [create(monitorV2.LeaseWithdrawalSchema, withdrawal)];
}

const NTP_PORT = 123;
