// What a monitor must not check any more under the leases that it holds, since it last asked. Asked together with what it is
// handed (take-due-servers.ts).

import { create } from "@bufbuild/protobuf";
import { monitorV2 } from "@truechimer/api";
import { assert, parseIpAddress } from "@truechimer/base";
import { type RawBuilder, sql } from "kysely";

export interface WithdrawnLeases {
  readonly withdrawals: monitorV2.LeaseWithdrawal[];
  readonly withdrawalsCursor: bigint;
}

/**
 * Rows of `place`, `cursor` and `withdrawn`, one for each row of `call` that has leases, by its columns `monitor_id`, `place`,
 * `leased` and `withdrawals_after`: the cursor that it was told last; null: it asks for the first time, and holds none.
 *
 * The cursor is the oldest transaction that is still open: what it and later ones withdraw comes next time, some of it for
 * the second time. Servers that may be checked again are left out; a cursor from another database means none.
 */
export const WITHDRAWN: RawBuilder<unknown> = sql`
  select call.place, seen.oldest_open as cursor, (
    select string_agg(host(s.ip) || '|' || s.port, ';')
    from lease_withdrawals w join servers s on s.id = w.server_id
    where w.monitor_id = call.monitor_id and call.withdrawals_after is not null
      and w.transaction_number >= case when call.withdrawals_after > seen.ended then 0 else call.withdrawals_after end
      and not exists (
        select from server_scores ss join servers held on held.id = ss.server_id
        where ss.server_id = w.server_id and ss.monitor_id = w.monitor_id
          and ss.status in ('active', 'testing') and held.state = 'watched')
  ) as withdrawn
  from call cross join (
    select pg_snapshot_xmin(snapshot)::text::bigint as oldest_open, pg_snapshot_xmax(snapshot)::text::bigint as ended
    from pg_current_snapshot() snapshot
  ) seen
  where call.leased`;

/** From a row of `WITHDRAWN`. */
export function withdrawnLeases(cursor: bigint, withdrawn: string | null): WithdrawnLeases {
  const servers = withdrawn === null ? [] : withdrawn.split(";");
  return { withdrawals: servers.map(withdrawalOf), withdrawalsCursor: cursor };
}

function withdrawalOf(server: string): monitorV2.LeaseWithdrawal {
  const [ip = "", port] = server.split("|");
  const address = parseIpAddress(ip);
  assert(address.ok, `servers.ip "${ip}" is an address`);
  const withdrawal = {
    ipBytes: address.value.bytes,
    ...(Number(port) === NTP_PORT ? {} : { port: Number(port) }),
  };
  return create(monitorV2.LeaseWithdrawalSchema, withdrawal);
}

const NTP_PORT = 123;
