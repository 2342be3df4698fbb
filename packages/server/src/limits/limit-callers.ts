// The limits that every door has: a cheap one for each address before anything is known of the caller, one for failed
// logins, which counts failures alone, and one for whoever was let in.

import type { FastifyReply, FastifyRequest } from "fastify";
import type { ServerContext } from "../context.ts";
import type { CallRefusal } from "../http/connect-plugin.ts";
import type { RateName } from "./rate-limits.ts";
import { limitHeaders, limitRefusal } from "./verdict.ts";

type LimitContext = Pick<ServerContext, "limits" | "callerKey" | "metrics">;

/** Before a key, a token or a session is looked up. Absent: go on. */
export function strangerRefusal(
  { limits, callerKey, metrics }: LimitContext,
  request: FastifyRequest,
): CallRefusal | undefined {
  const caller = callerKey(request);
  const verdict = limits.take("address_requests", caller);
  // Of this process's memory, so it is there at once.
  if (!(verdict instanceof Promise) && !verdict.passed) {
    metrics.accessRefused.inc({ reason: "rate_limit" });
    return limitRefusal(verdict);
  }
  const closed = limits.closed("login_failures", caller);
  if (closed === undefined) return undefined;
  metrics.accessRefused.inc({ reason: "rate_limit" });
  return limitRefusal(closed);
}

/** After what was shown did not hold: `refusal` as long as failures may be answered so. */
export async function failedLogin(
  { limits, callerKey }: Pick<LimitContext, "limits" | "callerKey">,
  request: FastifyRequest,
  refusal: CallRefusal,
): Promise<CallRefusal> {
  const verdict = await limits.take("login_failures", callerKey(request));
  return verdict.passed ? refusal : limitRefusal(verdict);
}

/** Of a caller who was let in. The answer, whatever it will be, says what is left. */
export async function principalRefusal(
  { limits, metrics }: Pick<LimitContext, "limits" | "metrics">,
  reply: FastifyReply,
  { name, key }: { readonly name: RateName; readonly key: string },
): Promise<CallRefusal | undefined> {
  const taken = limits.take(name, key);
  const verdict = taken instanceof Promise ? await taken : taken;
  if (verdict.passed) {
    reply.headers(limitHeaders(verdict));
    return undefined;
  }
  metrics.accessRefused.inc({ reason: "rate_limit" });
  return limitRefusal(verdict);
}
