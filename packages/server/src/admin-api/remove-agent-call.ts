// RemoveAgent: it is out at once, whatever it still holds.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { removeAgent } from "../enrolment/remove-agent.ts";
import type { ActingContext } from "../people/caller.ts";
import { findAgent } from "./agent-messages.ts";

export async function removeAgentCall(
  context: ActingContext,
  { id }: adminV1.RemoveAgentRequest,
): Promise<adminV1.RemoveAgentResponse> {
  const { message, row, monitorIds } = await findAgent(context, id);
  await removeAgent(context, { name: message.name, agent: row, monitorIds, reason: "" });
  return create(adminV1.RemoveAgentResponseSchema);
}
