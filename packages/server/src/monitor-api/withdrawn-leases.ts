// What a monitor must not check any more under the leases that it holds, since it last asked.

import { create } from "@bufbuild/protobuf";
import { monitorV2 } from "@truechimer/api";
import { assert, parseIpAddress } from "@truechimer/base";
import type { Database } from "@truechimer/database";
import { sql } from "kysely";

export interface WithdrawnLeases {
  readonly withdrawals: monitorV2.LeaseWithdrawal[];
  readonly withdrawalsCursor: bigint;
}

interface Row {
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
  monitorId: bigint,
  after: bigint | undefined,
): Promise<WithdrawnLeases> {
  const { rows } = await sql<Row>`
    select seen.oldest_open as cursor, host(s.ip) as ip, s.port
    from (
      select pg_snapshot_xmin(snapshot)::text::bigint as oldest_open, pg_snapshot_xmax(snapshot)::text::bigint as ended
      from pg_current_snapshot() snapshot
    ) seen
    left join lease_withdrawals w on w.monitor_id = ${monitorId} and ${after !== undefined}
      and w.transaction_number >= case when ${String(after ?? 0n)}::numeric > seen.ended then 0 else ${String(after ?? 0n)}::numeric end
      and not exists (
        select from server_scores ss join servers held on held.id = ss.server_id
        where ss.server_id = w.server_id and ss.monitor_id = w.monitor_id
          and ss.status in ('active', 'testing') and held.state = 'watched')
    left join servers s on s.id = w.server_id`.execute(kysely);
  return {
    withdrawals: rows.flatMap(withdrawalOf),
    withdrawalsCursor: rows[0]?.cursor ?? 0n,
  };
}

function withdrawalOf({ ip, port }: Row): readonly monitorV2.LeaseWithdrawal[] {
  if (ip === null || port === null) return [];
  const address = parseIpAddress(ip);
  assert(address.ok, `servers.ip "${ip}" is an address`);
  const withdrawal = { ipBytes: address.value.bytes, ...(port === NTP_PORT ? {} : { port }) };
  return [create(monitorV2.LeaseWithdrawalSchema, withdrawal)];
}

const NTP_PORT = 123;
