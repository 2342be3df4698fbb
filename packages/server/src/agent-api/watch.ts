// AgentService.Watch: the stream that an agent holds open.

import type { MessageInitShape } from "@bufbuild/protobuf";
import { type ContextKey, createContextKey, type HandlerContext } from "@connectrpc/connect";
import type { agentV1 } from "@truechimer/api";
import type { ServerContext } from "../context.ts";
import { agentCallOf } from "../enrolment/agent-call.ts";
import { authenticateAgent } from "../enrolment/authenticate-agent.ts";
import type { ClientIdentity } from "../http/client-identity.ts";
import { withEdgeErrors } from "../http/stream-errors.ts";
import type { OnDemand } from "../on-demand/on-demand.ts";

/** Of the connection that the request came by. Absent: it has none. */
export const CLIENT_IDENTITY: ContextKey<ClientIdentity | undefined> = createContextKey<
  ClientIdentity | undefined
>(undefined);

export interface WatchParts {
  readonly context: ServerContext;
  readonly onDemand: OnDemand;
}

export async function* watch(
  { context, onDemand }: WatchParts,
  request: agentV1.WatchRequest,
  handler: HandlerContext,
): AsyncGenerator<MessageInitShape<typeof agentV1.WatchResponseSchema>, void> {
  const events = async function* (): ReturnType<typeof watch> {
    const agent = await authenticateAgent(context, agentCallOf(handler));
    yield* onDemand.watch(agent, request, {
      notAfterNs: handler.values.get(CLIENT_IDENTITY)?.notAfterNs,
      signal: handler.signal,
    });
  };
  yield* withEdgeErrors(context, "Watch", events());
}
