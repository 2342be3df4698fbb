// A procedure that answers with a stream fails after its call has returned, where the interceptor that translates errors
// does not see it any more: so its messages go through here.

import type { ServerContext } from "../context.ts";
import { callerIsGone } from "./caller-gone.ts";
import { edgeErrorFrom } from "./connect-error.ts";

/** The same messages; an error becomes what the wire carries, and is logged when it is ours. */
export async function* withEdgeErrors<Message>(
  { logger }: Pick<ServerContext, "logger">,
  method: string,
  messages: AsyncGenerator<Message, void>,
): AsyncGenerator<Message, void> {
  try {
    yield* messages;
  } catch (error) {
    const edge = edgeErrorFrom(error);
    if (edge.internal && !callerIsGone(error)) logger.error({ error, method }, "stream failed");
    else logger.debug({ error, method }, "stream refused");
    throw edge.answer;
  }
}
