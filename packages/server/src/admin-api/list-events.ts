// ListEvents: what changed, newest first, page by page. Beside an archive it goes on with what that has beyond the retention.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import type { Timestamptz } from "@truechimer/database";
import { requestFilter } from "../filter/filter-refused.ts";
import type { ActingContext } from "../people/caller.ts";
import type { EventPlace } from "../results/archived-events.ts";
import { eventPage } from "./event-messages.ts";
import {
  decodePageToken,
  encodePageToken,
  INSTANT_PATTERN,
  INT8_PATTERN,
  pageSize,
} from "./page-token.ts";

export async function listEvents(
  context: ActingContext,
  request: adminV1.ListEventsRequest,
): Promise<adminV1.ListEventsResponse> {
  const size = pageSize(request.pageSize, { normal: 100, max: 1_000 });
  const filter = requestFilter(context, "events", request.filter);
  const place = placeOf(request.pageToken);
  const page = await eventPage(context, {
    ...(request.serverId === 0n ? {} : { serverId: request.serverId }),
    accountId: context.caller?.accountId,
    ...(filter === undefined ? {} : { filter }),
    ...(place === undefined ? {} : { place }),
    limit: size,
  });
  return create(adminV1.ListEventsResponseSchema, {
    events: [...page.events],
    nextPageToken:
      page.place === undefined ? "" : encodePageToken([page.place.at, String(page.place.id)]),
  });
}

function placeOf(token: string): EventPlace | undefined {
  if (token === "") return undefined;
  const [at = "", id = ""] = decodePageToken(token, [INSTANT_PATTERN, INT8_PATTERN]);
  return { at: at as Timestamptz, id: BigInt(id) };
}
