// The agents' door: a token that nobody has is turned away before a body is read, and those who knock with one are
// counted apart from those who are inside, so that without a token nobody can keep the agents out.

import type { FastifyInstance } from "fastify";
import type { ServerContext } from "../context.ts";
import { edgeErrorFrom } from "../http/connect-error.ts";
import { type CallRefusal, refuseCall } from "../http/connect-plugin.ts";
import { bearerToken, tokenHash } from "../http/token.ts";
import { TOKEN_NEEDED, TOKEN_UNKNOWN, tokenIsKnown } from "./authenticate-monitor.ts";

/** Tokens that are looked up at once; more would only queue for the database. */
const LOOKUPS_MAX = 16;
/** A token that held so lately is let in unasked; the call itself asks again. */
const KNOWN_NS = 60_000_000_000n;
/** More agents than that ask the database a little more often. */
const KNOWN_MAX = 10_000;

const TOO_MANY: CallRefusal = {
  status: 429,
  connectCode: "resource_exhausted",
  code: "limit_exceeded",
  message: `more than ${LOOKUPS_MAX} callers that are not known yet at once: come back in a second`,
  headers: { "retry-after": "1" },
};

export function guardTokens(scope: FastifyInstance, context: ServerContext): void {
  const refusalOf = createTokenCheck(context);
  scope.addHook("onRequest", async (request, reply) => {
    const refusal = await refusalOf(request.headers.authorization);
    if (refusal === undefined) return;
    const { code } = refusal;
    const reason = code === "unauthenticated" ? "token" : "overload";
    context.metrics.accessRefused.inc({ reason });
    await refuseCall(reply, refusal);
  });
}

/** Why a caller is not let in. Absent: the token is one of ours. */
function createTokenCheck(
  context: ServerContext,
): (authorization: string | undefined) => Promise<CallRefusal | undefined> {
  const { clock, database, logger } = context;
  const known = new Map<string, bigint>();
  let lookups = 0;

  return async (authorization) => {
    const token = bearerToken(authorization);
    if (token === undefined) return unauthenticated(TOKEN_NEEDED);
    const hash = tokenHash(token).toString("base64");
    const heldAtNs = known.get(hash);
    if (heldAtNs !== undefined && clock.monotonicNs() - heldAtNs < KNOWN_NS) return undefined;
    if (lookups >= LOOKUPS_MAX) return TOO_MANY;
    lookups += 1;
    try {
      if (!(await tokenIsKnown(database, token))) return unauthenticated(TOKEN_UNKNOWN);
    } catch (error) {
      logger.error({ error }, "token not looked up");
      return unavailable(error);
    } finally {
      lookups -= 1;
    }
    known.delete(hash);
    known.set(hash, clock.monotonicNs());
    const [oldest] = known.keys();
    if (known.size > KNOWN_MAX && oldest !== undefined) known.delete(oldest);
    return undefined;
  };
}

function unauthenticated(message: string): CallRefusal {
  return { status: 401, connectCode: "unauthenticated", code: "unauthenticated", message };
}

function unavailable(error: unknown): CallRefusal {
  const { answer, code } = edgeErrorFrom(error);
  return { status: 503, connectCode: "unavailable", code, message: answer.rawMessage };
}
