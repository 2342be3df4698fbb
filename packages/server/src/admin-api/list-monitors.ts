// ListMonitors.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import type { ServerContext } from "../context.ts";
import { monitorMessages } from "./monitor-messages.ts";

export async function listMonitors(context: ServerContext): Promise<adminV1.ListMonitorsResponse> {
  return create(adminV1.ListMonitorsResponseSchema, {
    monitors: await monitorMessages(context.database.kysely, context.policy.offsetLimitNs),
  });
}
