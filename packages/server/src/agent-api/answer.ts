// AgentService.Answer: what came of one request.

import type { agentV1 } from "@truechimer/api";
import { AppError, parseIpAddress } from "@truechimer/base";
import type { ServerContext } from "../context.ts";
import type { AgentCall } from "../enrolment/agent-call.ts";
import { authenticateAgent } from "../enrolment/authenticate-agent.ts";
import { takeAgentAnswer } from "../on-demand/take-answer.ts";

/** `mon_id` says which of the calling agent's monitors answers; it may only answer for its own. */
export async function answer(
  context: ServerContext,
  request: agentV1.AnswerRequest,
  call: AgentCall,
): Promise<{ readonly late: boolean; readonly duplicate: boolean }> {
  const agent = await authenticateAgent(context, call);
  const monId = parseIpAddress(request.monId);
  if (!monId.ok) throw new AppError("bad_request", `mon_id: ${monId.error}`);
  const monitor = agent.monitors.find(({ address }) => address.text === monId.value.text);
  if (monitor === undefined) {
    throw new AppError("not_found", `no such monitor: the agent has none at ${monId.value.text}`);
  }
  const outcome = await takeAgentAnswer(context, monitor.id, request);
  context.metrics.onDemandAnswers.inc({ outcome });
  return { late: outcome === "late", duplicate: outcome === "duplicate" };
}
