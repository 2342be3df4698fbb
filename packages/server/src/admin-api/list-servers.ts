// ListServers.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import type { ServerContext } from "../context.ts";
import { requestFilter } from "../filter/filter-refused.ts";
import { serverMessages } from "./server-messages.ts";

export async function listServers(
  context: ServerContext,
  { includeRemoved, filter: text }: adminV1.ListServersRequest,
): Promise<adminV1.ListServersResponse> {
  const filter = requestFilter(context, "servers", text);
  return create(adminV1.ListServersResponseSchema, {
    servers: await serverMessages(context, {
      includeRemoved,
      ...(filter === undefined ? {} : { filter }),
    }),
  });
}
