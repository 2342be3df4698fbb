// ListEvents: what changed, newest first, page by page.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import type { ServerContext } from "../context.ts";
import { requestFilter } from "../filter/filter-refused.ts";
import { eventMessages } from "./event-messages.ts";
import { decodePageToken, encodePageToken, INT8_PATTERN, pageSize } from "./page-token.ts";

export async function listEvents(
  context: ServerContext,
  request: adminV1.ListEventsRequest,
): Promise<adminV1.ListEventsResponse> {
  const size = pageSize(request.pageSize, { normal: 100, max: 1_000 });
  const [beforeId] =
    request.pageToken === "" ? [] : decodePageToken(request.pageToken, [INT8_PATTERN]);
  const filter = requestFilter(context, "events", request.filter);
  const found = await eventMessages(context.database.kysely, {
    ...(request.serverId === 0n ? {} : { serverId: request.serverId }),
    ...(beforeId === undefined ? {} : { beforeId: BigInt(beforeId) }),
    ...(filter === undefined ? {} : { filter }),
    limit: size + 1,
  });
  const events = found.slice(0, size);
  const last = events.at(-1);
  return create(adminV1.ListEventsResponseSchema, {
    events,
    nextPageToken:
      found.length > size && last !== undefined ? encodePageToken([String(last.id)]) : "",
  });
}
