// ListServers.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import type { ServerContext } from "../context.ts";
import { serverMessages } from "./server-messages.ts";

export async function listServers(
  context: ServerContext,
  { includeRemoved }: adminV1.ListServersRequest,
): Promise<adminV1.ListServersResponse> {
  return create(adminV1.ListServersResponseSchema, {
    servers: await serverMessages(context, { includeRemoved }),
  });
}
