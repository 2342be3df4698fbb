// The servers of some results, locked in the order of their ids: whoever writes servers does so in this order.

import type { Schema, ServerStateName, Timestamptz, VerdictName } from "@truechimer/database";
import { sql, type Transaction } from "kysely";

export interface KnownServer {
  readonly id: bigint;
  readonly name: string;
  readonly ip: string;
  readonly lab: boolean;
  readonly state: ServerStateName;
  readonly verdict: VerdictName;
  readonly reference_id: string;
  readonly assignments_version: bigint;
  readonly created_on: Timestamptz;
}

export async function lockServers(
  transaction: Transaction<Schema>,
  serverIds: readonly bigint[],
): Promise<ReadonlyMap<bigint, KnownServer>> {
  const { rows } = await sql<KnownServer>`
    select id, name, host(ip) as ip, lab, state, verdict, reference_id, assignments_version, created_on
    from servers where id = any(${serverIds}::bigint[])
    order by id for no key update`.execute(transaction);
  return new Map(rows.map((row) => [row.id, row]));
}
