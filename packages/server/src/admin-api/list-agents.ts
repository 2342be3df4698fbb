// ListAgents.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import type { ServerContext } from "../context.ts";
import { findAgents } from "./agent-messages.ts";

export async function listAgents(context: ServerContext): Promise<adminV1.ListAgentsResponse> {
  const agents = await findAgents(context);
  return create(adminV1.ListAgentsResponseSchema, { agents: agents.map(({ message }) => message) });
}
