// ListAgents.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { compileCondition, monitorReaders } from "@truechimer/filter";
import type { ServerContext } from "../context.ts";
import { requestFilter } from "../filter/filter-refused.ts";
import { findAgents } from "./agent-messages.ts";

export async function listAgents(
  context: ServerContext,
  { filter: text }: adminV1.ListAgentsRequest,
): Promise<adminV1.ListAgentsResponse> {
  const filter = requestFilter(context, "monitors", text);
  const passes = filter === undefined ? () => true : compileCondition(filter, monitorReaders);
  const agents = (await findAgents(context)).map(({ message }) => message);
  return create(adminV1.ListAgentsResponseSchema, {
    agents: agents.filter(({ monitors }) => filter === undefined || monitors.some(passes)),
  });
}
