// GetAgent: one agent with what it watches, how it agrees with the others, its certificates and what happened to it.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import type { ServerContext } from "../context.ts";
import { agentAssignments } from "./agent-assignments.ts";
import { certificatesOf, findAgent } from "./agent-messages.ts";
import { eventMessages } from "./event-messages.ts";

const EVENTS_MAX = 50;
const CERTIFICATES_MAX = 20;

export async function getAgent(
  context: ServerContext,
  { id }: adminV1.GetAgentRequest,
): Promise<adminV1.GetAgentResponse> {
  const { database } = context;
  const { message: agent, row, monitorIds } = await findAgent(context, id);
  const [assignments, certificates, events] = await Promise.all([
    agentAssignments(context, monitorIds),
    row === undefined
      ? []
      : certificatesOf(database, { tlsName: row.tlsName, limit: CERTIFICATES_MAX }),
    eventMessages(database.kysely, { monitorIds, limit: EVENTS_MAX }),
  ]);
  return create(adminV1.GetAgentResponseSchema, { agent, assignments, certificates, events });
}
