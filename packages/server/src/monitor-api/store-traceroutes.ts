// The traceroutes of a submission, each stored once: within the transaction that counts the submission, which lets no other
// of the same monitor in.

import { type Schema, timestamptzFromNs } from "@truechimer/database";
import { type Kysely, sql } from "kysely";
import type { StatusRefusal } from "./parse-status.ts";
import type { ParsedTraceroute } from "./parse-traced-status.ts";

interface StoredRow {
  readonly place: number;
  readonly became: "stored" | "repeated" | "unassigned";
}

const REFUSALS = {
  unassigned: {
    code: "unassigned_server",
    message: "the server is not watched any more, or is not known",
  },
  repeated: {
    code: "conflict",
    message: "a traceroute of this time has been stored for this server",
  },
} as const;

/** The monitor's row must be locked, so that what was stored before is seen. */
export async function storeTraceroutes(
  transaction: Kysely<Schema>,
  monitorId: bigint,
  traceroutes: readonly ParsedTraceroute[],
): Promise<readonly StatusRefusal[]> {
  if (traceroutes.length === 0) return [];
  const of = <Value>(value: (each: ParsedTraceroute) => Value): Value[] => traceroutes.map(value);
  const { rows } = await sql<StoredRow>`
    with input as (
      select t.*, s.id as server_id, s.removed_on
      from unnest(
        ${of(({ address }) => address.text)}::inet[], ${of(({ port }) => port)}::int[],
        ${of(({ traceroute }) => timestamptzFromNs(traceroute.startedAtNs))}::timestamptz[],
        ${of(({ traceroute }) => traceroute.reached)}::boolean[],
        ${of(({ traceroute }) => traceroute.reason)}::text[], ${of(({ traceroute }) => traceroute.hops)}::text[]
      ) with ordinality as t (ip, port, ts, reached, reason, hops, place)
      left join servers s on s.ip = t.ip and s.port = t.port
    ),
    judged as (
      select i.*, case
        when i.server_id is null or i.ts > i.removed_on then 'unassigned'
        when exists (
          select 1 from traceroutes known
          where known.server_id = i.server_id and known.ts = i.ts and known.monitor_id = ${monitorId}
        ) then 'repeated'
        else 'stored' end as became
      from input i
    ),
    stored as (
      insert into traceroutes (ts, server_id, ip, port, monitor_id, reached, reason, hops)
      select ts, server_id, ip, port, ${monitorId}::bigint, reached, reason, hops::jsonb
      from judged where became = 'stored' order by place
    )
    select place::int as place, became from judged order by place`.execute(transaction);
  return rows.flatMap(({ place, became }) => {
    const index = traceroutes[place - 1]?.index;
    return became === "stored" || index === undefined ? [] : [{ index, ...REFUSALS[became] }];
  });
}
