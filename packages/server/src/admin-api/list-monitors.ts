// ListMonitors.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { compileCondition, monitorReaders } from "@truechimer/filter";
import type { ServerContext } from "../context.ts";
import { requestFilter } from "../filter/filter-refused.ts";
import { monitorMessages } from "./monitor-messages.ts";

export async function listMonitors(
  context: ServerContext,
  { filter: text }: adminV1.ListMonitorsRequest,
): Promise<adminV1.ListMonitorsResponse> {
  const filter = requestFilter(context, "monitors", text);
  const monitors = await monitorMessages(context.database.kysely, context.policy.offsetLimitNs);
  return create(adminV1.ListMonitorsResponseSchema, {
    monitors:
      filter === undefined ? monitors : monitors.filter(compileCondition(filter, monitorReaders)),
  });
}
