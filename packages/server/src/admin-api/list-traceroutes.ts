// ListTraceroutes: the paths to a server that are kept, newest first.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import type { Timestamptz } from "@truechimer/database";
import { sql } from "kysely";
import type { ServerContext } from "../context.ts";
import { timestampFrom } from "./admin-message.ts";
import { hopMessages } from "./hop-messages.ts";
import {
  decodePageToken,
  encodePageToken,
  INSTANT_PATTERN,
  INT8_PATTERN,
  pageSize,
} from "./page-token.ts";

interface TracerouteRow {
  readonly id: bigint;
  readonly ts: Timestamptz;
  readonly monitor_id: bigint;
  readonly monitor_name: string;
  readonly reached: boolean;
  readonly reason: string | null;
  readonly hops: string;
  readonly on_demand: boolean;
  readonly onset: boolean;
}

export async function listTraceroutes(
  { database, networks }: Pick<ServerContext, "database" | "networks">,
  request: adminV1.ListTraceroutesRequest,
): Promise<adminV1.ListTraceroutesResponse> {
  const size = pageSize(request.pageSize, { normal: 50, max: 200 });
  const [at = "infinity", id = "0"] =
    request.pageToken === ""
      ? []
      : decodePageToken(request.pageToken, [INSTANT_PATTERN, INT8_PATTERN]);
  const { rows } = await sql<TracerouteRow>`
    select t.id, t.ts, t.monitor_id, m.hostname as monitor_name, t.reached, t.reason, t.hops::text as hops,
      t.request_id is not null as on_demand, t.onset
    from traceroutes t join monitors m on m.id = t.monitor_id
    where t.server_id = ${request.serverId}
      and (${request.monitorId === 0n} or t.monitor_id = ${request.monitorId})
      and (t.ts < ${at}::timestamptz or (t.ts = ${at}::timestamptz and t.id < ${id}::bigint))
    order by t.ts desc, t.id desc limit ${size + 1}`.execute(database.kysely);
  const table = await networks.table();
  const page = rows.slice(0, size);
  const last = page.at(-1);
  return create(adminV1.ListTraceroutesResponseSchema, {
    traceroutes: page.map((row) =>
      create(adminV1.StoredTracerouteSchema, {
        id: row.id,
        startedAt: timestampFrom(row.ts),
        monitorId: row.monitor_id,
        monitorName: row.monitor_name,
        reached: row.reached,
        reason: row.reason ?? "",
        hops: hopMessages(row.hops, table),
        onDemand: row.on_demand,
        atOnset: row.onset,
      }),
    ),
    nextPageToken:
      rows.length > size && last !== undefined ? encodePageToken([last.ts, String(last.id)]) : "",
  });
}
