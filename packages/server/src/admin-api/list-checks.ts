// ListChecks: the checks of a server, newest first. Pages follow time and id, so that checks that arrive meanwhile do not
// move what was not read yet.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import type { Timestamptz } from "@truechimer/database";
import type { ServerContext } from "../context.ts";
import { conditionSql } from "../filter/condition-sql.ts";
import { CHECK_FILTER_COLUMNS } from "../filter/filter-columns.ts";
import { requestFilter } from "../filter/filter-refused.ts";
import { instantOf } from "./admin-message.ts";
import { CHECK_COLUMNS, checkMessage } from "./check-messages.ts";
import {
  decodePageToken,
  encodePageToken,
  INSTANT_PATTERN,
  INT8_PATTERN,
  pageSize,
} from "./page-token.ts";

export async function listChecks(
  context: ServerContext,
  request: adminV1.ListChecksRequest,
): Promise<adminV1.ListChecksResponse> {
  const size = pageSize(request.pageSize, { normal: 50, max: 1_000 });
  const [pageAt, pageId] =
    request.pageToken === ""
      ? []
      : decodePageToken(request.pageToken, [INSTANT_PATTERN, INT8_PATTERN]);
  const from = instantOf(request.from);
  const to = instantOf(request.to);
  const filter = requestFilter(context, "checks", request.filter);
  const rows = await context.database.kysely
    .selectFrom("log_scores as l")
    .innerJoin("monitors as m", "m.id", "l.monitor_id")
    .innerJoin("servers as s", "s.id", "l.server_id")
    .leftJoin("agents as a", "a.id", "m.agent_id")
    .select([...CHECK_COLUMNS, "m.hostname as monitor_name"])
    .where("l.server_id", "=", request.serverId)
    .where("m.type", "=", "monitor")
    .$if(request.monitorId !== 0n, (query) => query.where("l.monitor_id", "=", request.monitorId))
    .$if(from !== undefined, (query) => query.where("l.ts", ">=", from as Timestamptz))
    .$if(to !== undefined, (query) => query.where("l.ts", "<=", to as Timestamptz))
    .$if(request.onlyBad, (query) =>
      query.where((is) => is.or([is("l.reason", "is not", null), is("l.step", "<", 1)])),
    )
    .$if(filter !== undefined, (query) =>
      filter === undefined ? query : query.where(conditionSql(filter, CHECK_FILTER_COLUMNS)),
    )
    .$if(pageAt !== undefined, (query) => {
      const at = pageAt as Timestamptz;
      const id = BigInt(pageId ?? "0");
      // The plain comparison lets PostgreSQL leave out whole days.
      return query
        .where("l.ts", "<=", at)
        .where((is) => is.or([is("l.ts", "<", at), is("l.id", "<", id)]));
    })
    .orderBy("l.ts", "desc")
    .orderBy("l.id", "desc")
    .limit(size + 1)
    .execute();
  const page = rows.slice(0, size);
  const last = page.at(-1);
  return create(adminV1.ListChecksResponseSchema, {
    checks: page.map(checkMessage),
    nextPageToken:
      rows.length > size && last !== undefined ? encodePageToken([last.ts, String(last.id)]) : "",
  });
}
